import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { property, assert as check, string } from "fast-check";
import { transact } from "../../../kernel/db/transact.ts";
import type { AccountId } from "../../../kernel/ids.ts";
import { ok } from "../../../kernel/result.ts";
import {
  forgetDevices,
  listLiveSessions,
  recogniseDevice,
  startSession,
  type Session,
} from "../../../sessions/index.ts";
import { type EvidenceContext, listFindings, numberClaim, prove, recheckFinding, recordNotMe } from "../../index.ts";
import { codeOf, type EvidenceWorld, evidenceWorld, must } from "../../test-support.ts";
import { numbersOf } from "./numbers.ts";

let world: EvidenceWorld;
before(async () => {
  world = await evidenceWorld();
});
after(() => world.close());

const MINUTE_MS = 60_000;
const later = (context: EvidenceContext, minutes: number): EvidenceContext => ({
  ...context,
  now: new Date(context.now.getTime() + minutes * MINUTE_MS),
});

/** Somebody who signed in first `knownDays` ago, and again `hoursAgo`, in one browser. */
async function signedIn(accountId: AccountId, knownDays: number, hoursAgo: number) {
  const token = await world.act(
    async (tx) => (await recogniseDevice(tx, world.runtime.random, accountId, undefined)).token.reveal(),
    knownDays,
  );
  const id = await world.act(async (tx) => {
    const device = await recogniseDevice(tx, world.runtime.random, accountId, token);
    const source = { ip: "192.0.2.7", userAgent: "test" };
    const start = {
      accountId,
      kind: "subscriber",
      factors: ["password", "totp"],
      source,
      deviceId: device.id,
    } as const;
    return (await startSession(tx, world.runtime.random, start)).id;
  }, hoursAgo / 24);
  const now = world.runtime.clock.now();
  const session = (await listLiveSessions(world.db, accountId, new Date(now.getTime() - hoursAgo * 3600_000))).find(
    (one) => one.id === id,
  );
  assert(session);
  return { token, session };
}

async function asked(context: EvidenceContext) {
  const challenge = await world.challenge(context, "live-session");
  const { shown, offered } = numbersOf(challenge.value);
  return { challenge, shown, wrong: offered.find((one) => one !== shown) ?? 0 };
}

const answer = (
  context: EvidenceContext,
  { token, session }: { readonly token: string | undefined; readonly session: Session },
  challengeId: string,
  picked: number,
) => prove(world.runtime, context, "live-session", numberClaim(session, { challengeId, picked, deviceToken: token }));

test("numbers are three different ones of two digits, and one of them is shown", () => {
  const places = new Set<number>();
  check(
    property(string(), (value) => {
      const { shown, offered } = numbersOf(value);
      assert.equal(new Set(offered).size, 3);
      assert(offered.every((one) => Number.isInteger(one) && one >= 10 && one <= 99));
      assert(offered.includes(shown));
      places.add(offered.indexOf(shown));
      assert.deepEqual(numbersOf(value), { shown, offered });
    }),
  );
  assert.equal(places.size, 3, "its place says nothing");
});

describe("live session", () => {
  test("the right number in a browser known for months supports, bound since the browser is known", async () => {
    const alice = await world.register("ls-alice", "ls-alice@example.org");
    const here = await signedIn(alice, 100, 1);
    const context = world.openCase(alice);
    const { challenge, shown } = await asked(context);
    const finding = must(await answer(context, here, challenge.id, shown));
    assert.deepEqual([finding.verdict, finding.policyKind], ["supports", "live-session"]);
    assert.equal(finding.root, `device:${here.session.id}`);
    assert.equal(finding.nonceId, challenge.id);
    const days = (context.openedAt.getTime() - (finding.boundAt?.getTime() ?? 0)) / 86_400_000;
    assert(days > 99 && days < 101, "the age of the browser, not of the session");
    assert.equal(codeOf(await answer(context, here, challenge.id, shown)), "evidence/no-challenge", "once");
  });

  test("a thief's fresh browser, another browser than the session's, and a session begun since do not support", async () => {
    const alice = await world.register("ls-fresh", "ls-fresh@example.org");
    const context = world.openCase(alice);
    const young = await signedIn(alice, 1, 1);
    const first = await asked(context);
    const finding = must(await answer(context, young, first.challenge.id, first.shown));
    // The policy sets aside what was bound in the last seven days; that it is told the true date is what counts here.
    assert(finding.boundAt && context.openedAt.getTime() - finding.boundAt.getTime() < 7 * 86_400_000);

    const old = await signedIn(alice, 100, 1);
    for (const [token, session] of [
      [young.token, old.session],
      [undefined, old.session],
      [old.token, { ...old.session, deviceId: null }],
      [old.token, { ...old.session, startedAt: later(context, 1).now }],
    ] as const) {
      const fresh = world.openCase(alice);
      const next = await asked(fresh);
      const judged = must(await answer(fresh, { token, session }, next.challenge.id, next.shown));
      assert.equal(judged.verdict, "inconclusive", judged.reviewerText);
      assert.equal(judged.nonceId, next.challenge.id, "the number is used up all the same");
    }
  });

  test("a wrong number counts against, is gone, and the right one of the next question puts it right", async () => {
    const alice = await world.register("ls-wrong", "ls-wrong@example.org");
    const here = await signedIn(alice, 100, 1);
    const context = world.openCase(alice);
    const first = await asked(context);
    assert.equal(must(await answer(context, here, first.challenge.id, first.wrong)).verdict, "contradicts");
    assert.equal(codeOf(await answer(context, here, first.challenge.id, first.shown)), "evidence/no-challenge");
    const second = await asked(context);
    assert.equal(
      codeOf(await answer(context, here, first.challenge.id, second.shown)),
      "evidence/no-challenge",
      "the question that was on the page is another one",
    );
    // That was the third try of the case.
    assert.equal(codeOf(await answer(context, here, second.challenge.id, second.shown)), "evidence/too-many-tries");
    assert.deepEqual(
      (await listFindings(world.db, context.caseId)).map(({ verdict }) => verdict),
      ["contradicts"],
    );
  });

  test("a number runs out after ten minutes, belongs to its case, and of ten answers at once one is a finding", async () => {
    const alice = await world.register("ls-race", "ls-race@example.org");
    const here = await signedIn(alice, 100, 1);
    const [context, other] = [world.openCase(alice), world.openCase(alice)];
    const { challenge, shown } = await asked(context);
    assert.equal(codeOf(await answer(later(context, 11), here, challenge.id, shown)), "evidence/no-challenge");
    assert.equal(codeOf(await answer(other, here, challenge.id, shown)), "evidence/no-challenge");
    const answers = await Promise.all([1, 2].map(() => answer(context, here, challenge.id, shown)));
    assert.equal(answers.filter((one) => one.ok).length, 1);
  });

  test("“It is not me” spends the number and contradicts; a lock takes earlier support back", async () => {
    const alice = await world.register("ls-no", "ls-no@example.org");
    const here = await signedIn(alice, 100, 1);
    const context = world.openCase(alice);
    const deny = (at: EvidenceContext, challenge: Awaited<ReturnType<typeof asked>>["challenge"]) =>
      transact(world.db, { now: at.now }, (tx) => recordNotMe(tx, world.runtime, at, here.session, challenge));
    const { challenge, shown } = await asked(context);
    const [one, two] = await Promise.all([deny(context, challenge), deny(context, challenge)]);
    assert.equal([one, two].filter((each) => each.ok).length, 1);
    assert.equal(codeOf(await answer(context, here, challenge.id, shown)), "evidence/no-challenge");
    assert.deepEqual(
      (await listFindings(world.db, context.caseId)).map(({ verdict }) => verdict),
      ["contradicts"],
    );

    const again = world.openCase(alice);
    const next = await asked(again);
    const supported = must(await answer(again, here, next.challenge.id, next.shown));
    const rechecked = await transact(world.db, { now: again.now }, async (tx) => {
      await forgetDevices(tx, alice);
      const recheck = { findingId: supported.id, isObservedAgain: true, actor: { kind: "clock" } } as const;
      return ok(must(await recheckFinding(tx, world.runtime, again, recheck)));
    });
    assert.equal(must(rechecked).verdict, "inconclusive");
  });
});
