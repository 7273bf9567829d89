import { checkCode, countCodeAttempt } from "../src/authenticators/index.ts";
import { measureArgon2 } from "./support/argon2.ts";
import { redeem, type Started, startSignIn } from "./support/ceremony.ts";
import { type Client, openClient } from "./support/client.ts";
import { type Cpu, type Installation, withCpu, withInstallation } from "./support/installation.ts";
import { type BenchPerson, makePeople, must } from "./support/people.ts";
import { median, milliseconds, quantile, ratio } from "./support/statistics.ts";
import type { Benchmark, Report } from "./support/types.ts";

const ROUNDS = 4;
const REDEMPTIONS = 100;
const CHECKS = 300;
const CLIENTS = [1, 8] as const;
/** Recovery codes kept as argon2id hashes are tried one after the other: eight of them where the right one is the last. */
const HASHES = 8;
const COST = { memoryCost: 1024, timeCost: 6, parallelism: 6 } as const;
const GOAL = 50;

interface Measured {
  /** Milliseconds of each redemption as the client sees it. */
  readonly took: readonly number[];
  readonly perSecond: number;
  readonly cpu: Cpu;
}

interface Round {
  readonly hashesWall: number;
  readonly hashesCpu: number;
  /** Milliseconds of the check alone. */
  readonly check: number;
  readonly levels: readonly Measured[];
}

export const recoveryCodesBenchmark: Benchmark = {
  name: "recovery-codes",
  title: "Redeeming a recovery code",
  about: [
    "The second step of a sign-in with a recovery code, over HTTP, until the answer is read: session of the first step, attempt counted and committed, code found by its keyed digest and spent, replacement issued, session made, audit event chained, durable commit, page with the replacement. The password step before it is not counted.",
    `The yardstick is ${HASHES} bare argon2id verifications at m=${COST.memoryCost} KiB, t=${COST.timeCost}, p=${COST.parallelism}, without any server around them: what a set of codes costs that is kept as slow hashes. Ours are 120 random bits, for which SP 800-63B-4 §3.1.2.2 allows a fast keyed hash.`,
  ],
  run: async (progress) =>
    withInstallation(async (installation) => {
      const rounds: Round[] = [];
      while (rounds.length < ROUNDS) {
        const before = await measureArgon2(COST, 1, 1);
        const levels: Measured[] = [];
        for (const clients of CLIENTS) levels.push(await measureLevel(installation, clients));
        rounds.push({
          hashesWall: before.wallMilliseconds * HASHES,
          hashesCpu: before.cpuMilliseconds * HASHES,
          check: await measureCheck(installation),
          levels,
        });
        const wall = median(levels[0]?.took ?? []);
        progress(
          `round ${rounds.length} of ${ROUNDS}: ${milliseconds(wall)} a redemption, ${milliseconds(before.wallMilliseconds * HASHES)} for ${HASHES} hashes`,
        );
      }
      return report(rounds);
    }),
};

/** What takes the place of the slow hashes: reading the typed code, its keyed digest, and one indexed read. */
async function measureCheck({ runtime }: Installation): Promise<number> {
  const [person] = await makePeople(runtime, 1, { withCodes: true });
  if (!person) throw new Error("Nobody was made.");
  const set = must(await countCodeAttempt(runtime, person.id, runtime.clock.now()));
  const took: number[] = [];
  while (took.length < CHECKS) {
    const startedAt = performance.now();
    must(await checkCode(runtime, set, person.codes[took.length % person.codes.length] ?? ""));
    took.push(performance.now() - startedAt);
  }
  return median(took);
}

async function measureLevel(installation: Installation, clients: number): Promise<Measured> {
  const { server, runtime } = installation;
  const people = await makePeople(runtime, REDEMPTIONS, { withCodes: true });
  const browsers = Array.from({ length: clients }, () => openClient(server.origin));
  const started = await startAll(browsers, installation, people);
  const took: number[] = [];
  let next = 0;
  const startedAt = performance.now();
  const { cpu } = await withCpu(server, () =>
    Promise.all(
      browsers.map(async (client) => {
        for (let one = started[next++]; one; one = started[next++]) {
          const at = performance.now();
          await redeem(client, one.started, one.code);
          took.push(performance.now() - at);
        }
      }),
    ),
  );
  const elapsed = performance.now() - startedAt;
  for (const client of browsers) client.close();
  return { took, cpu, perSecond: (took.length / elapsed) * 1000 };
}

/** Brings everybody past the password step. */
async function startAll(
  clients: readonly Client[],
  { runtime }: Installation,
  people: readonly BenchPerson[],
): Promise<readonly { readonly started: Started; readonly code: string }[]> {
  const ready: { started: Started; code: string }[] = [];
  let next = 0;
  await Promise.all(
    clients.map(async (client) => {
      for (let person = people[next++]; person; person = people[next++]) {
        ready.push({ started: await startSignIn(client, runtime.keys, person), code: person.codes[0] ?? "" });
      }
    }),
  );
  return ready;
}

function report(rounds: readonly Round[]): Report {
  const level = (at: number, of: (measured: Measured) => number) =>
    rounds.flatMap(({ levels }) => (levels[at] ? [of(levels[at])] : []));
  const wallTimes = rounds.map(({ hashesWall, levels }) => hashesWall / median(levels[0]?.took ?? []));
  const serverSide = ({ cpu, took }: Measured): number => (cpu.server + cpu.database) / took.length;
  const cpuTimes = rounds.map(({ hashesCpu, levels }) => (levels[0] ? hashesCpu / serverSide(levels[0]) : Number.NaN));
  const hashes = median(rounds.map(({ hashesWall }) => hashesWall));
  const check = median(rounds.map((round) => round.check));
  const request = median(level(0, ({ took }) => median(took)));
  return {
    tables: [
      {
        caption: `Medians of ${rounds.length} rounds of ${REDEMPTIONS} redemptions`,
        columns: ["", "median", "95th percentile", "a second", "processor time, server and PostgreSQL"],
        rows: [
          [
            `${HASHES} argon2id verifications`,
            milliseconds(hashes),
            "",
            "",
            milliseconds(median(rounds.map(({ hashesCpu }) => hashesCpu))),
          ],
          ["the check alone, as a use case without HTTP", milliseconds(check), "", "", ""],
          ...CLIENTS.map((clients, at) => [
            `redemption, ${clients} ${clients === 1 ? "client" : "clients"}`,
            milliseconds(median(level(at, ({ took }) => median(took)))),
            milliseconds(median(level(at, ({ took }) => quantile(took, 0.95)))),
            median(level(at, ({ perSecond }) => perSecond)).toFixed(0),
            milliseconds(median(level(at, serverSide))),
          ]),
        ],
      },
    ],
    goals: [
      {
        what: "recovery code over HTTP, to eight argon2id verifications, by the clock",
        goal: `${GOAL} times cheaper`,
        measured: `${ratio(median(wallTimes))} times`,
        isReached: median(wallTimes) >= GOAL,
      },
      {
        what: "the same by processor time of server and PostgreSQL",
        goal: `${GOAL} times cheaper`,
        measured: `${ratio(median(cpuTimes))} times`,
        isReached: median(cpuTimes) >= GOAL,
      },
    ],
    meaning: [
      `The check itself takes ${milliseconds(check)}, ${(hashes / check).toFixed(0)} times less than the eight verifications' ${milliseconds(hashes)}. A redemption over HTTP takes ${milliseconds(request)}, because it also is a request that leaves a durable trace: three commits, of which each waits for the disk (two counted attempts, then the act itself with session, replacement and audit event). 50 times less than the verifications would be ${milliseconds(hashes / GOAL)} for all of that; a server that checked eight such hashes would take both times, ${milliseconds(request + hashes)}.`,
    ],
  };
}
