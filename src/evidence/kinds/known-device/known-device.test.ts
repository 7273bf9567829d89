import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AccountId } from "../../../kernel/ids.ts";
import { forgetDevices, recogniseDevice } from "../../../sessions/index.ts";
import { type EvidenceContext, prove } from "../../index.ts";
import { codeOf, type EvidenceWorld, evidenceWorld, must } from "../../test-support.ts";

let world: EvidenceWorld;
before(async () => {
  world = await evidenceWorld();
});
after(() => world.close());

const signIn = (accountId: AccountId, daysAgo: number, cookie?: string): Promise<string> =>
  world.act(async (tx) => (await recogniseDevice(tx, world.runtime.random, accountId, cookie)).token.reveal(), daysAgo);
const look = (context: EvidenceContext, device?: string) =>
  prove(world.runtime, context, "known-device", device === undefined ? {} : { device });

test("a browser the account was signed in with supports, bound since the first time", async () => {
  const alice = await world.register("kd-alice", "kd-alice@example.org");
  const cookie = await signIn(alice, 90);
  await signIn(alice, 2, cookie);
  const context = world.openCase(alice);
  const finding = must(await look(context, cookie));
  assert.deepEqual([finding.verdict, finding.policyKind], ["supports", "known-device"]);
  assert.match(finding.root, /^device:dev_/);
  const days = (context.openedAt.getTime() - (finding.boundAt?.getTime() ?? 0)) / 86_400_000;
  assert(days > 89 && days < 91);
});

test("a browser without a cookie shows nothing, one of other accounts counts against, and both are told alike", async () => {
  const [alice, bob] = [
    await world.register("kd-own", "kd-own@example.org"),
    await world.register("kd-bob", "kd-bob@example.org"),
  ];
  const bobs = await signIn(bob, 90);
  const context = world.openCase(alice);
  assert.equal(must(await look(context, bobs)).verdict, "inconclusive", "no browser of hers is known to compare with");
  await signIn(alice, 90);
  const other = must(await look(context, bobs));
  const none = must(await look(world.openCase(alice)));
  assert.deepEqual([other.verdict, none.verdict], ["contradicts", "inconclusive"]);
  assert.equal(other.claimantText, none.claimantText);
  await world.act((tx) => forgetDevices(tx, alice), 0);
  assert.equal(must(await look(world.openCase(alice), bobs)).verdict, "inconclusive", "after a lock nothing is known");
});

test("made-up cookies are nobody's, and tries are bounded", async () => {
  const context = world.openCase(await world.register("kd-flood", "kd-flood@example.org"));
  for (const cookie of ["", "x".repeat(43), "a b"])
    assert.notEqual(must(await look(context, cookie)).verdict, "supports");
  assert.equal(codeOf(await look(context, "x".repeat(65))), "evidence/bad-claim");
  assert.equal(codeOf(await look(context, "")), "evidence/too-many-tries");
});
