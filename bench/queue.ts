import { insertStaffRole } from "../src/accounts/index.ts";
import { audit } from "../src/audit/index.ts";
import { transact } from "../src/kernel/db/transact.ts";
import { cookieName } from "../src/kernel/http/index.ts";
import { ok } from "../src/kernel/result.ts";
import { STAFF_COOKIE, startSession } from "../src/sessions/index.ts";
import { type Client, openClient } from "./support/client.ts";
import { fillIndex } from "./support/fill-index.ts";
import { fillAccounts } from "./support/fill.ts";
import { fillQueue } from "./support/fill-queue.ts";
import { type Installation, withInstallation } from "./support/installation.ts";
import { type BenchPerson, makePeople, must } from "./support/people.ts";
import { median, milliseconds, quantile, ratio } from "./support/statistics.ts";
import type { Benchmark, Progress, Report } from "./support/types.ts";

const SMALL = 1_000;
const LARGE = 1_000_000;
const REQUESTS = 200;
const WARM_UP = 20;
const REQUESTS_AN_ADDRESS = 2_000;
const GOAL_MS = 30;
const GOAL_RATIO = 1.5;

/** One page of the desk, as its address. */
interface Look {
  readonly name: string;
  readonly path: string;
}

type Times = ReadonlyMap<string, readonly number[]>;

export const queueBenchmark: Benchmark = {
  name: "queue",
  title: `The desk's queue with ${SMALL.toLocaleString("en-GB")} and ${LARGE.toLocaleString("en-GB")} cases`,
  about: [
    `Pages of the desk over HTTP, one after the other, by a reviewer who is signed in: the lanes, a page further on, the filters, and the searches by number, name, address and project. ${REQUESTS} of each. Cases are written by SQL in bulk, 98 in a hundred of them ended, a third of them taken by this reviewer. Times are the client's, so they hold the server's and a little more.`,
    "The same installation is measured with few cases and then with many, so that the ratio is of the same machine a few minutes apart.",
  ],
  run: (progress) =>
    withInstallation(async (installation) => {
      const { connectionString } = installation;
      const [reviewer] = await makePeople(installation.runtime, 1);
      if (!reviewer) throw new Error("Nobody was made.");
      await fillAccounts(connectionString, 1, 2_000);
      await fillIndex(connectionString, 1_000, 800);
      const cookie = await sitDown(installation, reviewer);
      await fillQueue(connectionString, 1, SMALL, reviewer.id);
      const small = await measure(installation, cookie, progress);
      const seconds = await fillQueue(connectionString, SMALL + 1, LARGE, reviewer.id);
      progress(`${LARGE.toLocaleString("en-GB")} cases, filled in ${seconds.toFixed(0)} s`);
      const large = await measure(installation, cookie, progress);
      return report(small, large);
    }),
};

/** Makes a reviewer of somebody, with a session at the desk. @returns the cookie header */
async function sitDown({ runtime, server }: Installation, person: BenchPerson): Promise<string> {
  const now = runtime.clock.now();
  const started = await transact(runtime.db, { now }, async (tx) => {
    await insertStaffRole(tx, person.id, "reviewer", person.id);
    const session = await startSession(tx, runtime.random, {
      accountId: person.id,
      kind: "staff",
      factors: ["password", "totp"],
      source: { ip: "127.0.0.1", userAgent: "bench" },
    });
    audit(tx, runtime.random, { act: "accounts/staff-appointed", actor: { kind: "staff", id: person.id } });
    return ok(session);
  });
  return `${cookieName(STAFF_COOKIE, server.origin.protocol === "https:")}=${must(started).token.reveal()}`;
}

/** The pages, with what is in the queue for them to find. */
async function looksAt(installation: Installation, page: (path: string) => Promise<string>): Promise<readonly Look[]> {
  const { rows } = await installation.runtime.db.pool.query<{ number: string; name: string; contact: string }>(
    "select number, claimed_name as name, contact_address as contact from recovery_cases order by id limit 1 offset 500",
  );
  const [one] = rows;
  if (!one) throw new Error("There are no cases.");
  const next = /href="(\/console\?[^"]*after=[^"]*)"/
    .exec(await page("/console?lane=done"))?.[1]
    ?.replaceAll("&amp;", "&");
  if (!next) throw new Error("The lane of ended cases has one page only.");
  const search = (typed: string): string => `/console?search=${encodeURIComponent(typed)}`;
  return [
    { name: "lane: waiting for us", path: "/console?lane=us" },
    { name: "lane: waiting time runs", path: "/console?lane=clock" },
    { name: "lane: ended", path: "/console?lane=done" },
    { name: "a page further on", path: next },
    { name: "filter: ended, tier 3", path: "/console?lane=done&tier=3" },
    { name: "filter: ended, one cause", path: "/console?lane=done&cause=mailbox" },
    { name: "filter: ended, mine", path: "/console?lane=done&who=me" },
    { name: "filter: ended, none fits", path: "/console?lane=done&cause=frozen" },
    { name: "search: case number", path: search(one.number) },
    { name: "search: beginning of a number", path: search(one.number.slice(0, 6)) },
    { name: "search: username", path: search(one.name) },
    { name: "search: beginning of a name", path: search(one.name.slice(0, 3)) },
    { name: "search: mail address", path: search(one.contact) },
    { name: "search: project", path: search("project-7") },
    { name: "search: nothing", path: search("nobody-of-that-name") },
  ];
}

async function measure(installation: Installation, cookie: string, progress: Progress): Promise<Times> {
  const client = openClient(installation.server.origin, REQUESTS_AN_ADDRESS);
  const page = (path: string): Promise<string> => get(client, path, cookie);
  const looks = await looksAt(installation, page);
  const times = new Map<string, number[]>(looks.map(({ name }) => [name, []]));
  for (let round = -WARM_UP; round < REQUESTS; round += 1) {
    for (const { name, path } of looks) {
      const startedAt = performance.now();
      await page(path);
      if (round >= 0) times.get(name)?.push(performance.now() - startedAt);
    }
  }
  client.close();
  const all = [...times.values()].flat();
  progress(
    `${looks.length} pages, ${REQUESTS} of each: median ${milliseconds(median(all))}, 95th percentile ${milliseconds(quantile(all, 0.95))}`,
  );
  return times;
}

async function get(client: Client, path: string, cookie: string): Promise<string> {
  const answer = await client.get(path, { cookie });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
  return answer.text;
}

function report(small: Times, large: Times): Report {
  const p95 = (times: Times, name: string): number => quantile(times.get(name) ?? [], 0.95);
  const names = [...small.keys()];
  const slowest = Math.max(...names.map((name) => p95(large, name)));
  const all = (times: Times) => [...times.values()].flat();
  const growth = quantile(all(large), 0.95) / quantile(all(small), 0.95);
  return {
    tables: [
      {
        caption: `${REQUESTS} of each page, one after the other`,
        columns: [
          "",
          `median, ${SMALL.toLocaleString("en-GB")}`,
          "95th percentile",
          `median, ${LARGE.toLocaleString("en-GB")}`,
          "95th percentile",
          "ratio of the 95th",
        ],
        rows: names.map((name) => [
          name,
          milliseconds(median(small.get(name) ?? [])),
          milliseconds(p95(small, name)),
          milliseconds(median(large.get(name) ?? [])),
          milliseconds(p95(large, name)),
          ratio(p95(large, name) / p95(small, name)),
        ]),
      },
    ],
    goals: [
      {
        what: `the slowest of these pages with ${LARGE.toLocaleString("en-GB")} cases: 95th percentile`,
        goal: `at most ${GOAL_MS} ms`,
        measured: milliseconds(slowest),
        isReached: slowest <= GOAL_MS,
      },
      {
        what: `all pages, 95th percentile, ${LARGE.toLocaleString("en-GB")} cases over ${SMALL.toLocaleString("en-GB")}`,
        goal: `at most ${GOAL_RATIO}`,
        measured: ratio(growth),
        isReached: growth <= GOAL_RATIO,
      },
    ],
    meaning: [
      "Every order and filter has an index that ends in the order it is read in, numbers are counted up to a thousand, and a search looks at five hundred cases at most: a page costs what it shows.",
    ],
  };
}
