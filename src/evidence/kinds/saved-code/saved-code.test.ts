import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { burnCode, findAuthenticator, makeCodes, redeemCode } from "../../../authenticators/index.ts";
import { transact } from "../../../kernel/db/transact.ts";
import type { AccountId } from "../../../kernel/ids.ts";
import { ok } from "../../../kernel/result.ts";
import { type EvidenceContext, listFindings, loadBoard, prove, recheckFinding } from "../../index.ts";
import { codeOf, type EvidenceWorld, evidenceWorld, must } from "../../test-support.ts";

let world: EvidenceWorld;
before(async () => {
  world = await evidenceWorld();
});
after(() => world.close());

const codesFor = (id: AccountId, username: string, daysAgo = 400): Promise<readonly string[]> =>
  world.act(async (tx) => (await makeCodes(tx, world.runtime, { id, username })).reveal(), daysAgo);
const use = (id: AccountId, code: string): Promise<unknown> =>
  world.act(async (tx) => {
    const set = await findAuthenticator(tx, id, "recovery-codes");
    assert(set);
    return must(await redeemCode(tx, world.runtime, set, code));
  }, 30);
const show = (context: EvidenceContext, code: string | undefined, cannotSignIn = false) =>
  prove(world.runtime, context, "saved-code", { code, cannotSignIn });
const unusedOf = async (id: AccountId): Promise<number> => {
  const { rows } = await world.db.pool.query<{ n: number }>(
    `select count(*)::int as n from one_time_secrets
     where purpose = 'recovery-code' and subject = $1 and spent_at is null and revoked_at is null`,
    [id],
  );
  return rows[0]?.n ?? 0;
};

test("a used code and one of an older set show the sheet, and count once", async () => {
  const alice = await world.register("sc-alice", "sc-alice@example.org");
  const [old = ""] = await codesFor(alice, "sc-alice", 800);
  const [used = ""] = await codesFor(alice, "sc-alice", 400);
  await use(alice, used);
  const context = world.openCase(alice);
  for (const code of [used, ` ${old.toUpperCase().replaceAll("-", " ")}`]) {
    const finding = must(await show(context, code));
    assert.deepEqual([finding.verdict, finding.policyKind, finding.root], ["supports", "saved-code", "codes"]);
    assert(finding.boundAt && finding.boundAt < context.openedAt);
  }
  const standing = (await listFindings(world.db, context.caseId)).filter(({ verdict }) => verdict === "supports");
  assert.equal(standing.length, 1, "the second takes the place of the first");
  const { rows } = await world.db.pool.query<{ all: string }>(
    "select string_agg(row_to_json(findings)::text, '') as all from findings",
  );
  assert(!rows[0]?.all.toLowerCase().includes(used), "the code itself is kept nowhere");
});

test("an unused code signs in instead; only who cannot do that shows it here, and it is not used up", async () => {
  const alice = await world.register("sc-unused", "sc-unused@example.org");
  const [code = ""] = await codesFor(alice, "sc-unused");
  const context = world.openCase(alice);
  assert.equal(codeOf(await show(context, code)), "evidence/code-unused");
  assert.deepEqual(await listFindings(world.db, context.caseId), []);
  const finding = must(await show(context, code, true));
  assert.equal(finding.verdict, "supports");
  assert.match(finding.reviewerText, /unused.*neither password nor mailbox/u);
  assert.equal(await unusedOf(alice), 10);
});

test("somebody else's code and one of nobody count against, alike; a typing mistake costs no try", async () => {
  const [alice, bob] = [
    await world.register("sc-own", "sc-own@example.org"),
    await world.register("sc-other", "sc-other@example.org"),
  ];
  await codesFor(alice, "sc-own");
  const [bobs = ""] = await codesFor(bob, "sc-other");
  await use(bob, bobs);
  const nobodys = "lkrc-00000-00000-00000-00000-00000";
  const answers = [];
  for (const code of [bobs, nobodys]) {
    const context = world.openCase(alice);
    const { verdict, claimantText, reviewerText, root } = must(await show(context, code));
    answers.push({ verdict, claimantText, reviewerText, root });
  }
  assert.deepEqual(answers[0], answers[1]);
  assert.equal(answers[0]?.verdict, "contradicts");

  const context = world.openCase(alice);
  const mistyped = `${bobs.slice(0, -1)}${bobs.endsWith("0") ? "1" : "0"}`;
  for (const typed of [mistyped, "1234-5678", "", "x".repeat(200)])
    assert.equal(codeOf(await show(context, typed)), "evidence/bad-claim", typed);
  const card = (await loadBoard(world.db, world.runtime, context)).find(({ kindId }) => kindId === "saved-code");
  assert.equal(card?.triesLeft, 5);
  for (let tries = 0; tries < 5; tries += 1) must(await show(context, nobodys));
  assert.equal(codeOf(await show(context, nobodys)), "evidence/too-many-tries");
});

test("a code that was seen in public does not count, also when that is found out later", async () => {
  const alice = await world.register("sc-burned", "sc-burned@example.org");
  const [first = "", second = ""] = await codesFor(alice, "sc-burned");
  await world.act((tx) => burnCode(tx, world.runtime, first), 1);
  const context = world.openCase(alice);
  assert.equal(must(await show(context, first)).verdict, "inconclusive");
  const shown = must(await show(context, second, true));
  await world.act((tx) => burnCode(tx, world.runtime, second), 0);
  const again = await transact(world.db, { now: context.now }, async (tx) => {
    const recheck = { findingId: shown.id, isObservedAgain: true, actor: { kind: "clock" } } as const;
    return ok(must(await recheckFinding(tx, world.runtime, context, recheck)));
  });
  assert.equal(must(again).verdict, "inconclusive");
});
