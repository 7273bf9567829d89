import { randomInt } from "node:crypto";
import { csrfToken } from "../src/kernel/http/csrf.ts";
import type { Keyring } from "../src/kernel/crypto/keyring.ts";
import { cookieHeader, freshBrowser, tryPassword } from "./support/ceremony.ts";
import { type Answer, type Client, openClient } from "./support/client.ts";
import { type Installation, withInstallation } from "./support/installation.ts";
import { type BenchPerson, makePeople } from "./support/people.ts";
import { aucOf, median, milliseconds, quantile } from "./support/statistics.ts";
import type { Benchmark, Report } from "./support/types.ts";

const PAIRS = 1000;
const WARM_UP = 20;
const GOAL = 0.55;

/** A place where a stranger types a name. */
interface Entry {
  readonly name: string;
  /** How many ask at once. */
  readonly lanes: number;
  /** Below the limit that one network has there. */
  readonly requestsAnAddress: number;
  readonly ask: (client: Client, keys: Keyring, name: string) => Promise<Answer>;
  /** The same for both kinds of names. */
  readonly status: number;
}

const ENTRIES: readonly Entry[] = [
  {
    name: "password step, wrong password",
    lanes: 1,
    requestsAnAddress: 90,
    ask: (client, keys, name) => tryPassword(client, keys, name, "wrong lantern orchard fjord 42"),
    status: 401,
  },
  // Every answer of this form takes at least a tenth of a second, so that some can be waited for at once.
  { name: "recovery form", lanes: 4, requestsAnAddress: 9, ask: openCase, status: 200 },
];

interface Times {
  readonly known: number[];
  readonly unknown: number[];
}

export const enumerationBenchmark: Benchmark = {
  name: "enumeration",
  title: "Can a stranger tell by the clock whether a name exists?",
  about: [
    `The two forms in which anybody can type a name, each asked ${PAIRS} times for a name that exists and ${PAIRS} times for one that does not, in pairs of random order, from this very machine: the best place a stranger could have. The password step is asked one request at a time; the recovery form, whose answers take at least a tenth of a second, ${ENTRIES[1]?.lanes ?? 1} at a time. Each name is used once on each form.`,
    "The measure is the area under the ROC curve (AUC): the chance that of two answers, one of each kind, the slower one is for the name that exists. 0.5 is a coin; below it, the slower one is more often for the name that does not exist, which would tell as much, so that the distance from 0.5 is what counts.",
  ],
  run: async (progress) =>
    withInstallation(async (installation) => {
      progress(`making ${PAIRS + WARM_UP} accounts`);
      const people = await makePeople(installation.runtime, PAIRS + WARM_UP);
      const measured: Times[] = [];
      for (const entry of ENTRIES) {
        measured.push(await measure(installation, entry, people));
        progress(`${entry.name}: ${PAIRS} pairs`);
      }
      return report(measured);
    }),
};

async function measure(
  { server, runtime }: Installation,
  entry: Entry,
  people: readonly BenchPerson[],
): Promise<Times> {
  const times: Times = { known: [], unknown: [] };
  let next = 0;
  const lane = async () => {
    const client = openClient(server.origin, entry.requestsAnAddress);
    for (let at = next++; at < people.length; at = next++) {
      const username = people[at]?.username ?? "";
      const order: (keyof Times)[] = randomInt(2) === 0 ? ["known", "unknown"] : ["unknown", "known"];
      for (const kind of order) {
        const name = kind === "known" ? username : shuffled(username);
        const startedAt = performance.now();
        const answer = await entry.ask(client, runtime.keys, name);
        const took = performance.now() - startedAt;
        if (answer.status !== entry.status)
          throw new Error(
            `${entry.name}: expected ${entry.status}, got ${answer.status}: ${answer.text.slice(0, 500)}`,
          );
        if (at >= WARM_UP) times[kind].push(took);
      }
    }
    client.close();
  };
  await Promise.all(Array.from({ length: entry.lanes }, lane));
  return times;
}

/** The public form for somebody who cannot sign in, filled in with a mailbox nobody has. */
function openCase(client: Client, keys: Keyring, username: string): Promise<Answer> {
  const cookies = freshBrowser();
  const contact = `${shuffled(username)}@elsewhere.example`;
  return client.post(
    "/recovery",
    { username, contact, cause: "second-factor", story: "", _csrf: csrfToken(keys, cookies) },
    { cookie: cookieHeader(cookies) },
  );
}

/** A name of the same length and letters that nobody has. */
function shuffled(name: string): string {
  const letters = [...name];
  for (let at = letters.length - 1; at > 0; at -= 1) {
    const other = randomInt(at + 1);
    [letters[at], letters[other]] = [letters[other] ?? "", letters[at] ?? ""];
  }
  const made = letters.join("");
  return made === name ? [...made].toReversed().join("") : made;
}

function report(measured: readonly Times[]): Report {
  const both = ENTRIES.map((entry, at) => ({ entry, times: measured[at] ?? { known: [], unknown: [] } }));
  const judged = both.map(({ entry, times }) => ({ entry, times, ...aucOf(times.known, times.unknown) }));
  const row = (label: string, times: readonly number[]) => [
    label,
    String(times.length),
    milliseconds(median(times)),
    milliseconds(quantile(times, 0.25)),
    milliseconds(quantile(times, 0.75)),
    milliseconds(quantile(times, 0.95)),
  ];
  return {
    tables: [
      {
        caption: "Time until the answer is read",
        columns: ["", "answers", "median", "25 %", "75 %", "95 %"],
        rows: both.flatMap(({ entry, times }) => [
          row(`${entry.name}, name exists`, times.known),
          row(`${entry.name}, name does not exist`, times.unknown),
        ]),
      },
      {
        caption: "Telling them apart",
        columns: ["", "AUC", "95 % interval", "difference of the medians"],
        rows: judged.map(({ entry, times, auc, margin }) => [
          entry.name,
          auc.toFixed(3),
          `${(auc - margin).toFixed(3)} to ${(auc + margin).toFixed(3)}`,
          milliseconds(median(times.known) - median(times.unknown)),
        ]),
      },
    ],
    goals: judged.map(({ entry, auc }) => ({
      what: `telling names apart by the clock, ${entry.name}`,
      goal: `AUC at most ${GOAL} (and at least ${(1 - GOAL).toFixed(2)})`,
      measured: auc.toFixed(3),
      isReached: Math.abs(auc - 0.5) <= GOAL - 0.5,
    })),
    meaning: judged.map(({ entry, auc, margin }) =>
      Math.abs(auc - 0.5) <= margin
        ? `On the ${entry.name.replace(/,.*/, "")} the two cannot be told apart in this run: 0.5 lies in the interval.`
        : `On the ${entry.name.replace(/,.*/, "")} there is a difference in this run, seen from this very machine; over a network many answers would be needed to see it, which the limits on a name and a network do not give.`,
    ),
  };
}
