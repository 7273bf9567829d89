import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { wordsOfAct } from "../src/audit/index.ts";
import { caseLifecycle } from "../src/recovery/index.ts";
import { readTree } from "./architecture/source.ts";

/* A person reads the log: every act that the code can write has words. */

describe("acts of the log", () => {
  test("every act that is written has words", () => {
    const written = readTree(["src"])
      .filter(({ path }) => !path.endsWith(".test.ts"))
      .flatMap(({ code }) => [...code.matchAll(/\bact: "([a-z-]+\/[a-z-]+)"/g)].map((match) => match[1] ?? ""))
      .filter((act) => !act.startsWith("test/"));
    assert(written.length > 30, "the acts are found");
    assert.deepEqual(
      [...new Set(written)].filter((act) => wordsOfAct(act) === null),
      [],
    );
  });

  test("so has every move of a recovery case", () => {
    const moves = caseLifecycle.transitions.map((one) => `recovery/${one.on}`);
    assert.deepEqual(
      [...new Set(moves)].filter((act) => wordsOfAct(act) === null),
      [],
    );
  });
});
