import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ServerProcess, startServer } from "./support/installation.ts";
import { familyShareOfMemory, shareOfMemory } from "./support/processes.ts";
import { median, mebibytes, spread } from "./support/statistics.ts";
import type { Benchmark, Report } from "./support/types.ts";

const ROUNDS = 5;
const IDLE_MILLISECONDS = 4_000;
const GOAL_SECONDS = 3;

interface Round {
  /** Milliseconds from the start of the process until the first page was read. */
  readonly firstPage: number;
  readonly serverBytes: number;
  readonly databaseBytes: number;
}

export const startBenchmark: Benchmark = {
  name: "start",
  title: "Starting",
  about: [
    "From the start of the process (`node src/bin/server.ts`, which is all that `npm start` runs) on a data folder that is there already, until the start page has been read: Node and the sources, PostgreSQL, schema, keys, policy, jobs, web server. Then resident memory after four seconds in which nobody asked for anything.",
  ],
  run: async (progress) => {
    const folder = await mkdtemp(join(tmpdir(), "locksmith-bench-"));
    const data = join(folder, "data");
    try {
      const made = await startServer(data);
      const first = await firstPage(made, performance.now() - made.startedIn);
      await made.stop();
      progress(`first start, which makes the data folder: ${(first / 1000).toFixed(2)} s`);
      const rounds: Round[] = [];
      while (rounds.length < ROUNDS) {
        const round = await measureRound(data);
        rounds.push(round);
        progress(
          `round ${rounds.length} of ${ROUNDS}: ${(round.firstPage / 1000).toFixed(2)} s, ${mebibytes(round.serverBytes)}`,
        );
      }
      return report(rounds, first);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measureRound(data: string): Promise<Round> {
  const startedAt = performance.now();
  const server = await startServer(data);
  try {
    const took = await firstPage(server, startedAt);
    await delay(IDLE_MILLISECONDS);
    return {
      firstPage: took,
      serverBytes: await shareOfMemory(server.pid),
      databaseBytes: await familyShareOfMemory(server.databasePid),
    };
  } finally {
    await server.stop();
  }
}

async function firstPage(server: ServerProcess, startedAt: number): Promise<number> {
  const page = await fetch(server.origin);
  const text = await page.text();
  if (page.status !== 200 || !text.includes("<h1>")) throw new Error(`The start page is not there: ${page.status}`);
  return performance.now() - startedAt;
}

function report(rounds: readonly Round[], first: number): Report {
  const seconds = (value: number) => `${(value / 1000).toFixed(2)} s`;
  const pages = rounds.map((round) => round.firstPage);
  const server = median(rounds.map((round) => round.serverBytes));
  const database = median(rounds.map((round) => round.databaseBytes));
  return {
    tables: [
      {
        caption: `Medians of ${rounds.length} starts, with the least and the most`,
        columns: ["first page, data folder there", "first page, new data folder", "server, idle", "PostgreSQL, idle"],
        rows: [
          [
            spread(pages, seconds),
            seconds(first),
            spread(
              rounds.map((round) => round.serverBytes),
              mebibytes,
            ),
            spread(
              rounds.map((round) => round.databaseBytes),
              mebibytes,
            ),
          ],
        ],
      },
    ],
    goals: [
      {
        what: "from start to first page on an existing data folder",
        goal: `at most ${GOAL_SECONDS} s`,
        measured: seconds(median(pages)),
        isReached: median(pages) <= GOAL_SECONDS * 1000,
      },
    ],
    meaning: [
      `That is ${(median(pages) / 1000 / GOAL_SECONDS).toFixed(2)} of the time allowed. Together ${mebibytes(server + database)} stay resident, pages that processes share counted once (PSS).`,
    ],
  };
}
