import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Secret, TOTP, URI } from "otpauth";
import { findAccount } from "../../src/accounts/index.ts";
import { secret } from "../../src/kernel/secret.ts";
import {
  findCase,
  keepRestoration,
  object,
  peekRestoration,
  restoreAccount,
  reverseRestoration,
} from "../../src/recovery/index.ts";
import { must } from "../world/registry.ts";
import { objectionToken, passDays, readyCase, reviewer, stateOf, verdict } from "./cases.ts";
import { acts, openGround, SOURCE, type Subscriber, tally, times } from "./ground.ts";

/* Two people decide about a restoration that somebody objected to: at once, twice, and against each other. */

const ground = await openGround("disputed races");
const { runtime } = ground;
const now = () => runtime.clock.now();
const dana = await reviewer(ground, "dana");
const erin = await reviewer(ground, "erin");
const fred = await reviewer(ground, "fred");

/** A case to which somebody objected after it was completed. */
async function disputed(who: Subscriber) {
  passDays(ground);
  const { id, token, bearer } = await readyCase(ground, who);
  const form = must(await peekRestoration(runtime, token, bearer, now()));
  const totp = URI.parse(form.enrolment.uri.reveal());
  assert(totp instanceof TOTP && totp.secret instanceof Secret);
  const code = totp.generate({ timestamp: now().getTime() });
  const restoration = {
    token,
    bearer,
    password: secret("juniper-kettle-granite-orchard-31"),
    secondFactor: { kind: "totp", code } as const,
    source: SOURCE,
    now: now(),
  };
  const objection = await objectionToken(ground, who);
  must(await restoreAccount(runtime, restoration, async () => {}));
  must(await object(runtime, objection, now()));
  assert.equal(await stateOf(ground, id), "disputed");
  return id;
}

describe("a restoration that somebody objected to", () => {
  after(() => ground.close());

  test("ten presses of one person are one verdict, and decide nothing", async () => {
    const who = await ground.subscriber("pressed");
    const id = await disputed(who);
    const outcomes = await ground.collide(
      "recovery_cases, recovery_reviews",
      times(10, () => () => reverseRestoration(runtime, id, dana, verdict("pressed", "disputed"), now())),
    );
    assert.equal(outcomes.filter((one) => one.ok).length, 1, JSON.stringify(tally(outcomes)));
    assert.equal(await stateOf(ground, id), "disputed-second");
    assert((await findAccount(runtime.db, who.account.id))?.frozen);
  });

  test("two at once who agree on what they saw: one is first, the other is told that the case moved on", async () => {
    const who = await ground.subscriber("agreed");
    const id = await disputed(who);
    const outcomes = await ground.collide("recovery_cases, recovery_reviews", [
      () => keepRestoration(runtime, id, dana, verdict("agreed", "disputed"), now()),
      () => keepRestoration(runtime, id, erin, verdict("agreed", "disputed"), now()),
    ]);
    assert.deepEqual(tally(outcomes), { ok: 1, "recovery/case-changed": 1 });
    assert.equal(await stateOf(ground, id), "disputed-second");
  });

  test("two at once who decide it differently: one does, and nothing of the other is left", async () => {
    for (const first of ["keep", "reverse"] as const) {
      const who = await ground.subscriber(`split-${first}`);
      const name = who.account.username;
      const id = await disputed(who);
      must(
        await (first === "keep" ? keepRestoration : reverseRestoration)(
          runtime,
          id,
          dana,
          verdict(name, "disputed"),
          now(),
        ),
      );
      const outcomes = await ground.collide("recovery_cases, recovery_reviews", [
        () => keepRestoration(runtime, id, erin, verdict(name, "disputed-second"), now()),
        () => reverseRestoration(runtime, id, fred, verdict(name, "disputed-second"), now()),
      ]);
      assert(outcomes.filter((one) => one.ok).length >= 1);
      const state = await stateOf(ground, id);
      assert.equal(state, first === "keep" ? "restored" : "reversed", "two of three said so");
      const account = await findAccount(runtime.db, who.account.id);
      assert.equal(account?.frozen === null, first === "keep");
      assert.equal(await acts(ground, who.account, "recovery/authenticators-revoked"), first === "keep" ? 0 : 1);
      assert.equal((await findCase(runtime.db, id))?.endedBecause, first === "keep" ? "restored" : "reversed");
    }
  });
});
