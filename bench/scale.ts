import { signIn } from "./support/ceremony.ts";
import { type Client, openClient } from "./support/client.ts";
import { type Filling, fillAccounts, releaseSteps, wakeSome } from "./support/fill.ts";
import { type Installation, withInstallation } from "./support/installation.ts";
import { type BenchPerson, makePeople } from "./support/people.ts";
import { mebibytes, median, milliseconds, quantile, ratio, spread } from "./support/statistics.ts";
import type { Benchmark, Progress, Report } from "./support/types.ts";

const SIZES = [10, 100, 1_000, 10_000, 100_000, 1_000_000] as const;
const SMALLEST = SIZES[0];
const LARGEST = SIZES[SIZES.length - 1] ?? 0;
const ROUNDS = 7;
/** Of each side in a round, at least; what is begun is finished. */
const SECONDS = 1;
/** As many hashes as the server lets through at once. */
const CLIENTS = 2;
const GOAL = 0.9;

/** An installation with its people, and browsers to come with. */
interface Site {
  readonly installation: Installation;
  readonly people: readonly BenchPerson[];
  readonly clients: readonly Client[];
}

/** Sign-ins of one side in one round. */
interface Run {
  readonly perSecond: number;
  /** Milliseconds of each. */
  readonly took: readonly number[];
}

interface Pair {
  readonly small: Run;
  readonly grown: Run;
}

interface Sized {
  readonly label: string;
  readonly pairs: readonly Pair[];
  readonly filling: Filling | null;
}

export const scaleBenchmark: Benchmark = {
  name: "scale",
  title: `Signing in among ${SMALLEST} to ${LARGEST.toLocaleString("en-GB")} accounts`,
  about: [
    `Whole ceremonies over HTTP, ${CLIENTS} at once: the password form, then the six digits, to a session. Two installations run side by side, each with its own server and PostgreSQL. One keeps ${SMALLEST} accounts; the other grows from ${SMALLEST} to ${LARGEST.toLocaleString("en-GB")}, and the same ${SMALLEST} people sign in to it each time. At every size the two are measured in turn, so that the ratio is that of neighbours in time; the first line, where both have ${SMALLEST}, shows what the machine alone does to it.`,
    "The accounts in between are written by SQL, in bulk: each with a confirmed address, a password, an app, its counter and a session; then vacuum, analyze and a checkpoint. The history (audit events) grows by what is signed in, as it is read at its end only. Between two sign-ins of one person the step of the six digits is set back in the database, outside the measured time: otherwise ten people could sign in ten times in half a minute.",
    "The last line: not the same people, but somebody else each time, drawn from the whole table, so that nothing of theirs is in memory because they have just been there.",
  ],
  run: (progress) =>
    withInstallation((small) =>
      withInstallation(async (grown) => {
        const sites = { small: await makeSite(small), grown: await makeSite(grown) };
        const sized: Sized[] = [];
        for (const [at, size] of SIZES.entries()) {
          const filling = await fillAccounts(grown.connectionString, (SIZES[at - 1] ?? SMALLEST) + 1, size);
          progress(`${size.toLocaleString("en-GB")} accounts, filled in ${filling.seconds.toFixed(1)} s`);
          sized.push(await measureSize(sites, size.toLocaleString("en-GB"), filling, progress));
        }
        sized.push(await measureOthers(sites, progress));
        for (const client of [...sites.small.clients, ...sites.grown.clients]) client.close();
        return report(sized);
      }),
    ),
};

const makeSite = async (installation: Installation): Promise<Site> => ({
  installation,
  people: await makePeople(installation.runtime, SMALLEST),
  clients: Array.from({ length: CLIENTS }, () => openClient(installation.server.origin)),
});

interface Sites {
  readonly small: Site;
  readonly grown: Site;
}

async function measureSize(
  { small, grown }: Sites,
  label: string,
  filling: Filling | null,
  progress: Progress,
  others: (() => readonly BenchPerson[]) | null = null,
): Promise<Sized> {
  const smallRun = () => run(small, () => small.people);
  const grownRun = () => run(grown, others ?? (() => grown.people));
  await smallRun(); // warm-up, and statements planned anew for tables of this size
  await run(grown, () => grown.people);
  const pairs: Pair[] = [];
  while (pairs.length < ROUNDS) {
    if (pairs.length % 2 === 0) {
      const first = await smallRun();
      pairs.push({ small: first, grown: await grownRun() });
    } else {
      const first = await grownRun();
      pairs.push({ small: await smallRun(), grown: first });
    }
  }
  const sized = { label, pairs, filling };
  progress(`  ${median(grownRates(sized)).toFixed(1)}/s, ratio ${spread(ratiosOf(sized), ratio)}`);
  return sized;
}

/** As many people as can be signed in before all is over; who has been there does not come again. */
async function measureOthers(sites: Sites, progress: Progress): Promise<Sized> {
  const { installation, people } = sites.grown;
  const most = 2000;
  const password = people[0]?.password ?? "";
  const woken = await wakeSome(installation.runtime, LARGEST, most, password);
  let next = 0;
  const others = (): readonly BenchPerson[] => {
    const some = woken.slice(next, next + SMALLEST);
    next += SMALLEST;
    if (some.length < SMALLEST) throw new Error(`${most} people are not enough.`);
    return some;
  };
  const label = `${LARGEST.toLocaleString("en-GB")}, others each time`;
  progress(label);
  return measureSize(sites, label, null, progress, others);
}

/** Ten people at a time sign in once each, until the time is up; only while they do, the clock runs. */
async function run({ installation, clients }: Site, ten: () => readonly BenchPerson[]): Promise<Run> {
  const took: number[] = [];
  let elapsed = 0;
  while (elapsed < SECONDS * 1000) {
    const people = ten();
    await releaseSteps(installation.runtime, people);
    let next = 0;
    const startedAt = performance.now();
    await Promise.all(
      clients.map(async (client) => {
        for (let person = people[next++]; person; person = people[next++]) {
          const at = performance.now();
          await signIn(client, installation.runtime.keys, person);
          took.push(performance.now() - at);
        }
      }),
    );
    elapsed += performance.now() - startedAt;
  }
  return { perSecond: (took.length / elapsed) * 1000, took };
}

const ratiosOf = ({ pairs }: Sized): readonly number[] =>
  pairs.map(({ small, grown }) => grown.perSecond / small.perSecond);
const grownRates = ({ pairs }: Sized): readonly number[] => pairs.map(({ grown }) => grown.perSecond);
const smallRates = ({ pairs }: Sized): readonly number[] => pairs.map(({ small }) => small.perSecond);

function report(sized: readonly Sized[]): Report {
  const perSecond = (values: readonly number[]) => spread(values, (value) => value.toFixed(1));
  const largest = sized[SIZES.length - 1];
  const flat = median(largest ? ratiosOf(largest) : []);
  const noise = sized[0] ? ratiosOf(sized[0]) : [];
  return {
    tables: [
      {
        caption: `Medians of ${ROUNDS} rounds of ${SECONDS} s for each installation, with the least and the most`,
        columns: [
          "accounts",
          "a second",
          `a second with ${SMALLEST}, in between`,
          "ratio",
          "median",
          `median with ${SMALLEST}`,
          "95th percentile",
          "database",
        ],
        rows: sized.map((one) => {
          const took = one.pairs.flatMap(({ grown }) => grown.took);
          return [
            one.label,
            perSecond(grownRates(one)),
            perSecond(smallRates(one)),
            spread(ratiosOf(one), ratio),
            milliseconds(median(took)),
            milliseconds(median(one.pairs.flatMap(({ small }) => small.took))),
            milliseconds(quantile(took, 0.95)),
            one.filling ? mebibytes(one.filling.databaseBytes) : "",
          ];
        }),
      },
    ],
    goals: [
      {
        what: `sign-in among ${LARGEST.toLocaleString("en-GB")} accounts to among ${SMALLEST}`,
        goal: `at least ${GOAL}`,
        measured: ratio(flat),
        isReached: flat >= GOAL,
      },
    ],
    meaning: [
      `Two installations of the same size differ by ${ratio(Math.min(...noise))} to ${ratio(Math.max(...noise))} in a round on this machine: a ratio within that is no difference. Each statement of a sign-in finds its rows by an index, and the hash, which is most of the work, knows nothing of how many there are.`,
    ],
  };
}
