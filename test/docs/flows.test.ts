import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Lifecycle, toMermaid } from "../../src/kernel/lifecycle.ts";
import { readTree } from "../architecture/source.ts";

/*
 * docs/flows/ has a page for every state machine, written from the machine itself. `UPDATE_DOCS=1` writes the pages;
 * without it this test says which of them are no longer true.
 */

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "docs", "flows");
const HOW = "Write them anew: UPDATE_DOCS=1 npm run test -- docs/flows";

type AnyLifecycle = Lifecycle<string, string, string>;

const isLifecycle = (value: unknown): value is AnyLifecycle =>
  typeof value === "object" && value !== null && "initial" in value && "states" in value && "transitions" in value;

/** Every machine that is defined in src, with the file it stands in. */
async function lifecycles(): Promise<readonly { readonly path: string; readonly machine: AnyLifecycle }[]> {
  const files = readTree(["src"]).filter(
    ({ path, code }) =>
      /\bdefineLifecycle\(/.test(code) && !path.endsWith(".test.ts") && path !== "src/kernel/lifecycle.ts",
  );
  const found = [];
  for (const { path, code } of files) {
    const exported = Object.values((await import(join(ROOT, path))) as Record<string, unknown>).filter(isLifecycle);
    const defined = code.match(/\bdefineLifecycle\(/g)?.length ?? 0;
    assert.equal(exported.length, defined, `${path} exports every machine it defines`);
    found.push(...exported.map((machine) => ({ path, machine })));
  }
  return found;
}

const row = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const names = (list: readonly string[]): string => list.map((name) => `\`${name}\``).join(", ");

function pageOf(path: string, machine: AnyLifecycle): string {
  const states = Object.entries(machine.states);
  return [
    `# States of a ${machine.name}`,
    "",
    `Written from [\`${path}\`](../../${path}) by \`test/docs/flows.test.ts\`; change the machine, not this page.`,
    "What no row below allows is refused.",
    "",
    "```mermaid",
    toMermaid(machine).trimEnd(),
    "```",
    "",
    "## States",
    "",
    row("state", "who has the next move", "what it means"),
    row("---", "---", "---"),
    ...states.map(([state, { next, means }]) => row(`\`${state}\``, next, means)),
    "",
    "## Transitions",
    "",
    row("from", "event", "to", "who may"),
    row("---", "---", "---", "---"),
    ...machine.transitions.map(({ from, on, to, by }) => row(names(from), `\`${on}\``, `\`${to}\``, by.join(", "))),
    "",
  ].join("\n");
}

const fileOf = ({ name }: AnyLifecycle): string => `${name.replaceAll(" ", "-")}.md`;

function present(): Readonly<Record<string, string>> {
  try {
    return Object.fromEntries(readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), "utf8")]));
  } catch {
    return {};
  }
}

test("docs/flows shows the state machines as they are", async () => {
  const machines = await lifecycles();
  assert(machines.length > 0, "the machines were found");
  const wanted = Object.fromEntries(machines.map(({ path, machine }) => [fileOf(machine), pageOf(path, machine)]));
  assert.equal(Object.keys(wanted).length, machines.length, "every machine has a name of its own");
  if (process.env["UPDATE_DOCS"] === "1") {
    mkdirSync(FOLDER, { recursive: true });
    for (const [name, text] of Object.entries(wanted)) writeFileSync(join(FOLDER, name), text);
  }
  const there = present();
  const stale = Object.keys(wanted).filter((name) => there[name] !== wanted[name]);
  assert.deepEqual(stale, [], `these pages do not say what the machines are. ${HOW}`);
  const left = Object.keys(there).filter((name) => !(name in wanted));
  assert.deepEqual(left, [], "these pages have no machine any more; remove them");
});
