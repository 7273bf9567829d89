import { join } from "node:path";
import { findAccount } from "../src/accounts/index.ts";
import { kinds } from "../src/evidence/index.ts";
import { openDatabase } from "../src/kernel/db/database.ts";
import type { CaseId } from "../src/kernel/ids.ts";
import {
  caseBoard,
  decideNow,
  findCase,
  policy as policies,
  recheckPending,
  type RecoveryRuntime,
} from "../src/recovery/index.ts";
import { fillAccounts } from "./support/fill.ts";
import { fillCases, fillIndex } from "./support/fill-index.ts";
import { type Installation, ROOT, withInstallation } from "./support/installation.ts";
import { makePeople } from "./support/people.ts";
import { cpuOfFamily } from "./support/processes.ts";
import { mebibytes, median, milliseconds, quantile } from "./support/statistics.ts";
import type { Benchmark, Progress, Report } from "./support/types.ts";

/** The sizes of the goal with BENCH_FULL=1; a tenth of them without, since filling a whole index takes many minutes. */
const IS_FULL = process.env["BENCH_FULL"] === "1";
const ACCOUNTS = IS_FULL ? 1_000_000 : 100_000;
const PROJECTS = IS_FULL ? 500_000 : 50_000;
const OWNERS = IS_FULL ? 400_000 : 40_000;
const CASES = 10_000;
/** Cases with a proof of every kind: the ones that are assessed. */
const WHOLE = 550;
const WARM_UP = 50;
const ASSESSED = WHOLE - WARM_UP;
const GOAL_MS = 20;
const MOST_GROWTH = 64 * 2 ** 20;
const POOL = 6;
const DAY_MS = 24 * 3600_000;

interface Figures {
  readonly files: number;
  readonly decided: readonly number[];
  readonly boards: readonly number[];
  /** Milliseconds of processor time for one assessment, on average. */
  readonly cpu: number;
  readonly nights: readonly NightFigures[];
}

interface NightFigures {
  readonly label: string;
  readonly seconds: number;
  readonly weighed: number;
  readonly failed: number;
  /** Bytes of heap at the most, above what it was before. */
  readonly growth: number;
}

export const evidenceBenchmark: Benchmark = {
  name: "evidence",
  title: `Judging cases among ${ACCOUNTS.toLocaleString("en-GB")} accounts`,
  about: [
    `${ACCOUNTS.toLocaleString("en-GB")} accounts, ${PROJECTS.toLocaleString("en-GB")} projects with 16 files each, and ${CASES.toLocaleString("en-GB")} pending cases, written by SQL in bulk: ${WHOLE} of them with a proof of each of the ${kinds.length} kinds there are, the others with four that rest on what is really there. ${IS_FULL ? "" : "These are a tenth of the accounts and files of the goal; BENCH_FULL=1 measures with all of them."}`,
    "Assessing a case is what every proof and every look at the case page costs the server besides the request itself: reading findings, impact and channels, weighing, deciding (as `decideNow` does), and the board with its order and advice (as `caseBoard` does). Each case is another one, one after the other. Processor time is that of this process and of the database, on average: where the machine is busy with other things, the times hold its waiting too.",
    `Then two nights of looking again at all of it. In the first the ${WHOLE} cases with everything are weighed anew, as most of their proofs rest on rows that are not there; in the second all is as it was. Memory is that of the process that does it, as its garbage collector left it.`,
  ],
  run: (progress) => withInstallation((installation) => measure(installation, progress)),
};

async function measure(installation: Installation, progress: Progress): Promise<Report> {
  const { connectionString } = installation;
  await makePeople(installation.runtime, 1); // whose password the others are given
  const loaded = await policies.loadPolicy(join(ROOT, "policy", "default.json"));
  if (!loaded.ok) throw new Error("The policy does not load.");
  const startedAt = performance.now();
  await fillAccounts(connectionString, 1, ACCOUNTS);
  const files = await fillIndex(connectionString, PROJECTS, OWNERS);
  await fillCases(connectionString, CASES, WHOLE);
  progress(
    `filled with ${files.toLocaleString("en-GB")} files in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
  );
  const db = openDatabase({ connectionString, poolSize: POOL });
  try {
    const runtime: RecoveryRuntime = { ...installation.runtime, db, policy: loaded.value };
    const { decided, boards, cpu } = await assess(runtime, installation.server.databasePid, progress);
    const now = new Date();
    const nights = [
      await night(runtime, `${WHOLE} cases weighed anew`, now, progress),
      await night(runtime, "all as it was", new Date(now.getTime() + DAY_MS), progress),
    ];
    return report({ files, decided, boards, cpu, nights });
  } finally {
    await db.close();
  }
}

/** Milliseconds of processor time so far, of this process and the database. */
const cpuNow = async (databasePid: number): Promise<number> => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000 + (await cpuOfFamily(databasePid));
};

async function assess(runtime: RecoveryRuntime, databasePid: number, progress: Progress) {
  const { rows } = await runtime.db.pool.query<{ id: CaseId }>("select id from recovery_cases order by id limit $1", [
    WHOLE,
  ]);
  const decided: number[] = [];
  let cpuBefore = 0;
  const boards: number[] = [];
  const now = new Date();
  for (const [at, { id }] of rows.entries()) {
    if (at === WARM_UP) cpuBefore = await cpuNow(databasePid);
    const startedAt = performance.now();
    const recoveryCase = await findCase(runtime.db, id);
    const account = recoveryCase?.accountId ? await findAccount(runtime.db, recoveryCase.accountId) : null;
    if (!recoveryCase || !account) throw new Error(`Case ${id} has no account.`);
    const decision = await decideNow(runtime.db, runtime, recoveryCase, account, now);
    const decidedAt = performance.now();
    const board = await caseBoard(runtime, { ...recoveryCase, decision }, now);
    if (!board || board.cards.length < kinds.length) throw new Error(`Case ${id} has no whole board.`);
    const endedAt = performance.now();
    if (at < WARM_UP) continue;
    decided.push(decidedAt - startedAt);
    boards.push(endedAt - decidedAt);
  }
  const cpu = ((await cpuNow(databasePid)) - cpuBefore) / decided.length;
  const both = decided.map((one, at) => one + (boards[at] ?? 0));
  progress(
    `assessed ${both.length}: median ${milliseconds(median(both))}, 95th percentile ${milliseconds(quantile(both, 0.95))}`,
  );
  return { decided, boards, cpu };
}

const SAMPLE_EVERY_MS = 50;

async function night(runtime: RecoveryRuntime, label: string, now: Date, progress: Progress): Promise<NightFigures> {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let most = before;
  const sampling = setInterval(() => {
    most = Math.max(most, process.memoryUsage().heapUsed);
  }, SAMPLE_EVERY_MS);
  const startedAt = performance.now();
  const { cases, weighed, failed } = await recheckPending(runtime, now);
  const seconds = (performance.now() - startedAt) / 1000;
  clearInterval(sampling);
  if (cases !== CASES) throw new Error(`${cases} cases were looked at.`);
  progress(`${label}: ${seconds.toFixed(1)} s, ${weighed} weighed, ${mebibytes(most - before)} more heap at the most`);
  return { label, seconds, weighed, failed, growth: most - before };
}

function report({ files, decided, boards, cpu, nights }: Figures): Report {
  const both = decided.map((one, at) => one + (boards[at] ?? 0));
  const row = (label: string, values: readonly number[]) => [
    label,
    milliseconds(median(values)),
    milliseconds(quantile(values, 0.95)),
    milliseconds(Math.max(...values)),
  ];
  const slowest = Math.max(...nights.map(({ seconds }) => seconds));
  const growth = Math.max(...nights.map((one) => one.growth));
  const sizes = `${ACCOUNTS.toLocaleString("en-GB")} accounts and ${files.toLocaleString("en-GB")} files`;
  return {
    tables: [
      {
        caption: `${ASSESSED.toLocaleString("en-GB")} cases, each assessed once, among ${sizes}`,
        columns: ["", "median", "95th percentile", "longest"],
        rows: [
          row("weighing and deciding", decided),
          row("the board", boards),
          row("together", both),
          ["processor time of both", milliseconds(cpu), "", ""],
        ],
      },
      {
        caption: `Looking again at ${CASES.toLocaleString("en-GB")} pending cases `,
        columns: ["", "took", "cases a second", "weighed anew", "failed", "more heap, at the most"],
        rows: nights.map((one) => [
          one.label,
          `${one.seconds.toFixed(1)} s`,
          (CASES / one.seconds).toFixed(0),
          one.weighed.toLocaleString("en-GB"),
          String(one.failed),
          mebibytes(one.growth),
        ]),
      },
    ],
    goals: [
      {
        what: `assessing a whole case, all kinds present, ${sizes}: 95th percentile`,
        goal: `at most ${GOAL_MS} ms${IS_FULL ? "" : " among 1,000,000 accounts and 8,000,000 files"}`,
        measured: milliseconds(quantile(both, 0.95)),
        isReached: quantile(both, 0.95) <= GOAL_MS,
      },
      {
        what: `${CASES.toLocaleString("en-GB")} pending cases looked at again, four at a time: more heap at the most`,
        goal: `at most ${mebibytes(MOST_GROWTH)}`,
        measured: `${mebibytes(growth)}, in ${slowest.toFixed(0)} s`,
        isReached: growth <= MOST_GROWTH,
      },
    ],
    meaning: [
      "Every statement of an assessment finds its rows by the account or the case, so that it matters little how many there are. The nightly look holds a hundred cases in memory at a time and four in work, whatever waits.",
    ],
  };
}
