import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { listEvents } from "../audit/index.ts";
import { createAccount, insertStaffRole, parseAddress } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { digestToken, listSecrets, peekUsable } from "../kernel/one-time.ts";
import { ok } from "../kernel/result.ts";
import { testDatabase } from "../../test/world/database.ts";
import { type TestRuntime, testRuntime } from "../../test/world/runtime.ts";
import { FIRST_ADMINISTRATOR, issueAdministratorLink, linkForFirstStart } from "./first-administrator.ts";

const tokenOf = (url: string): string => url.slice(url.lastIndexOf("/") + 1);

const look = (runtime: TestRuntime, url: string) =>
  peekUsable(
    runtime.db,
    {
      purpose: FIRST_ADMINISTRATOR.purpose,
      subject: FIRST_ADMINISTRATOR.subject,
      digests: [digestToken(tokenOf(url))],
    },
    runtime.clock.now(),
  );

describe("the link that creates the first administrator", () => {
  test("it is at the public address, works for 24 hours, and only its digest is stored", async () => {
    const database = await testDatabase();
    const { db } = database;
    try {
      const runtime = testRuntime(db, { publicUrl: "https://accounts.example.org" });
      const link = await linkForFirstStart(runtime);
      assert.ok(link);
      const url = link.url.reveal();
      assert.match(url, /^https:\/\/accounts\.example\.org\/first-administrator\/[A-Za-z0-9_-]{43}$/);
      assert.equal(link.expiresAt.getTime() - runtime.clock.now().getTime(), 24 * 3_600_000);
      assert.ok((await look(runtime, url)).ok);
      const stored = await listSecrets(db, FIRST_ADMINISTRATOR.purpose, FIRST_ADMINISTRATOR.subject);
      assert.ok(!JSON.stringify(stored).includes(tokenOf(url)));
      runtime.clock.advance(24 * 3_600_000);
      assert.ok(!(await look(runtime, url)).ok);
    } finally {
      await database.drop();
    }
  });

  test("the next start makes a new one, the old one says it was replaced, and both are on the audit log", async () => {
    const database = await testDatabase();
    const { db } = database;
    try {
      const runtime = testRuntime(db);
      const first = await linkForFirstStart(runtime);
      const second = await linkForFirstStart(runtime);
      assert.ok(first && second);
      const old = await look(runtime, first.url.reveal());
      assert.equal(old.ok ? "usable" : old.refusal.code, "one-time/revoked");
      assert.ok((await look(runtime, second.url.reveal())).ok);
      const events = await listEvents(db, { limit: 10 });
      assert.deepEqual(
        events.map(({ act, actorKind }) => [act, actorKind]),
        [
          ["operator/administrator-link-issued", "operator"],
          ["operator/administrator-link-issued", "operator"],
        ],
      );
      assert.ok(
        !JSON.stringify(events, (_key, value) => (typeof value === "bigint" ? String(value) : value)).includes(
          tokenOf(second.url.reveal()),
        ),
      );
    } finally {
      await database.drop();
    }
  });

  test("once somebody is administrator a start makes none, and the operator still can", async () => {
    const database = await testDatabase();
    const { db } = database;
    try {
      const runtime = testRuntime(db);
      const made = await transact(db, { now: runtime.clock.now() }, async (tx) => {
        const address = parseAddress("root@example.org");
        if (!address.ok) return address;
        const account = await createAccount(tx, runtime.random, { username: "keeper", address: address.value });
        if (!account.ok) return account;
        await insertStaffRole(tx, account.value.accountId, "administrator", null);
        audit(tx, runtime.random, { act: "test/administrator-made", actor: { kind: "operator" } });
        return ok();
      });
      assert.ok(made.ok);
      assert.equal(await linkForFirstStart(runtime), null);
      assert.ok((await look(runtime, (await issueAdministratorLink(runtime)).url.reveal())).ok);
    } finally {
      await database.drop();
    }
  });
});
