import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import { weighUndelivered } from "../../src/accounts/index.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { loadKeyring } from "../../src/kernel/crypto/keyring.ts";
import { makeLog } from "../../src/kernel/log.ts";
import { systemRandom } from "../../src/kernel/random.ts";
import { deliverDue, type MailTransport, outboxDepth } from "../../src/notifications/index.ts";
import { caseLifecycle, type CaseState, policy as policies, sweepClocks } from "../../src/recovery/index.ts";
import { maintainer, reviewer } from "../races/cases.ts";
import { groundOn } from "../races/ground.ts";
import { prepareStage } from "../world/case-life.ts";
import { brokenPromises } from "../world/case-truth.ts";
import { testDatabase } from "../world/database.ts";
import { ROOT, start } from "../world/process.ts";

/*
 * Processes that work on recovery cases are killed at two hundred random moments, three at a time beside each other.
 * Whatever they said was done is there; nothing is half there, and nothing was done twice. KILLS sets how many.
 */

const KILLS = Number(process.env["KILLS"] ?? 200);
const SIDE_BY_SIDE = 3;
/** How long a process lives once it has begun, in milliseconds. */
const LIFE = [5, 700] as const;
/** How far the clock goes on between one process and the next, in milliseconds. */
const STEP = 6 * 3600_000;
const WORKER = join(ROOT, "test", "world", "case-worker.ts");
const POLICY = "policy/demo.json";
const DAY = 24 * 3600_000;

interface Said {
  readonly name: string;
  readonly caseId: string;
}

/** The act of the audit log that each of these leaves in its case, every time. */
const LEAVES: Readonly<Record<string, string>> = {
  "open from the stuck screen": "recovery/case-opened",
  "open as a stranger": "recovery/case-opened",
  "confirm the mailbox": "recovery/contact-confirmed",
  write: "recovery/message-written",
  withdraw: "recovery/withdraw",
  reopen: "recovery/reopen",
  appeal: "recovery/appeal",
  "ask for more": "recovery/request-information",
  refuse: "recovery/refuse",
  "report an incident": "recovery/report-incident",
  resume: "recovery/resume",
  restore: "recovery/restore",
};

test("killed at two hundred moments, nothing is lost and nothing done twice", { timeout: 580_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "locksmith-kills-"));
  const database = await testDatabase();
  try {
    const keyFile = join(folder, "keys.json");
    const loaded = await policies.loadPolicy(join(ROOT, POLICY));
    assert(loaded.ok);
    let ahead = 0;
    const clock = {
      now: () => new Date(systemClock.now().getTime() + ahead),
      advance: (milliseconds: number) => {
        ahead += milliseconds;
      },
    };
    const runtime = {
      db: database.db,
      clock,
      random: systemRandom,
      keys: await loadKeyring(keyFile, systemRandom),
      log: makeLog("error", () => undefined),
      publicUrl: new URL("http://127.0.0.1:8480"),
      indexName: "the test index",
      policy: loaded.value,
    };
    const place = await groundOn(runtime, database.connectionString);
    const subscribers = ["alice", "bob", "carol", "dora", "emil", "frida", "gregor", "hanna"];
    const reviewers = ["rosa", "sven", "tilda"];
    clock.advance(-40 * DAY);
    for (const [at, name] of subscribers.entries()) await maintainer(place, name, at % 2 === 0 ? 0 : 200_000);
    for (const name of reviewers) await reviewer(place, name);
    clock.advance(40 * DAY);
    await prepareStage(runtime);

    const settings = {
      url: database.connectionString,
      keyFile,
      policyFile: join(ROOT, POLICY),
      subscribers,
      reviewers,
    };
    const said: Said[] = [];
    let killed = 0;
    const lane = async (): Promise<void> => {
      while (killed < KILLS) {
        killed += 1;
        clock.advance(STEP);
        const worker = start([WORKER, JSON.stringify({ ...settings, ahead })], {
          environment: { NODE_COMPILE_CACHE: join(folder, "compiled") },
        });
        await worker.says(/begun\n/);
        await delay(randomInt(...LIFE));
        worker.kill("SIGKILL");
        const { stdout, stderr, signal } = await worker.ended;
        assert.equal(signal, "SIGKILL", `it ended by itself: ${stderr}`);
        const lines = stdout.slice(0, stdout.lastIndexOf("\n")).split("\n"); // the last line may be cut off
        said.push(...lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Said));
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));

    assert.deepEqual(await brokenPromises(database.db, POLICY), []);
    await checkSaid(database.db.root, said);
    // Whoever comes after them goes on where they were: every mail goes out, and every wait ends.
    const sent = new Map<string, number>();
    const transport: MailTransport = {
      name: "smtp",
      send: async ({ id }) => {
        sent.set(id, (sent.get(id) ?? 0) + 1);
        return { kind: "accepted", by: "mx.example", answer: "250 taken" };
      },
      close: async () => {},
    };
    for (const pass of [3600_000, DAY, 40 * DAY, 100 * DAY]) {
      clock.advance(pass);
      for (let times = 0; times < 3; times += 1) await sweepClocks(runtime, clock.now());
      await deliverDue(runtime, transport, weighUndelivered);
    }
    assert.deepEqual(await brokenPromises(database.db, POLICY), []);
    assert.equal((await outboxDepth(database.db)).waiting, 0, "no mail is left behind");
    assert.deepEqual(
      [...sent.values()].filter((times) => times !== 1),
      [],
      "each of them went out once",
    );
    const { rows } = await sql<{ state: CaseState; n: string }>`
      select state, count(*) as n from recovery_cases group by state`.execute(database.db.root);
    for (const { state } of rows)
      assert(["nobody", "reviewer"].includes(caseLifecycle.states[state].next), `cases stay ${state}`);
    const done = Map.groupBy(said, ({ name }) => name);
    for (const name of ["open from the stuck screen", "confirm the mailbox", "restore"])
      assert(KILLS < 100 || done.has(name), `nobody did: ${name}`);
  } finally {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
});

/** Each act that was said to be done has left its event, as often as it was said or more: some were killed before they said it. */
async function checkSaid(db: Parameters<ReturnType<typeof sql>["execute"]>[0], said: readonly Said[]): Promise<void> {
  for (const [caseId, ofCase] of Map.groupBy(said, (one) => one.caseId)) {
    const { rows } = await sql<{ act: string; n: string }>`
      select act, count(*) as n from audit_events where case_id = ${caseId} group by act`.execute(db);
    const left = new Map(rows.map((row) => [row.act, Number(row.n)]));
    for (const [name, times] of Map.groupBy(ofCase, (one) => one.name)) {
      const event = LEAVES[name];
      // The same words again, and a mailbox confirmed again, are one act.
      const least = name === "write" || name === "confirm the mailbox" ? 1 : times.length;
      if (event !== undefined)
        assert((left.get(event) ?? 0) >= least, `${name} in ${caseId}: said ${times.length} times`);
    }
  }
}
