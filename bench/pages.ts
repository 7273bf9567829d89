import type { Browser } from "../src/bin/demo/browser.ts";
import { fileMailbox } from "../src/bin/demo/mailbox.ts";
import { makePerson, upload, wheelOf } from "../src/bin/demo/person.ts";
import { confirmContact, openFromStuckScreen } from "../src/bin/demo/recovery.ts";
import { keepBusy, type Load, openClient } from "./support/client.ts";
import { type Installation, withInstallation } from "./support/installation.ts";
import { makeApiToken, makePeople } from "./support/people.ts";
import { median, milliseconds, quantile } from "./support/statistics.ts";
import type { Benchmark, Report } from "./support/types.ts";

const ROUNDS = 3;
const SECONDS = 2;
const FILES = 20;
const SIMPLE_JSON = { accept: "application/vnd.pypi.simple.v1+json" };
/** Well below the server's limit of 6,000 requests a minute for one address. */
const REQUESTS_AN_ADDRESS = 2_000;

interface Level {
  readonly name: string;
  readonly clients: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
}

export const pagesBenchmark: Benchmark = {
  name: "pages",
  title: "Pages",
  about: [
    `A project of ${FILES} files in the simple index, as pip and uv read it (JSON) and as a browser shows it, whole and asked for again with its entity tag; and the page of a recovery case with proofs, notices and messages. Times are the client's, so they hold the server's and a little more. The client is our own and not a load tool, since each connection must come from its own address for the server's flood limit to stay on.`,
  ],
  run: async (progress) =>
    withInstallation(async (installation) => {
      progress(`publishing ${FILES} files, opening a case`);
      const levels = await prepare(installation);
      const loads: Load[][] = levels.map(() => []);
      for (let round = 1; round <= ROUNDS; round += 1) {
        for (const [at, level] of levels.entries()) loads[at]?.push(await measure(installation, level));
        progress(
          `round ${round} of ${ROUNDS}: ${levels.map(({ name }, at) => `${name} ${loads[at]?.at(-1)?.perSecond.toFixed(0) ?? "-"}/s`).join("; ")}`,
        );
      }
      return report(levels, loads);
    }),
};

async function prepare(installation: Installation): Promise<readonly Level[]> {
  const { server, runtime } = installation;
  const [account] = await makePeople(runtime, 1);
  if (!account) throw new Error("Nobody was made.");
  const world = {
    origin: server.origin.origin,
    mailbox: fileMailbox(installation.folders.mail),
    time: { now: () => new Date(), until: async () => {} },
  };
  const person = { ...makePerson(world, account.username, account.address), password: account.password };
  person.token = await makeApiToken(runtime, account);
  for (let at = 0; at < FILES; at += 1) {
    const { status, reason } = await upload(world, person, wheelOf("granite", `1.${at}`));
    if (status !== 200) throw new Error(`The upload was not taken: ${reason}`);
  }
  const opened = await openFromStuckScreen(person);
  await confirmContact(world, person, opened.number);
  const tag =
    (await fetch(new URL("/simple/granite/", server.origin), { headers: SIMPLE_JSON })).headers.get("etag") ?? "";
  const simple = { path: "/simple/granite/", clients: 16 };
  const casePage = { path: "/recovery/case", headers: { cookie: cookiesOf(person.browser) }, status: 200 };
  return [
    { ...simple, name: "simple index, JSON", headers: SIMPLE_JSON, status: 200 },
    { ...simple, name: "simple index, HTML", headers: { accept: "text/html" }, status: 200 },
    { ...simple, name: "simple index, not changed", headers: { ...SIMPLE_JSON, "if-none-match": tag }, status: 304 },
    { ...casePage, name: "case page, 1 client", clients: 1 },
    { ...casePage, name: "case page, 8 clients", clients: 8 },
  ];
}

const cookiesOf = ({ cookies }: Browser): string => [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");

async function measure({ server }: Installation, level: Level): Promise<Load> {
  const clients = Array.from({ length: level.clients }, () => openClient(server.origin, REQUESTS_AN_ADDRESS));
  const load = await keepBusy({ clients: level.clients, warmUpSeconds: 0.5, seconds: SECONDS }, async (at) => {
    const answer = await clients[at]?.get(level.path, level.headers);
    if (answer?.status !== level.status)
      throw new Error(`${level.name}: ${answer?.status ?? "no answer"} ${answer?.text.slice(0, 500) ?? ""}`);
  });
  for (const client of clients) client.close();
  return load;
}

function report(levels: readonly Level[], loads: readonly (readonly Load[])[]): Report {
  const pick = (at: number, of: (load: Load) => number) => median((loads[at] ?? []).map(of));
  return {
    tables: [
      {
        caption: `Medians of ${ROUNDS} rounds of ${SECONDS} s`,
        columns: ["", "clients", "a second", "median", "95th percentile"],
        rows: levels.map(({ name, clients }, at) => [
          name,
          String(clients),
          pick(at, (load) => load.perSecond).toFixed(0),
          milliseconds(pick(at, (load) => median(load.took))),
          milliseconds(pick(at, (load) => quantile(load.took, 0.95))),
        ]),
      },
    ],
    goals: [],
    meaning: [
      "No goal was set for these. Server, PostgreSQL and client share the processors, so a second machine as client would see more.",
    ],
  };
}
