import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { TOPICS } from "./topics.ts";

const WEB = join(import.meta.dirname, "..");
const PAGES = readdirSync(WEB)
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => readFileSync(join(WEB, name), "utf8"))
  .join("\n");

describe("guidance", () => {
  for (const topic of TOPICS) {
    test(`“${topic.title}” is linked from a page where it helps, and its own links lead somewhere`, () => {
      assert(PAGES.includes(`/help/${topic.slug}"`), `no page links to /help/${topic.slug}`);
      const hrefs = [
        topic.next.href,
        ...topic.parts.flatMap((part) =>
          [...String(part.body).matchAll(/href="([^"]+)"/g)].map((match) => match[1] ?? ""),
        ),
      ];
      for (const href of hrefs) {
        const isTopic = TOPICS.some((other) => href === `/help/${other.slug}`);
        assert(isTopic || PAGES.includes(`path: "${href}"`), `${href} is no page of ours`);
      }
    });
  }
});
