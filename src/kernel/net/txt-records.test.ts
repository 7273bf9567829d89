import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Name, type NameServer, serveNames } from "../../../test/world/name-server.ts";
import { createTxtLookup, type TxtLookup } from "./txt-records.ts";

describe("TXT records, from a real name server", () => {
  const chain = (length: number, isUnfollowed: boolean): readonly (readonly [string, Name])[] =>
    Array.from(
      { length },
      (_, n) =>
        [
          `${isUnfollowed ? "far" : "near"}${n}.club`,
          { cname: `${isUnfollowed ? "far" : "near"}${n + 1}.club`, isUnfollowed },
        ] as const,
    );
  const zone: Record<string, Name> = {
    "one.club": { txt: ["hello"] },
    "several.club": { txt: ["v=spf1 -all", "locksmith-challenge=abc", "x".repeat(600)] },
    "empty.club": { a: ["203.0.113.7"] },
    "many.club": { txt: Array.from({ length: 2_000 }, (_, n) => `record number ${n}`) },
    "followed.club": { cname: "one.club" },
    "step.club": { cname: "step2.club", isUnfollowed: true },
    "step2.club": { cname: "one.club", isUnfollowed: true },
    "dangling.club": { cname: "gone.club", isUnfollowed: true },
    "circle.club": { cname: "circle2.club", isUnfollowed: true },
    "circle2.club": { cname: "circle.club", isUnfollowed: true },
    "self.club": { cname: "self.club", isUnfollowed: true },
    "broken.club": { fault: "failing" },
    "silent.club": { fault: "silent" },
    "garbage.club": { fault: "garbage" },
    ...Object.fromEntries([...chain(20, true), ...chain(20, false)]),
    "far20.club": { txt: ["too far"] },
    "near20.club": { txt: ["too far"] },
  };
  let server: NameServer;
  let ask: TxtLookup;
  before(async () => {
    server = await serveNames(() => zone);
    ask = createTxtLookup({ servers: [server.address], timeoutMs: 150 });
  });
  after(() => server.close());

  test("are given whole, whichever way their strings are cut", async () => {
    assert.deepEqual(await ask("ONE.club"), { kind: "records", records: ["hello"], via: [] });
    const several = await ask("several.club");
    assert.equal(several.kind, "records");
    assert.deepEqual(several.records.toSorted(), ["locksmith-challenge=abc", "v=spf1 -all", "x".repeat(600)]);
  });

  test("no record and no name are clear answers, and not the same", async () => {
    assert.deepEqual(await ask("empty.club"), { kind: "none", isNameThere: true, via: [] });
    assert.deepEqual(await ask("nowhere.club"), { kind: "none", isNameThere: false, via: [] });
  });

  test("of thousands a bounded number is taken", async () => {
    const many = await ask("many.club");
    assert.equal(many.kind, "records");
    assert.equal(many.records.length, 200);
  });

  test("aliases are followed, some steps far, and never in a circle", async () => {
    assert.deepEqual(await ask("followed.club"), { kind: "records", records: ["hello"], via: [] });
    assert.deepEqual(await ask("step.club"), { kind: "records", records: ["hello"], via: ["step2.club", "one.club"] });
    assert.deepEqual(await ask("dangling.club"), { kind: "none", isNameThere: false, via: ["gone.club"] });
    for (const name of ["circle.club", "self.club", "far0.club"])
      assert.deepEqual(await ask(name), { kind: "failed", why: "chain" }, name);
    const before = server.asked.length;
    await ask("far0.club");
    assert.ok(server.asked.length - before <= 20, "at most 8 aliases, two questions each");
  });

  test("a server that fails, is silent or talks nonsense gives no answer", async () => {
    assert.deepEqual(await ask("broken.club"), { kind: "failed", why: "server" });
    assert.deepEqual(await ask("silent.club"), { kind: "failed", why: "timeout" });
    assert.equal((await ask("garbage.club")).kind, "failed");
    assert.equal((await ask("not a name")).kind === "records", false);
    assert.equal((await ask(`${"a".repeat(70)}.club`)).kind === "records", false);
  });
});
