import { randomInt } from "node:crypto";
import { openClient } from "./support/client.ts";
import { ENTRIES, type Entry, type Kind } from "./support/entries.ts";
import { type Installation, withInstallation } from "./support/installation.ts";
import { type BenchPerson, makePeople } from "./support/people.ts";
import { aucOf, median, milliseconds, type Pair, quantile, shareOfLarger } from "./support/statistics.ts";
import type { Benchmark, Report } from "./support/types.ts";

const PAIRS = 1000;
const WARM_UP = 20;
const GOAL = 0.55;

const isAboutPasswords = (entry: Entry): boolean => entry.name.startsWith("sign-in");

/** Two, since together they take longer than anybody likes to wait. */
export const enumerationBenchmarks: readonly Benchmark[] = [
  enumeration("enumeration", "the sign-ins", ENTRIES.filter(isAboutPasswords)),
  enumeration(
    "enumeration-forms",
    "the other forms and links",
    ENTRIES.filter((entry) => !isAboutPasswords(entry)),
  ),
];

function enumeration(name: string, where: string, entries: readonly Entry[]): Benchmark {
  const waiting = entries.filter(({ lanes }) => lanes > 1).map((entry) => `${entry.name}: ${entry.lanes} at a time`);
  return {
    name,
    title: `Can a stranger tell by the clock whether something exists: ${where}`,
    about: [
      `Where somebody who is not signed in gives a name, an address or a token and gets one answer for all: each place asked ${PAIRS} times for what exists and ${PAIRS} times for what does not, in pairs of random order, from this very machine, the best place a stranger could have. One request at a time${waiting.length > 0 ? `; several where every answer takes a least time (${waiting.join("; ")})` : ""}. Each name is used once at each. A test walks the route table and sees that no such place is left out.`,
      "The measure is the area under the ROC curve (AUC): the chance that of two answers, one of each kind, the slower one is for what exists. 0.5 is a coin; below it, the slower one is more often for what does not exist, which would tell as much, so that the distance from 0.5 is what counts. Beside it the share of pairs in which the one that exists was slower: the two of a pair are neighbours in time, so that this also sees what a restless machine hides from the AUC.",
    ],
    run: async (progress) =>
      withInstallation(async (installation) => {
        progress(`making ${PAIRS + WARM_UP} accounts`);
        const people = await makePeople(installation.runtime, PAIRS + WARM_UP);
        const measured: Measured[] = [];
        for (const entry of entries) {
          const startedAt = performance.now();
          const pairs = await measure(installation, entry, people);
          measured.push({ entry, pairs });
          const { auc } = aucOf(of(pairs, "known"), of(pairs, "unknown"));
          progress(`${entry.name}: AUC ${auc.toFixed(3)} (${((performance.now() - startedAt) / 1000).toFixed(0)} s)`);
        }
        return report(measured);
      }),
  };
}

interface Measured {
  readonly entry: Entry;
  /** Milliseconds of the answers, what exists first. */
  readonly pairs: readonly Pair[];
}

async function measure(
  { server, runtime }: Installation,
  entry: Entry,
  people: readonly BenchPerson[],
): Promise<readonly Pair[]> {
  const ask = await entry.open(runtime, people);
  const pairs: Pair[] = [];
  let next = 0;
  const lane = async () => {
    const client = openClient(server.origin, entry.requestsAnAddress);
    const time = async (person: BenchPerson, kind: Kind): Promise<number> => {
      const startedAt = performance.now();
      const answer = await ask(client, person, kind);
      const took = performance.now() - startedAt;
      if (answer.status === entry.status) return took;
      throw new Error(`${entry.name}: expected ${entry.status}, got ${answer.status}: ${answer.text.slice(0, 500)}`);
    };
    for (let at = next++; at < people.length; at = next++) {
      const person = people[at]!; // at is below the length
      const isKnownFirst = randomInt(2) === 0;
      const first = await time(person, isKnownFirst ? "known" : "unknown");
      const second = await time(person, isKnownFirst ? "unknown" : "known");
      if (at >= WARM_UP) pairs.push(isKnownFirst ? [first, second] : [second, first]);
    }
    client.close();
  };
  await Promise.all(Array.from({ length: entry.lanes }, lane));
  return pairs;
}

const of = (pairs: readonly Pair[], kind: Kind): readonly number[] =>
  pairs.map(([known, unknown]) => (kind === "known" ? known : unknown));

function report(measured: readonly Measured[]): Report {
  const judged = measured.map(({ entry, pairs }) => {
    const times = { known: of(pairs, "known"), unknown: of(pairs, "unknown") };
    return { entry, times, ...aucOf(times.known, times.unknown), paired: shareOfLarger(pairs) };
  });
  const row = (label: string, times: readonly number[]) => [
    label,
    String(times.length),
    milliseconds(median(times)),
    milliseconds(quantile(times, 0.25)),
    milliseconds(quantile(times, 0.75)),
    milliseconds(quantile(times, 0.95)),
  ];
  const interval = (value: number, margin: number) =>
    `${(value - margin).toFixed(3)} to ${(value + margin).toFixed(3)}`;
  const different = judged.filter(({ auc, margin }) => Math.abs(auc - 0.5) > margin);
  return {
    tables: [
      {
        caption: "Telling them apart",
        columns: ["", "AUC", "95 % interval", "slower in its pair", "95 % interval", "difference of the medians"],
        rows: judged.map(({ entry, times, auc, margin, paired }) => [
          entry.name,
          auc.toFixed(3),
          interval(auc, margin),
          paired.share.toFixed(3),
          interval(paired.share, paired.margin),
          milliseconds(median(times.known) - median(times.unknown)),
        ]),
      },
      {
        caption: "Time until the answer is read",
        columns: ["", "answers", "median", "25 %", "75 %", "95 %"],
        rows: judged.flatMap(({ entry, times }) => [
          row(`${entry.name}: ${entry.kinds.known}`, times.known),
          row(`${entry.name}: ${entry.kinds.unknown}`, times.unknown),
        ]),
      },
    ],
    goals: judged.map(({ entry, auc }) => ({
      what: `telling apart by the clock, ${entry.name}`,
      goal: `AUC at most ${GOAL} (and at least ${(1 - GOAL).toFixed(2)})`,
      measured: auc.toFixed(3),
      isReached: Math.abs(auc - 0.5) <= GOAL - 0.5,
    })),
    meaning: [
      different.length === 0
        ? "Nowhere can the two be told apart in this run: 0.5 lies in every interval of the AUC."
        : `0.5 lies outside the interval of the AUC in this run at: ${different.map(({ entry }) => entry.name).join("; ")}. That is seen from this very machine; over a network many answers would be needed to see it, which the limits on a name and a network do not give. Of ${judged.length} intervals of 95 %, at least one lies beside 0.5 by chance in ${Math.round(100 * (1 - 0.95 ** judged.length))} of 100 runs.`,
    ],
  };
}
