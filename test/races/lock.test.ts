import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { sql } from "kysely";
import { findAccount } from "../../src/accounts/index.ts";
import { ok } from "../../src/kernel/result.ts";
import { secret } from "../../src/kernel/secret.ts";
import { queueMail } from "../../src/notifications/index.ts";
import { lockByLink, lockBySubscriber, type Locked } from "../../src/recovery/index.ts";
import { createApiToken } from "../../src/registry/index.ts";
import { unlockAccount } from "../../src/security-settings/index.ts";
import { submitPassword, submitTotp } from "../../src/sign-in/index.ts";
import { act, must } from "../world/registry.ts";
import {
  acts,
  codeOf,
  inMail,
  mailsTo,
  MANY,
  openGround,
  PASSWORD,
  SOURCE,
  type Subscriber,
  tally,
  times,
} from "./ground.ts";

/* The panic button, raced: with itself, with a sign-in that is about to be done, and with its own undoing. */

const ground = await openGround("lock races");
const { runtime } = ground;
const now = () => runtime.clock.now();
const nothing = async () => {};

/** Mails the owner something, and gives the link in it. */
async function link({ account, address }: Subscriber): Promise<string> {
  await act(runtime, async (tx) => {
    const made = { accountId: account.id, name: "laptop", projects: null, expiresAt: null } as const;
    await createApiToken(tx, runtime.random, { ...made, actor: { kind: "subscriber", id: account.id } });
    await queueMail(tx, runtime, {
      to: address,
      message: "ssh-key-added",
      params: { username: account.username, when: now(), name: "laptop", fingerprint: "SHA256:x" },
      accountId: account.id,
    });
    return ok();
  });
  return inMail(ground, address, "ssh-key-added", /\/not-me\/([\w-]+)/);
}

const liveSessions = async ({ account }: Subscriber): Promise<number> => {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from sessions where account_id = ${account.id} and ended_at is null`.execute(
    runtime.db.root,
  );
  return rows[0]?.n ?? -1;
};

describe("the panic button, raced", () => {
  after(() => ground.close());

  test("of a hundred presses of one link one locks; one mail tells of it", async () => {
    const owner = await ground.subscriber("link-presser");
    const token = await link(owner);
    const outcomes = await ground.collide(
      "one_time_secrets",
      times(MANY, () => () => lockByLink(runtime, { token, source: SOURCE, now: now() }, nothing)),
      { meet: 1 }, // the account's row lets one through to the secrets at a time
    );
    const found = tally(outcomes);
    assert.equal(found["ok"], 1);
    assert.deepEqual(Object.keys(found).toSorted(), ["ok", "one-time/spent"]);
    assert.equal(await acts(ground, owner.account, "recovery/account-locked"), 1);
    assert.equal((await mailsTo(ground, owner.address)).filter((name) => name === "account-locked").length, 1);
  });

  test("a sign-in that finishes at the same moment leaves no session behind", async () => {
    const owner = await ground.subscriber("late-sign-in");
    const step = must(
      await submitPassword(runtime, {
        name: "late-sign-in",
        password: PASSWORD,
        purpose: "subscriber",
        source: SOURCE,
        now: now(),
      }),
    );
    assert(step.next === "second-factor");
    const ceremonyToken = step.ceremonyToken.reveal();
    const press = { account: owner.account, event: null, source: SOURCE, now: now() };
    const outcomes = await ground.collide<{ readonly ok: boolean }>(
      "audit_events",
      [
        () => submitTotp(runtime, { ceremonyToken, typed: codeOf(now()), source: SOURCE, now: now() }, nothing),
        () => lockBySubscriber(runtime, press, nothing),
      ],
      { meet: 1 },
    );
    assert.equal(outcomes[1]?.ok, true);
    assert((await findAccount(runtime.db, owner.account.id))?.frozen);
    assert.equal(await liveSessions(owner), 0, outcomes[0]?.ok ? "it was begun, and ended" : "it was refused");
  });

  test("one code unlocks once, and the lock is either undone or stands, never half", async () => {
    const owner = await ground.subscriber("unlocker");
    must(await lockBySubscriber(runtime, { account: owner.account, event: null, source: SOURCE, now: now() }, nothing));
    const unlock = (password: string) => () =>
      unlockAccount(
        runtime,
        {
          accountId: owner.account.id,
          factor: { kind: "typed", code: owner.codes[2] ?? "" },
          newPassword: secret(password),
          source: SOURCE,
          now: now(),
        },
        nothing,
      );
    const outcomes = await ground.collide(
      "one_time_secrets",
      ["amber-kettle-island-1", "ember-meadow-harbour-2", "fjord-pebble-copper-3", "granite-nickel-delta-4"].map(
        unlock,
      ),
      { meet: 1 },
    );
    assert.equal(tally(outcomes)["ok"], 1);
    assert.equal(await acts(ground, owner.account, "accounts/unlocked"), 1);
    assert.equal((await findAccount(runtime.db, owner.account.id))?.frozen, null);
    const again: readonly Locked[] = (
      await Promise.all(
        times(
          4,
          () => () =>
            lockBySubscriber(runtime, { account: owner.account, event: null, source: SOURCE, now: now() }, nothing),
        ).map((start) => start()),
      )
    ).map(must);
    assert.equal(again.filter(({ isNew }) => isNew).length, 1, "it is locked anew, once");
  });
});
