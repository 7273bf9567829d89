import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type ChainedRow, commitPersonal, GENESIS, hashRow } from "./chain.ts";
import { describeAct, wordsOfAct } from "./words.ts";

const salt = Buffer.alloc(16, 7);
const row: ChainedRow = {
  seq: 1n,
  at: new Date("2026-11-02T09:00:00.123Z"),
  act: "sign-in/succeeded",
  actorKind: "subscriber",
  actorId: "acc_1",
  accountId: "acc_1",
  caseId: null,
  facts: { factors: ["password", "totp"], purpose: "subscriber" },
  personalCommitment: commitPersonal(salt, { ip: "192.0.2.1" }),
};
const sha256 = (...parts: readonly (string | Buffer)[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

describe("the hash of an event", () => {
  test("is SHA-256 of the hash before and of the row's canonical JSON, written out here once", () => {
    const commitment = sha256(salt, '{"ip":"192.0.2.1"}');
    assert.deepEqual(row.personalCommitment, commitment);
    const text =
      '{"accountId":"acc_1","act":"sign-in/succeeded","actorId":"acc_1","actorKind":"subscriber",' +
      '"at":"2026-11-02T09:00:00.123Z","caseId":null,"facts":{"factors":["password","totp"],"purpose":"subscriber"},' +
      `"personalCommitment":"${commitment.toString("hex")}","seq":"1"}`;
    assert.deepEqual(hashRow(GENESIS, row), sha256(GENESIS, text));
    assert.deepEqual(GENESIS, Buffer.alloc(32));
  });

  test("is another one when anything of the row, or the event before it, is another", () => {
    const changes: readonly Partial<ChainedRow>[] = [
      { seq: 2n },
      { at: new Date("2026-11-02T09:00:00.124Z") },
      { act: "sign-in/failed" },
      { actorKind: "staff" },
      { actorId: null },
      { accountId: "acc_2" },
      { caseId: "case_1" },
      { facts: { factors: ["password"], purpose: "subscriber" } },
      { facts: {} },
      { personalCommitment: commitPersonal(salt, null) },
    ];
    const hashes = changes.map((change) => hashRow(GENESIS, { ...row, ...change }).toString("hex"));
    const whole = [hashRow(GENESIS, row).toString("hex"), hashRow(Buffer.alloc(32, 1), row).toString("hex"), ...hashes];
    assert.equal(new Set(whole).size, whole.length);
  });

  test("does not depend on the order in which the database gives the facts back", () => {
    const facts = { purpose: "subscriber", factors: ["password", "totp"] };
    assert.deepEqual(hashRow(GENESIS, { ...row, facts }), hashRow(GENESIS, row));
  });
});

test("a commitment to personal data differs with the data and with the salt", () => {
  const salts = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes));
  const data = fc.option(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())));
  fc.assert(
    fc.property(salts, salts, data, data, (saltA, saltB, a, b) => {
      const isSame = saltA.equals(saltB) && JSON.stringify(a) === JSON.stringify(b);
      const together = commitPersonal(saltA, a).equals(commitPersonal(saltB, b));
      if (isSame) assert(together);
      else if (!saltA.equals(saltB)) assert(!together);
    }),
  );
});

test("an act of a newer version is still described", () => {
  assert.equal(wordsOfAct("moon/landed"), null);
  assert.equal(describeAct({ act: "moon/first-step-taken" }), "First step taken");
  assert.equal(describeAct({ act: "sign-in/succeeded" }), "Signed in");
});
