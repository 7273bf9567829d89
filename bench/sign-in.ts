import { ARGON2 } from "../src/authenticators/index.ts";
import { type Argon2Rate, measureArgon2 } from "./support/argon2.ts";
import { inTurn, signIn, signInWithPages } from "./support/ceremony.ts";
import { keepBusy, type Load, openClient } from "./support/client.ts";
import { type Cpu, type Installation, withCpu, withInstallation } from "./support/installation.ts";
import { type BenchPerson, makePeople } from "./support/people.ts";
import { median, milliseconds, quantile, ratio, spread } from "./support/statistics.ts";
import type { Benchmark, Report } from "./support/types.ts";

const ROUNDS = 3;
const SECONDS = 3.5;
const WARM_UP_SECONDS = 0.7;
/** More than can sign in within one TOTP step at the rates there are. */
const PEOPLE = 2000;
const CLIENTS = [1, 4, 16] as const;
/** The gate of authenticators/kinds/password/hash.ts. */
const HASHES_AT_ONCE = 2;
const GOAL = 0.9;

interface Level {
  readonly name: string;
  readonly clients: number;
  readonly act: typeof signIn;
}

const LEVELS: readonly Level[] = [
  ...CLIENTS.map((clients) => ({ name: `${clients} ${clients === 1 ? "client" : "clients"}`, clients, act: signIn })),
  { name: "16 clients, form pages fetched too", clients: 16, act: signInWithPages },
];

interface Measured {
  readonly load: Load;
  readonly cpu: Cpu;
  /** Sign-ins of the whole run, warm-up and end included, to which the processor time belongs. */
  readonly acts: number;
}

interface Round {
  readonly bounds: { readonly one: Argon2Rate; readonly two: Argon2Rate };
  readonly levels: readonly Measured[];
}

export const signInBenchmark: Benchmark = {
  name: "sign-in",
  title: "Signing in with password and authenticator app",
  about: [
    "Whole ceremonies a second over HTTP: the password form, then the six digits, each with its counters, its durable transaction, its audit event and its session. Every sign-in is another account, since six digits work once.",
    "Each person's browser is one in which they were signed in before, as it is on most days. On a new one the ceremony goes on with a code from a mail, whose time is the mail's and is not measured here.",
    `The yardstick is bare argon2id of the same parameters (m=${ARGON2.memoryCost} KiB, t=${ARGON2.timeCost}, p=${ARGON2.parallelism}), verified by the same library in a process that does nothing else, ${HASHES_AT_ONCE} at once as in the server. A server that cost nothing but the hash would reach 1. One client alone keeps only one hash going, so it is compared with one at a time.`,
    "Server, PostgreSQL and the client share the same processors; for the yardstick they are idle. So the ratio also pays for the client.",
  ],
  run: async (progress) =>
    withInstallation(async (installation) => {
      progress(`making ${PEOPLE} accounts`);
      const people = await makePeople(installation.runtime, PEOPLE);
      const rounds: Round[] = [];
      while (rounds.length < ROUNDS) {
        const round = await measureRound(installation, people);
        rounds.push(round);
        progress(`round ${rounds.length} of ${ROUNDS}: ${describe(round)}`);
      }
      return report(rounds);
    }),
};

async function measureRound(installation: Installation, people: readonly BenchPerson[]): Promise<Round> {
  const before = { one: await measureArgon2(ARGON2, 1, 1), two: await measureArgon2(ARGON2, HASHES_AT_ONCE, 2) };
  const levels: Measured[] = [];
  const next = nextPerson(people);
  for (const level of LEVELS) levels.push(await measureLevel(installation, level, next));
  const after = { one: await measureArgon2(ARGON2, 1, 1), two: await measureArgon2(ARGON2, HASHES_AT_ONCE, 2) };
  // The better of before and after: the bound is what the machine can do, not what it could do beside something else.
  const better = (a: Argon2Rate, b: Argon2Rate) => (a.perSecond > b.perSecond ? a : b);
  return { bounds: { one: better(before.one, after.one), two: better(before.two, after.two) }, levels };
}

const turns = new WeakMap<readonly BenchPerson[], ReturnType<typeof inTurn>>();

/** One order of turns for all rounds, so that nobody comes again within the same 30 seconds. */
function nextPerson(people: readonly BenchPerson[]): ReturnType<typeof inTurn> {
  const known = turns.get(people) ?? inTurn(people);
  turns.set(people, known);
  return known;
}

async function measureLevel(
  { server, runtime }: Installation,
  level: Level,
  next: ReturnType<typeof inTurn>,
): Promise<Measured> {
  const clients = Array.from({ length: level.clients }, () => openClient(server.origin));
  let acts = 0;
  const measured = await withCpu(server, () =>
    keepBusy({ clients: level.clients, warmUpSeconds: WARM_UP_SECONDS, seconds: SECONDS }, async (at) => {
      const client = clients[at];
      if (!client) throw new Error("There is no such client.");
      await level.act(client, runtime.keys, await next());
      acts += 1;
    }),
  );
  for (const client of clients) client.close();
  return { load: measured.value, cpu: measured.cpu, acts };
}

const boundOf = (round: Round, { clients }: Level): number =>
  clients === 1 ? round.bounds.one.perSecond : round.bounds.two.perSecond;

const ratioIn = (round: Round, at: number): number => {
  const level = LEVELS[at];
  return level ? (round.levels[at]?.load.perSecond ?? Number.NaN) / boundOf(round, level) : Number.NaN;
};

const describe = (round: Round): string =>
  `argon2id ${round.bounds.two.perSecond.toFixed(1)}/s; ${LEVELS.map(({ name }, at) => `${name} ${round.levels[at]?.load.perSecond.toFixed(1) ?? "-"}/s (${ratio(ratioIn(round, at))})`).join("; ")}`;

function report(rounds: readonly Round[]): Report {
  const ratios = LEVELS.map((_, at) => rounds.map((round) => ratioIn(round, at)));
  const pick = (at: number, of: (measured: Measured) => number): number =>
    median(rounds.flatMap(({ levels }) => (levels[at] ? [of(levels[at])] : [])));
  const cpuOf = (at: number, who: keyof Cpu) => pick(at, ({ cpu, acts }) => cpu[who] / acts);
  const bound = (which: "one" | "two", of: keyof Argon2Rate) => median(rounds.map(({ bounds }) => bounds[which][of]));
  const busiest = LEVELS.findIndex(({ clients }) => clients === 16);
  const hash = bound("two", "cpuMilliseconds");
  const rest = {
    server: cpuOf(busiest, "server") - hash,
    database: cpuOf(busiest, "database"),
    client: cpuOf(busiest, "client"),
  };
  return {
    tables: [
      {
        caption: `Medians of ${rounds.length} rounds of ${SECONDS} s; ratios with the least and the most`,
        columns: ["", "a second", "ratio to bare argon2id", "median", "95th percentile"],
        rows: [
          [
            "bare argon2id, one at a time",
            bound("one", "perSecond").toFixed(1),
            "1",
            milliseconds(bound("one", "wallMilliseconds")),
            "",
          ],
          [
            "bare argon2id, two at once",
            bound("two", "perSecond").toFixed(1),
            "1",
            milliseconds(bound("two", "wallMilliseconds")),
            "",
          ],
          ...LEVELS.map(({ name }, at) => [
            name,
            pick(at, ({ load }) => load.perSecond).toFixed(1),
            spread(ratios[at] ?? [], ratio),
            milliseconds(pick(at, ({ load }) => median(load.took))),
            milliseconds(pick(at, ({ load }) => quantile(load.took, 0.95))),
          ]),
        ],
      },
      {
        caption: "Processor time of one sign-in, 16 clients",
        columns: ["the hash", "the server besides", "PostgreSQL", "the client"],
        rows: [[milliseconds(hash), milliseconds(rest.server), milliseconds(rest.database), milliseconds(rest.client)]],
      },
    ],
    goals: LEVELS.slice(0, CLIENTS.length).map(({ name }, at) => ({
      what: `sign-in, ${name}, to bare argon2id`,
      goal: `at least ${GOAL}`,
      measured: ratio(median(ratios[at] ?? [])),
      isReached: median(ratios[at] ?? []) >= GOAL,
    })),
    meaning: [
      `A ratio of ${GOAL} on these processors would leave ${milliseconds(hash / GOAL - hash)} for everything besides the hash: two requests and their answers, some thirty statements, and seven commits that are safely on disk (five counted attempts and two acts), with PostgreSQL and the client. They take ${milliseconds(rest.server + rest.database + rest.client)}. With PostgreSQL and the client on machines of their own, the processor time of the server alone would allow ${ratio(hash / (hash + rest.server))}.`,
      `Of the processor time of a sign-in, ${Math.round((100 * hash) / (hash + rest.server + rest.database + rest.client))} % is the hash, which is meant to be dear. The statements are prepared once a connection; the attempts are counted and committed one by one before they are checked, and stay so.`,
      `${Math.round((100 * bound("two", "systemMilliseconds")) / hash)} % of the hash's own time is the operating system handing out and taking back its ${Math.round(ARGON2.memoryCost / 1024)} MiB each time; that is the same on both sides of the ratio.`,
    ],
  };
}
