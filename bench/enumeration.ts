import { randomBytes } from "node:crypto";
import { tryPassword } from "./support/ceremony.ts";
import { openClient } from "./support/client.ts";
import { type Installation, withInstallation } from "./support/installation.ts";
import { type BenchPerson, makePeople } from "./support/people.ts";
import { type Auc, aucOf, median, milliseconds, quantile } from "./support/statistics.ts";
import type { Benchmark, Report } from "./support/types.ts";

const PAIRS = 800;
const WARM_UP = 20;
/** The password step is limited to 100 in five minutes from one network. */
const REQUESTS_AN_ADDRESS = 90;

interface Times {
  readonly known: number[];
  readonly unknown: number[];
}

export const enumerationBenchmark: Benchmark = {
  name: "enumeration",
  title: "Can a stranger tell by the clock whether a name exists?",
  about: [
    `The password step with a wrong password, ${PAIRS} times for a name that exists and ${PAIRS} times for one that does not, in pairs of random order, one request at a time, from this very machine: the best place a stranger could have. Each name is used once.`,
    "The measure is the area under the ROC curve (AUC): the chance that of two answers, one of each kind, the slower one is for the name that exists. 0.5 is a coin.",
  ],
  run: async (progress) =>
    withInstallation(async (installation) => {
      progress(`making ${PAIRS + WARM_UP} accounts`);
      const people = await makePeople(installation.runtime, PAIRS + WARM_UP);
      const times = await measure(installation, people, (done) => progress(`${done} of ${PAIRS} pairs`));
      return report(times, aucOf(times.known, times.unknown));
    }),
};

async function measure(
  { server, runtime }: Installation,
  people: readonly BenchPerson[],
  onProgress: (done: number) => void,
): Promise<Times> {
  const client = openClient(server.origin, REQUESTS_AN_ADDRESS);
  const times: Times = { known: [], unknown: [] };
  for (const [at, person] of people.entries()) {
    const order: (keyof Times)[] = (randomBytes(1)[0] ?? 0) % 2 === 0 ? ["known", "unknown"] : ["unknown", "known"];
    for (const kind of order) {
      const name = kind === "known" ? person.username : shuffled(person.username);
      const startedAt = performance.now();
      const answer = await tryPassword(client, runtime.keys, name, "wrong lantern orchard fjord 42");
      const took = performance.now() - startedAt;
      if (answer.status !== 401)
        throw new Error(`Expected a refusal, got ${answer.status}: ${answer.text.slice(0, 1000)}`);
      if (at >= WARM_UP) times[kind].push(took);
    }
    if (at >= WARM_UP && (at - WARM_UP + 1) % 200 === 0) onProgress(at - WARM_UP + 1);
  }
  client.close();
  return times;
}

/** A name of the same length and letters that nobody has. */
const shuffled = (name: string): string => {
  const letters = [...name];
  for (let at = letters.length - 1; at > 0; at -= 1) {
    const other = (randomBytes(1)[0] ?? 0) % (at + 1);
    [letters[at], letters[other]] = [letters[other] ?? "", letters[at] ?? ""];
  }
  const made = letters.join("");
  return made === name ? [...made].toReversed().join("") : made;
};

function report({ known, unknown }: Times, { auc, margin }: Auc): Report {
  const row = (label: string, times: readonly number[]) => [
    label,
    String(times.length),
    milliseconds(median(times)),
    milliseconds(quantile(times, 0.25)),
    milliseconds(quantile(times, 0.75)),
    milliseconds(quantile(times, 0.95)),
  ];
  const difference = median(known) - median(unknown);
  const isAPart = Math.abs(auc - 0.5) > margin;
  return {
    tables: [
      {
        caption: "Time until the refusal is read",
        columns: ["", "answers", "median", "25 %", "75 %", "95 %"],
        rows: [row("name exists", known), row("name does not exist", unknown)],
      },
      {
        caption: "Telling them apart",
        columns: ["AUC", "95 % interval", "difference of the medians"],
        rows: [
          [auc.toFixed(3), `${(auc - margin).toFixed(3)} to ${(auc + margin).toFixed(3)}`, milliseconds(difference)],
        ],
      },
    ],
    goals: [],
    meaning: [
      isAPart
        ? `The two can be told apart to this degree from this very machine. The difference of the medians is ${milliseconds(Math.abs(difference))}; over a network it is lost in the line's own variation unless many answers can be had, which the limits on a name and a network prevent.`
        : "In this run the two cannot be told apart: 0.5 lies in the interval.",
    ],
  };
}
