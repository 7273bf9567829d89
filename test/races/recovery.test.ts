import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Secret, TOTP, URI } from "otpauth";
import { findAccount } from "../../src/accounts/index.ts";
import { describeCodes, listAuthenticators } from "../../src/authenticators/index.ts";
import type { Result } from "../../src/kernel/result.ts";
import { secret } from "../../src/kernel/secret.ts";
import {
  approveCase,
  type Bearer,
  confirmContact,
  object,
  openCasePage,
  openFromForm,
  openFromStuckScreen,
  peekRestoration,
  refuseCase,
  reopenCase,
  restoreAccount,
  sweepClocks,
} from "../../src/recovery/index.ts";
import { must } from "../world/registry.ts";
import {
  caseForTwo,
  caseInReview,
  contactCode,
  maintainer,
  objectionToken,
  opening,
  passDays,
  readyCase,
  reviewer,
  stateOf,
  verdict,
} from "./cases.ts";
import { acts, mailsTo, MANY, openGround, SOURCE, type Subscriber, tally, times } from "./ground.ts";

/*
 * Recovery cases, where several people act at once. Whoever comes second meets what the first has left; the log, the
 * mail and the rows show one act.
 */

const ground = await openGround("recovery races");
const { runtime } = ground;
const now = () => runtime.clock.now();

const dana = await reviewer(ground, "dana");
const erin = await reviewer(ground, "erin");
const NEW_PASSWORD = secret("juniper-kettle-granite-orchard-31");

/** What the form of a restoration would send. */
async function restoration({ token, bearer }: { readonly token: string; readonly bearer: Bearer }) {
  const form = must(await peekRestoration(runtime, token, bearer, now()));
  const totp = URI.parse(form.enrolment.uri.reveal());
  assert(totp instanceof TOTP && totp.secret instanceof Secret);
  const totpCode = totp.generate({ timestamp: now().getTime() });
  return () =>
    restoreAccount(
      runtime,
      {
        token,
        bearer,
        password: NEW_PASSWORD,
        secondFactor: { kind: "totp", code: totpCode },
        source: SOURCE,
        now: now(),
      },
      async () => {},
    );
}

const frozen = async (who: Subscriber) => (await findAccount(runtime.db, who.account.id))?.frozen ?? null;
const mailsOf = async (who: Subscriber, message: string) =>
  (await mailsTo(ground, who.address)).filter((one) => one === message).length;

describe("recovery cases", () => {
  after(() => ground.close()); // within the suite: the server itself ends after it

  describe("opening", () => {
    test("of fifty who open a case for one account from the stuck screen, one does", async () => {
      const who = await maintainer(ground, "opener");
      passDays(ground);
      const outcomes = await ground.collide(
        "recovery_cases",
        times(50, () => () => openFromStuckScreen(runtime, opening(ground, who))),
      );
      assert.deepEqual(tally(outcomes), { ok: 1, "recovery/case-open-already": 49 });
      assert.equal(await ground.count("recovery_cases", "account_id", who.account.id), 1);
      assert.equal(await acts(ground, who.account, "recovery/case-opened"), 1);
      assert.equal(await mailsOf(who, "case-opened-claimant"), 1);
      assert.equal(await mailsOf(who, "case-notice-opened"), 1);
    });

    test("twelve public forms of one mailbox, confirmed at once, become one open case", async () => {
      const who = await maintainer(ground, "former");
      passDays(ground);
      const cases = [];
      for (let at = 0; at < 12; at += 1) {
        const { account: _, passwordAt: __, ...rest } = opening(ground, who);
        const opened = must(await openFromForm(runtime, { ...rest, claimedName: "former" }));
        cases.push({ id: opened.recoveryCase.id, code: await contactCode(ground, who.address) });
        runtime.clock.advance(1000); // the newest mail is known by its time
      }
      const outcomes = await ground.collide(
        "recovery_cases",
        cases.map(
          ({ id, code }) =>
            () =>
              confirmContact(runtime, id, code, now()),
        ),
      );
      assert.deepEqual(tally(outcomes), { ok: 12 });
      const states = await Promise.all(cases.map(({ id }) => stateOf(ground, id)));
      assert.deepEqual(Object.groupBy(states, (state) => state ?? "none").collecting?.length, 1, states.join());
      assert.equal(states.filter((state) => state === "withdrawn").length, 11, states.join());
      assert.equal(await mailsOf(who, "case-notice-opened"), 1, "the owner is told once");
    });

    test("a case that expired or was refused is not taken up beside the one that is open now", async () => {
      const who = await maintainer(ground, "returner");
      passDays(ground);
      const old = must(await openFromStuckScreen(runtime, opening(ground, who))).recoveryCase;
      passDays(ground);
      await sweepClocks(runtime, now());
      assert.equal(await stateOf(ground, old.id), "expired");
      const outcomes = await ground.collide<Result<unknown>>(
        "recovery_cases",
        times<Result<unknown>>(
          20,
          (at) => () =>
            at % 2 === 0 ? reopenCase(runtime, old.id, now()) : openFromStuckScreen(runtime, opening(ground, who)),
        ),
      );
      const found = tally(outcomes);
      // What was reopened rests on proofs that are too old to count, so it makes way for one with a fresh one.
      assert(found["ok"] === 1 || found["ok"] === 2, JSON.stringify(found));
      for (const code of Object.keys(found))
        assert(["ok", "recovery/case-open-already", "lifecycle/not-now"].includes(code), code);
      const open = "state not in ('expired', 'withdrawn') and account_id";
      assert.equal(await ground.count("recovery_cases", open, who.account.id), 1);
    });

    test("the code that was mailed opens the case page once, of twenty", async () => {
      const who = await maintainer(ground, "pager");
      const opened = must(await openFromStuckScreen(runtime, opening(ground, who)));
      const code = await contactCode(ground, who.address);
      const outcomes = await ground.collide(
        "one_time_secrets",
        times(
          MANY,
          () => () => openCasePage(runtime, opened.recoveryCase, code, now(), async () => ({ ok: true, value: null })),
        ),
        { meet: 20 }, // a case takes twenty codes an hour, right or wrong
      );
      assert.deepEqual(tally(outcomes), { ok: 1, "recovery/wrong-code": 19, "throttle/too-many": 80 });
      assert.equal(await acts(ground, who.account, "recovery/case-page-opened"), 1);
      assert.equal(
        await ground.count("case_page_sessions", "opened_with = 'mail-code' and case_id", opened.recoveryCase.id),
        1,
      );
    });
  });

  describe("at the desk", () => {
    test("two reviewers, one approving and one refusing: the first verdict stands, the second is told", async () => {
      for (const first of ["approve", "refuse"] as const) {
        const who = await maintainer(ground, `judged-${first}`);
        passDays(ground);
        const { id } = await caseInReview(ground, who);
        const say = verdict(who.account.username);
        const verdicts = [
          () => approveCase(runtime, id, dana, say, now()),
          () => refuseCase(runtime, id, erin, say, now()),
        ];
        const outcomes = await ground.collide(
          "recovery_reviews",
          first === "approve" ? verdicts : verdicts.toReversed(),
          {
            isInTurn: true,
          },
        );
        assert.deepEqual(
          outcomes.map((one) => (one.ok ? one.value.state : one.refusal.code)),
          [first === "approve" ? "waiting" : "refused", "recovery/case-changed"],
        );
        assert.equal(await ground.count("recovery_reviews", "case_id", id), 1);
        const told = await mailsTo(ground, who.address);
        assert.deepEqual(
          told.filter((one) => one === "case-decided" || one === "case-refused"),
          [first === "approve" ? "case-decided" : "case-refused"],
        );
      }
    });

    test("one reviewer who presses “approve” ten times gives one verdict, also where two people are needed", async () => {
      const { id, username, accountId } = await caseForTwo(ground, "two-needed");
      const say = verdict(username);
      const pressed = await ground.collide(
        "recovery_reviews",
        times(10, () => () => approveCase(runtime, id, dana, say, now())),
      );
      assert.deepEqual(tally(pressed), { ok: 1, "recovery/case-changed": 9 });
      const again = verdict(username, "second-review");
      const second = await ground.collide(
        "recovery_cases",
        times(10, () => () => approveCase(runtime, id, dana, again, now())),
        { meet: 0 }, // refused before anything is written
      );
      assert.deepEqual(tally(second), { "recovery/reviewed-already": 10 });
      assert.equal(await stateOf(ground, id), "second-review");
      const both = await ground.collide(
        "recovery_reviews",
        times(10, () => () => approveCase(runtime, id, erin, again, now())),
      );
      assert.deepEqual(tally(both), { ok: 1, "recovery/case-changed": 9 });
      assert.equal(await stateOf(ground, id), "waiting");
      assert.equal(await ground.count("recovery_reviews", "case_id", id), 2);
      assert(accountId);
      const account = await findAccount(runtime.db, accountId);
      assert(account);
      assert.equal(await acts(ground, account, "recovery/approve"), 1);
      assert.equal(await acts(ground, account, "recovery/approve-first"), 1);
    });
  });

  describe("an objection", () => {
    test("stops the case whether it comes before or after the approval", async () => {
      for (const first of ["objection", "approval"] as const) {
        const who = await maintainer(ground, `stopped-by-${first}`);
        passDays(ground);
        const { id } = await caseInReview(ground, who);
        const token = await objectionToken(ground, who);
        const stop = () => object(runtime, token, now());
        const approve = () => approveCase(runtime, id, dana, verdict(who.account.username), now());
        const outcomes = await ground.collide(
          "recovery_cases, recovery_reviews, one_time_secrets",
          first === "objection" ? [stop, approve] : [approve, stop],
          { isInTurn: true },
        );
        // At the gate stands the objection with its link in hand, or the approval with the case in hand.
        assert.equal(await stateOf(ground, id), "contested");
        assert.equal((await frozen(who))?.because, "objection");
        assert.equal(await acts(ground, who.account, "recovery/objected"), 1);
        assert.equal(await mailsOf(who, "objection-recorded"), 1);
        const approved = await acts(ground, who.account, "recovery/approve");
        assert.equal(approved, await mailsOf(who, "case-decided"), "decided is told only of what was decided");
        assert.equal(outcomes.filter((one) => one.ok).length, 1 + approved);
        for (const one of outcomes) if (!one.ok) assert.equal(one.refusal.code, "recovery/case-changed");
      }
    });

    test("and a restoration: whoever comes first, the account ends frozen and nobody is in", async () => {
      for (const first of ["objection", "restoration"] as const) {
        const who = await ground.subscriber(`restored-${first}`);
        passDays(ground);
        const { id, ...right } = await readyCase(ground, who);
        const stop = object.bind(null, runtime, await objectionToken(ground, who), now());
        const restore = await restoration(right);
        const contenders: readonly (() => Promise<Awaited<ReturnType<typeof stop | typeof restore>>>)[] =
          first === "objection" ? [stop, restore] : [restore, stop];
        const outcomes = await ground.collide("recovery_cases, sessions", contenders, { isInTurn: true });
        const isFirst = first === "objection";
        assert.deepEqual(
          outcomes.map((one) => (one.ok ? "ok" : one.refusal.code)),
          isFirst ? ["ok", "one-time/revoked"] : ["ok", "ok"],
        );
        assert.equal(await stateOf(ground, id), isFirst ? "contested" : "disputed");
        assert.equal((await frozen(who))?.because, "objection");
        assert.equal(await ground.count("sessions", "ended_at is null and account_id", who.account.id), 0);
        const bound = (await listAuthenticators(runtime.db, who.account.id)).filter((one) => one.state === "active");
        assert.equal(bound.length, 3, "password, app and codes: the old ones or the new ones, never both");
        assert.equal(await acts(ground, who.account, "recovery/authenticators-bound"), isFirst ? 0 : 1);
      }
    });

    test("to a restoration, while the locked-out owner has a case of their own: the account is frozen, their case stops", async () => {
      const who = await ground.subscriber("overtaken");
      passDays(ground);
      const first = await readyCase(ground, who);
      const token = await objectionToken(ground, who);
      must(await (await restoration(first))());
      const second = must(await openFromStuckScreen(runtime, opening(ground, who))).recoveryCase;
      const stopped = must(await object(runtime, token, now()));
      assert.deepEqual([stopped.id, stopped.state], [second.id, "contested"]);
      assert.equal(await stateOf(ground, first.id), "restored");
      assert.equal((await frozen(who))?.caseId, first.id, "a refusal of the second case must not thaw it");
    });

    test("link is spent by one of a hundred", async () => {
      const who = await maintainer(ground, "objector");
      passDays(ground);
      const { id } = await caseInReview(ground, who);
      const token = await objectionToken(ground, who);
      const outcomes = await ground.collide(
        "one_time_secrets",
        times(MANY, () => () => object(runtime, token, now())),
      );
      assert.deepEqual(tally(outcomes), { ok: 1, "one-time/spent": MANY - 1 });
      assert.equal(await stateOf(ground, id), "contested");
      assert.equal(await acts(ground, who.account, "accounts/frozen"), 1);
      assert.equal(await mailsOf(who, "objection-recorded"), 1);
    });
  });

  test("the right to restore is spent by one of a hundred", async () => {
    const who = await ground.subscriber("restorer");
    passDays(ground);
    const { id, ...right } = await readyCase(ground, who);
    const restore = await restoration(right);
    const outcomes = await ground.collide(
      "one_time_secrets",
      times(MANY, () => restore),
      { meet: 20 },
    );
    assert.deepEqual(tally(outcomes), { ok: 1, "one-time/spent": 29, "throttle/too-many": 70 });
    assert.equal(await stateOf(ground, id), "restored");
    const active = (await listAuthenticators(runtime.db, who.account.id)).filter((one) => one.state === "active");
    assert.deepEqual(active.map((one) => one.kind).toSorted(), ["password", "recovery-codes", "totp"]);
    assert.equal((await describeCodes(runtime.db, who.account.id))?.unused, 10);
    assert.equal(await acts(ground, who.account, "recovery/restore"), 1);
    assert.equal(await acts(ground, who.account, "recovery/authenticators-bound"), 1);
    assert.equal(await mailsOf(who, "account-restored"), 1);
    assert.equal(await mailsOf(who, "case-notice-completed"), 1);
  });

  test("eight workers sweep the clocks at once: each case is told of, released and expired once", async () => {
    const people = [];
    for (let at = 0; at < 8; at += 1) {
      const who = await maintainer(ground, `sweeper-${"abcdefgh"[at]}`);
      people.push(who);
    }
    passDays(ground);
    const cases = [];
    for (const who of people.slice(0, 4)) {
      const { id } = await caseInReview(ground, who);
      must(await approveCase(runtime, id, dana, verdict(who.account.username), now()));
      cases.push(id);
    }
    for (const who of people.slice(4))
      cases.push(must(await openFromStuckScreen(runtime, opening(ground, who))).recoveryCase.id);
    const eight = times(8, () => () => sweepClocks(runtime, now()));
    passDays(ground); // past every wait, and past every idle time
    await ground.collide("recovery_cases", eight, { meet: 8 });
    await ground.collide("recovery_cases", eight, { meet: 0 }); // what was told just before its end ends now
    for (const [at, who] of people.entries()) {
      const isReady = at < 4;
      assert.equal(await stateOf(ground, cases[at]!), isReady ? "ready" : "expired"); // as many cases as people
      assert.equal(await acts(ground, who.account, isReady ? "recovery/wait-over" : "recovery/expire"), 1);
      assert.equal(await mailsOf(who, isReady ? "case-ready" : "case-expired"), 1);
      assert.equal(await mailsOf(who, "case-notice-before-release"), isReady ? 1 : 0);
      const rights = await ground.count("one_time_secrets", "purpose = 'restoration' and subject", cases[at]!);
      assert.equal(rights, isReady ? 1 : 0);
    }
  });
});
