import assert from "node:assert/strict";
import { describe, mock } from "node:test";
import { jobs } from "../../src/app/jobs.ts";
import type { App } from "../../src/app/start.ts";
import { signIn } from "../../src/bin/demo/person.ts";
import { confirmContact, openFromForm, openFromStuckScreen, proveApiToken } from "../../src/bin/demo/recovery.ts";
import { findKind } from "../../src/evidence/index.ts";
import { runDue } from "../../src/kernel/jobs/index.ts";
import { recheckPending } from "../../src/recovery/index.ts";
import { accountIdOf, DAY, elsewhere, HOUR, maintainer, stateOf } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* Proofs of pending cases are looked at again every night, and findings expire. */

const night = (world: World) => recheckPending(world.runtime, world.time.now());
const findingsOf = async (world: World, kind: string) => {
  const { rows } = await world.runtime.db.pool.query<{ verdict: string; replaced: boolean; checked: boolean }>(
    `select verdict, replaced_at is not null as replaced, checked_at is not null as checked
     from findings where kind = $1 order by id`,
    [kind],
  );
  return rows;
};
const rootsOf = async (world: World, number: string): Promise<number> => {
  const { rows } = await world.runtime.db.pool.query<{ roots: number }>(
    "select (decision->>'rootsReached')::int as roots from recovery_cases where number = $1",
    [number],
  );
  return rows[0]?.roots ?? -1;
};
const eventsOf = async (world: World, act: string): Promise<number> => {
  const { rows } = await world.runtime.db.pool.query<{ n: number }>(
    "select count(*)::int as n from audit_events where act = $1",
    [act],
  );
  return rows[0]?.n ?? -1;
};

describe("the nightly look", () => {
  story(
    "leaves alone what is as it was, without a row or an event, and once a night",
    { seed: "night-same" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(30 * DAY);
      const lost = elsewhere(world, alice);
      const { number } = await openFromForm(lost, { username: "alice", contact: alice.address });
      await confirmContact(world, lost, number);
      assert.deepEqual(await night(world), { cases: 1, weighed: 0, failed: 0 });
      assert.equal((await findingsOf(world, "mailbox"))[0]?.checked, false, "a proof of today is not looked at again");
      await world.pass(21 * HOUR);
      assert.deepEqual(await night(world), { cases: 1, weighed: 0, failed: 0 });
      assert.deepEqual(await findingsOf(world, "mailbox"), [{ verdict: "supports", replaced: false, checked: true }]);
      assert.equal(await eventsOf(world, "evidence/finding-rechecked"), 0);
      assert.equal(await eventsOf(world, "recovery/weighed-again"), 0);
      const job = jobs({ policy: world.runtime.policy } as App).find(({ name }) => name === "recovery-recheck"); // it needs no more of it
      assert.equal(job?.every, "13 1 * * *");
      if (job) await runDue(world.runtime, [job]);
    },
  );

  story(
    "what has changed is judged anew: a grant of the machine is taken back, also while its wait runs",
    { seed: "night-changed" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(30 * DAY);
      const lost = elsewhere(world, alice);
      const { number } = await openFromForm(lost, { username: "alice", contact: alice.address });
      await confirmContact(world, lost, number);
      const { status } = await proveApiToken(world, lost);
      assert.equal(status, 200);
      const before = await rootsOf(world, number);
      assert.equal(before, 2);
      const granted = await stateOf(world, number);
      // The token turns up in public and is revoked: it shows nothing any more.
      await world.runtime.db.pool.query(
        "update api_tokens set revoked_at = $1, revoked_because = 'seen in public' where account_id = $2",
        [world.time.now(), await accountIdOf(world, "alice")],
      );
      await world.pass(21 * HOUR);
      if ((await stateOf(world, number)) !== granted) assert.fail("the case moved on before the night");
      assert.equal((await night(world)).weighed, 1);
      assert.equal(await rootsOf(world, number), 1);
      assert.deepEqual(await findingsOf(world, "api-token"), [
        { verdict: "supports", replaced: true, checked: false },
        { verdict: "inconclusive", replaced: false, checked: false },
      ]);
      assert.equal(await eventsOf(world, "recovery/weighed-again"), 1);
      assert.equal(await stateOf(world, number), "collecting");
      const runs = await Promise.all([night(world), night(world)]);
      assert(
        runs.every(({ weighed }) => weighed === 0),
        "and once",
      );
    },
  );

  story("a finding that has expired is weighed out, once", { seed: "night-expired" }, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    await signIn(alice);
    await world.pass(30 * DAY);
    const lost = elsewhere(world, alice);
    const { number } = await openFromStuckScreen(lost, "elsewhere@elsewhere.example");
    await confirmContact(world, lost, number, "elsewhere@elsewhere.example");
    assert.equal(await rootsOf(world, number), 1, "the password, typed at sign-in");
    await world.runtime.db.pool.query("update recovery_cases set expires_at = $1", [
      new Date(world.time.now().getTime() + 300 * DAY),
    ]);
    await world.pass(29 * DAY);
    await night(world); // where the case was opened from counts for a week, and is weighed out now
    assert.equal(await rootsOf(world, number), 1);
    await world.pass(2 * DAY);
    assert.equal((await night(world)).weighed, 1);
    assert.equal(await rootsOf(world, number), 0);
    await world.pass(DAY);
    assert.equal((await night(world)).weighed, 0, "it is not looked at for ever");
  });

  story("a case that cannot be looked at does not stop the others", { seed: "night-broken" }, async (world) => {
    const people = [await maintainer(world, "alice", "alpenglow"), await maintainer(world, "bob", "bedrock")];
    await world.pass(20 * DAY);
    for (const person of people) {
      const lost = elsewhere(world, person);
      const { number } = await openFromForm(lost, { username: person.username, contact: person.address });
      await confirmContact(world, lost, number);
    }
    await world.pass(21 * HOUR);
    const kind = findKind("mailbox");
    assert(kind);
    const observeAgain = kind.observeAgain.bind(kind);
    let isFirst = true;
    // A service of somebody else's that breaks: no kind of today's asks one, so it is played here.
    const broken = mock.method(kind, "observeAgain", (...asked: Parameters<typeof observeAgain>) => {
      if (!isFirst) return observeAgain(...asked);
      isFirst = false;
      throw new Error("away");
    });
    try {
      assert.deepEqual(await night(world), { cases: 2, weighed: 0, failed: 1 });
    } finally {
      broken.mock.restore();
    }
    const checked = (await findingsOf(world, "mailbox")).filter((one) => one.checked);
    assert.equal(checked.length, 1, "the other was looked at");
    assert.deepEqual(await night(world), { cases: 2, weighed: 0, failed: 0 });
    assert(
      (await findingsOf(world, "mailbox")).every((one) => one.checked),
      "and the next night the first one too",
    );
  });
});
