import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { routes } from "../../src/app/routes.ts";
import { beside, ENTRIES, NOT_ASKED, shuffled } from "./entries.ts";

/** The rows anybody may call. The table is only read: nothing behind a row runs. */
const open = routes({
  runtime: {},
  policy: {},
  folders: { files: "", mail: "" },
  config: { smtp: {}, forgeUrls: [] }, // with a mail server there is no mailbox page
  downloads: {},
} as unknown as Parameters<typeof routes>[0]).filter((route) => route.who === "anyone");

/** Takes something that may or may not exist: a form, or a name in the path that is no page or package of ours. */
const takesSomething = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
  (method === "POST" || path.includes("/:")) && !/^\/(?:simple|files|help)\//.test(path);

describe("where a stranger can ask whether something exists", () => {
  test("every row that takes something from anybody is measured, or left out with a reason", () => {
    const taken = open.filter(takesSomething).map(({ method, path }) => `${method} ${path}`);
    const known = [...ENTRIES.flatMap(({ covers }) => covers), ...Object.keys(NOT_ASKED)];
    assert.deepEqual(taken.toSorted(), [...new Set(known)].toSorted());
  });

  test("no row is both measured and left out", () => {
    for (const row of ENTRIES.flatMap(({ covers }) => covers)) assert.equal(NOT_ASKED[row], undefined, row);
  });

  test("an entry stays below the limit that one network has at its row", () => {
    for (const entry of ENTRIES) {
      for (const row of entry.covers) {
        const limit = open.find(({ method, path }) => `${method} ${path}` === row)?.limit;
        assert.ok(!limit || entry.requestsAnAddress <= limit.limit, `${entry.name}: ${limit?.limit}`);
      }
    }
  });

  test("what does not exist has the shape of what does", () => {
    const name = "abcdefghkmnpqr";
    assert.notEqual(shuffled(name), name);
    assert.equal([...shuffled(name)].toSorted().join(""), name);
    const token = "A".repeat(43);
    const near = beside(token);
    assert.equal(near.length, token.length);
    assert.equal([...near].filter((symbol, at) => symbol !== token[at]).length, 1);
  });
});
