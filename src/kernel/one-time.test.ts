import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, describe, test } from "node:test";
import { sql } from "kysely";
import { testDatabase } from "../../test/world/database.ts";
import { testRuntime } from "../../test/world/runtime.ts";
import { transact, type Tx } from "./db/transact.ts";
import {
  digestToken,
  issueToken,
  listSecrets,
  peek,
  peekUsable,
  revokeSecrets,
  spend,
  spendStep,
  storeSecret,
} from "./one-time.ts";
import { ok, type Result } from "./result.ts";

const database = await testDatabase({ poolSize: 2 });
const { db } = database;
const { clock, random } = testRuntime(db, { seed: "one-time" });
const HOUR = 3600_000;

const act = <T>(work: (tx: Tx) => Promise<Result<T>>): Promise<Result<T>> =>
  transact(db, { now: clock.now(), bookkeeping: "test" }, work);
/** The value of an act that cannot be refused. */
const done = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
  const outcome = await act(async (tx) => ok(await work(tx)));
  assert(outcome.ok);
  return outcome.value;
};
const codeOf = (outcome: Result<unknown>): string => (outcome.ok ? "ok" : outcome.refusal.code);

const issue = async (subject: string, expiresAt: Date | null = null): Promise<string> =>
  (
    await done((tx) => issueToken(tx, random, { purpose: "link", subject, expiresAt, detail: { n: 1 } }))
  ).token.reveal();
const presented = (token: string, more: { readonly purpose?: string; readonly subject?: string } = {}) => ({
  purpose: "link",
  digests: [digestToken(token)],
  ...more,
});
const spendNow = (token: string, more = {}) => act((tx) => spend(tx, presented(token, more)));
const later = (): Date => new Date(clock.now().getTime() + HOUR);

describe("one-time", () => {
  after(() => database.drop());

  describe("what is used once", () => {
    test("is spent by the first who presents it, and says so to the second", async () => {
      const token = await issue("first");
      const spent = await spendNow(token);
      assert(spent.ok);
      assert.equal(spent.value.subject, "first");
      assert.deepEqual(spent.value.detail, { n: 1 });
      assert.deepEqual(spent.value.spentAt, clock.now());
      assert.equal(codeOf(await spendNow(token)), "one-time/spent");
    });

    test("only a digest of 256 random bits is stored", async () => {
      const token = await issue("digest");
      assert.equal(Buffer.from(token, "base64url").length, 32);
      assert.deepEqual(digestToken(token), createHash("sha256").update(token).digest());
      const { rows } = await sql<{ whole: string }>`select s::text as whole from one_time_secrets s`.execute(db.root);
      assert(rows.length > 0);
      assert(rows.every(({ whole }) => !whole.includes(token)));
    });

    test("works until its time is over, to the millisecond", async () => {
      const early = await issue("early", later());
      const late = await issue("late", later());
      clock.advance(HOUR - 1);
      assert.equal(codeOf(await spendNow(early)), "ok");
      clock.advance(1);
      assert.equal(codeOf(await spendNow(late)), "one-time/expired");
      assert.equal(codeOf(await peekUsable(db, presented(late), clock.now())), "one-time/expired");
    });

    test("without a time works for ever", async () => {
      const token = await issue("for ever");
      clock.advance(10 * 365 * 24 * HOUR);
      assert.equal(codeOf(await spendNow(token)), "ok");
    });

    test("is another one under another purpose or subject", async () => {
      const token = await issue("mine", later());
      for (const more of [{ purpose: "code" }, { subject: "yours" }]) {
        assert.equal(codeOf(await spendNow(token, more)), "one-time/unknown");
        assert.equal(await peek(db, presented(token, more)), null);
      }
      assert.equal(codeOf(await spendNow(token.slice(0, -1), {})), "one-time/unknown");
      assert.equal(codeOf(await spendNow(token, { subject: "mine" })), "ok");
    });

    test("may be looked at as often as one likes", async () => {
      const token = await issue("looked at", later());
      for (const _ of [1, 2, 3]) assert.equal(codeOf(await peekUsable(db, presented(token), clock.now())), "ok");
      assert.equal(codeOf(await spendNow(token)), "ok");
      assert.equal(codeOf(await peekUsable(db, presented(token), clock.now())), "one-time/spent");
      assert.equal(codeOf(await peekUsable(db, presented("nothing"), clock.now())), "one-time/unknown");
    });

    test("may be found by the digest of an older key", async () => {
      const digest = digestToken("typed code");
      await done((tx) => storeSecret(tx, random, { purpose: "code", subject: "keys", digest, expiresAt: null }));
      const digests = [digestToken("under the new key"), digest];
      assert.equal(codeOf(await act((tx) => spend(tx, { purpose: "code", digests }))), "ok");
    });

    test("the same secret twice for one purpose is refused by the database", async () => {
      const digest = digestToken("twin");
      const store = () =>
        done((tx) => storeSecret(tx, random, { purpose: "code", subject: "twins", digest, expiresAt: null }));
      await store();
      await assert.rejects(store, { code: "23505" });
    });

    test("when a newer one is made the unspent ones end, and the spent one stays spent", async () => {
      const [used, unused] = [await issue("newer"), await issue("newer")];
      const others = await issue("somebody else");
      await spendNow(used);
      assert.equal(await done((tx) => revokeSecrets(tx, "link", "newer", "a newer link was sent")), 1);
      assert.equal(await done((tx) => revokeSecrets(tx, "link", "newer", "again")), 0);
      assert.equal(codeOf(await spendNow(unused)), "one-time/revoked");
      assert.equal(codeOf(await spendNow(used)), "one-time/spent");
      assert.equal(codeOf(await spendNow(others)), "ok");
      const all = await listSecrets(db, "link", "newer");
      assert.deepEqual(
        all.map((one) => [one.spentAt !== null, one.revokedBecause]),
        [
          [true, null],
          [false, "a newer link was sent"],
        ],
      );
    });

    test("a refused act gives it back", async () => {
      const token = await issue("given back");
      await act(async (tx): Promise<Result<never>> => {
        const spent = await spend(tx, presented(token));
        assert(spent.ok);
        return spend(tx, presented("nothing")) as Promise<Result<never>>; // refuses, as an act may after spending
      });
      assert.equal(codeOf(await spendNow(token)), "ok");
    });
  });

  describe("a counter that only goes up", () => {
    const step = async (at: bigint, subject = "app") =>
      codeOf(await act((tx) => spendStep(tx, "totp-step", subject, at)));

    test("takes each step once, and none before it afterwards", async () => {
      const table: readonly (readonly [bigint, string])[] = [
        [100n, "ok"],
        [100n, "one-time/spent"],
        [99n, "one-time/spent"],
        [101n, "ok"],
        [100n, "one-time/spent"],
        [2n ** 40n, "ok"],
        [102n, "one-time/spent"],
      ];
      for (const [at, is] of table) assert.equal(await step(at), is, String(at));
    });

    test("counts for each subject by itself", async () => {
      assert.equal(await step(5n, "another app"), "ok");
    });
  });
});
