import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { audit } from "../../src/audit/index.ts";
import { beginPasskey, bindPasskey, checkNewPasskey, listPasskeys } from "../../src/authenticators/index.ts";
import { ok } from "../../src/kernel/result.ts";
import { endPasskey } from "../../src/security-settings/index.ts";
import { findSession, startSession } from "../../src/sessions/index.ts";
import { beginPasskeySignIn, submitPasskey } from "../../src/sign-in/index.ts";
import { act, must } from "../world/registry.ts";
import { makeAuthenticator, type RequestOptions } from "../world/software-authenticator.ts";
import { acts, mailsTo, openGround, SOURCE, type Subscriber, tally, times } from "./ground.ts";

/* Passkeys, raced: one answer many times, two answers with one count, and a use with the removal of what is used. */

const ground = await openGround("passkey races");
const { runtime } = ground;
runtime.publicUrl.hostname = "localhost";
const { origin } = runtime.publicUrl;
const now = () => runtime.clock.now();
const nothing = async () => {};
const place = (browser: string) => ({ browser, purpose: "subscriber", now: now() }) as const;

async function owner(username: string) {
  const subscriber = await ground.subscriber(username);
  const key = makeAuthenticator();
  const scope = { use: "register", subject: username } as const;
  const options = must(await beginPasskey(runtime, subscriber.account, scope, now()));
  const answer = key.create(options as Parameters<typeof key.create>[0], origin);
  const made = must(await checkNewPasskey(runtime, scope, answer, now()));
  await act(runtime, async (tx) => {
    audit(tx, runtime.random, { act: "test/bound", actor: { kind: "operator" }, accountId: subscriber.account.id });
    return bindPasskey(tx, runtime, subscriber.account.id, made, "Blue key");
  });
  return { ...subscriber, key };
}

const options = async (browser: string): Promise<RequestOptions> =>
  (await beginPasskeySignIn(runtime, place(browser), undefined)) as RequestOptions;

const signIn = (browser: string, answer: string) => () =>
  submitPasskey(runtime, { ...place(browser), answer, source: SOURCE }, nothing);

const sessionsOf = ({ account }: Subscriber) => ground.count("sessions", "ended_at is null and account_id", account.id);

describe("passkeys, raced", () => {
  after(() => ground.close());

  test("one answer, sent by fifty at once, signs in once", async () => {
    const ada = await owner("answer-once");
    const answer = ada.key.get(await options("one"), origin);
    const outcomes = await ground.collide(
      "one_time_secrets",
      times(50, () => signIn("one", answer)),
    );
    assert.deepEqual(tally(outcomes), { ok: 1, "authenticators/passkey-expired": 49 });
    assert.equal(await sessionsOf(ada), 1);
  });

  test("of ten answers to ten questions with one count, as a copy gives them, one signs in and the owner is told", async () => {
    const ada = await owner("count-once");
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, at) => ada.key.get(await options(`b${at}`), origin, { count: 7 })),
    );
    const outcomes = await ground.collide(
      "passkeys",
      times(10, (at) => signIn(`b${at}`, answers[at] ?? "")),
    );
    assert.deepEqual(tally(outcomes), { ok: 1, "authenticators/passkey-copied": 9 });
    assert.equal(await sessionsOf(ada), 1);
    assert.equal(await acts(ground, ada.account, "authenticators/passkey-copy-suspected"), 9);
    assert((await mailsTo(ground, ada.address)).includes("passkey-copied"));
    const [passkey] = await listPasskeys(runtime.db, ada.account.id);
    assert(passkey?.copySuspectedAt);
  });

  test("a passkey that is being removed opens nothing from then on", async () => {
    const ada = await owner("removed-first");
    const [passkey] = await listPasskeys(runtime.db, ada.account.id);
    assert(passkey);
    const { id: accountId } = ada.account;
    const started = await act(runtime, async (tx) => {
      audit(tx, runtime.random, { act: "test/signed-in", actor: { kind: "operator" }, accountId });
      const factors = ["password", "totp"] as const;
      return ok(await startSession(tx, runtime.random, { accountId, kind: "subscriber", factors, source: SOURCE }));
    });
    const session = await findSession(runtime.db, started.id, now());
    assert(session);
    const self = { account: ada.account, session, source: SOURCE, now: now() };
    const answer = ada.key.get(await options("late"), origin);
    const outcomes = await ground.collide<{ readonly ok: boolean }>(
      "authenticators",
      [() => endPasskey(runtime, self, passkey.id), signIn("late", answer)],
      { isInTurn: true },
    );
    assert.deepEqual(
      outcomes.map((one) => one.ok),
      [true, false],
    );
    assert.deepEqual(await listPasskeys(runtime.db, ada.account.id), []);
    assert.equal(await sessionsOf(ada), 1, "the one there was");
  });
});
