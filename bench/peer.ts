import { ARGON2 } from "../src/authenticators/index.ts";
import { type Argon2Rate, measureArgon2 } from "./support/argon2.ts";
import { inTurn, signIn, startSignIn, tryCode } from "./support/ceremony.ts";
import { type Client, keepBusy, type Load, openClient } from "./support/client.ts";
import { type Cpu, type Installation, withCpu, withInstallation } from "./support/installation.ts";
import { type Peer, PeerAwayError, signInAtPeer, startPeerSignIn, tryPeerCode, withPeer } from "./support/peer.ts";
import { makePeople, totpCode, totpStep } from "./support/people.ts";
import { median, milliseconds, quantile, ratio, spread } from "./support/statistics.ts";
import type { Benchmark, Progress, Report } from "./support/types.ts";

const ROUNDS = 5;
const SECONDS = 3;
const WARM_UP_SECONDS = 0.7;
/** More than can sign in within one TOTP step at the rates there are. */
const PEOPLE = 2000;
const CLIENTS = [1, 16] as const;
const GOAL = 1;

/** One of the two, as the measurement sees it. */
interface Side {
  readonly name: string;
  readonly origin: URL;
  readonly server: { readonly pid: number; readonly databasePid: number };
  readonly signIn: (client: Client) => Promise<void>;
  /** Signs in twice with one code. @returns the status of the second time, and whether it signed in */
  readonly replay: (client: Client) => Promise<{ readonly status: number; readonly isSignedIn: boolean }>;
}

interface Measured {
  readonly load: Load;
  readonly cpu: Cpu;
  readonly acts: number;
}

interface Round {
  readonly bare: Argon2Rate;
  /** By number of clients, then by side. */
  readonly levels: readonly (readonly Measured[])[];
}

type Replay = Awaited<ReturnType<Side["replay"]>>;

export const peerBenchmark: Benchmark = {
  name: "peer",
  title: "Signing in, beside better-auth",
  about: [
    "Password, then six digits, to a session, over HTTP: Locksmith's two forms, and the two calls of better-auth with its two-factor plug-in. Both on Node, each in a process of its own, on the same durable PostgreSQL, with as many connections, measured in turn in the same rounds.",
    `The hash costs both the same: argon2id m=${ARGON2.memoryCost} KiB, t=${ARGON2.timeCost}, p=${ARGON2.parallelism} with a pepper, by the same library (better-auth's own default is scrypt). Its limits on requests are switched off, Locksmith's stay on. It keeps no chained history of what happened and answers with JSON where Locksmith answers with pages and redirects: the ratio compares what each does for a sign-in, not equal work.`,
    "better-auth is installed for this measurement only, at the versions and digests of bench/peer/package-lock.json, into a temporary folder; the product does not depend on it.",
  ],
  run: (progress) =>
    withInstallation(async (installation) => {
      progress("installing the peer");
      try {
        return await withPeer(installation.connectionString, (peer) => measureBoth(installation, peer, progress));
      } catch (error) {
        if (!(error instanceof PeerAwayError)) throw error;
        progress(`NOT MEASURED: ${notMeasured(error)}`);
        return { tables: [], goals: [], meaning: [`**Not measured in this run.** ${notMeasured(error)}`] };
      }
    }),
};

const notMeasured = ({ message }: PeerAwayError): string =>
  `better-auth could not be installed, most likely because the package registry does not answer from here: ${message}`;

async function measureBoth(installation: Installation, peer: Peer, progress: Progress): Promise<Report> {
  progress(`better-auth ${peer.version}; making ${PEOPLE} accounts on each side`);
  const sides = [await locksmithSide(installation), await peerSide(installation, peer)];
  const replays: Replay[] = [];
  for (const side of sides) {
    const client = openClient(side.origin);
    replays.push(await side.replay(client));
    client.close();
  }
  const rounds: Round[] = [];
  while (rounds.length < ROUNDS) {
    const bare = await measureArgon2(ARGON2, 2, 1);
    const levels: Measured[][] = [];
    for (const clients of CLIENTS) {
      // Who goes first changes every round: what one leaves behind in the database should not always meet the other.
      const order = rounds.length % 2 === 0 ? [0, 1] : [1, 0];
      const level: Measured[] = [];
      for (const at of order) level[at] = await measure(sides[at]!, clients); // there are two
      levels.push(level);
    }
    rounds.push({ bare, levels });
    progress(`round ${rounds.length} of ${ROUNDS}: ${describe({ bare, levels }, sides)}`);
  }
  return report(sides, rounds, replays);
}

async function locksmithSide({ server, runtime }: Installation): Promise<Side> {
  const people = await makePeople(runtime, PEOPLE);
  const next = inTurn(people);
  return {
    name: "Locksmith",
    origin: server.origin,
    server,
    signIn: async (client) => signIn(client, runtime.keys, await next()),
    replay: async (client) => {
      const person = await next();
      const code = totpCode(person.totpKey, totpStep());
      const first = await tryCode(client, await startSignIn(client, runtime.keys, person), code);
      if (first.location !== "/account") throw new Error(`The first sign-in failed: ${first.status} ${first.text}`);
      const second = await tryCode(client, await startSignIn(client, runtime.keys, person), code);
      return { status: second.status, isSignedIn: second.location === "/account" };
    },
  };
}

async function peerSide({ server }: Installation, peer: Peer): Promise<Side> {
  const maker = openClient(peer.origin);
  const people = await peer.makePeople(maker, PEOPLE);
  maker.close();
  let at = 0;
  const next = () => people[at++ % people.length]!; // never empty
  return {
    name: `better-auth ${peer.version}`,
    origin: peer.origin,
    server: { pid: peer.pid, databasePid: server.databasePid },
    signIn: (client) => signInAtPeer(client, peer.origin, next()),
    replay: async (client) => {
      const person = next();
      const code = totpCode(person.totpKey, totpStep());
      const first = await tryPeerCode(client, peer.origin, await startPeerSignIn(client, person), code);
      if (first.status !== 200) throw new Error(`The first sign-in failed: ${first.status} ${first.text}`);
      const second = await tryPeerCode(client, peer.origin, await startPeerSignIn(client, person), code);
      return { status: second.status, isSignedIn: second.status === 200 };
    },
  };
}

async function measure(side: Side, clients: number): Promise<Measured> {
  const browsers = Array.from({ length: clients }, () => openClient(side.origin));
  let acts = 0;
  const { value, cpu } = await withCpu(side.server, () =>
    keepBusy({ clients, warmUpSeconds: WARM_UP_SECONDS, seconds: SECONDS }, async (at) => {
      await side.signIn(browsers[at]!); // one for each
      acts += 1;
    }),
  );
  for (const browser of browsers) browser.close();
  return { load: value, cpu, acts };
}

const rateOf = (round: Round, level: number, side: number): number =>
  round.levels[level]?.[side]?.load.perSecond ?? Number.NaN;
const ratioOf = (round: Round, level: number): number => rateOf(round, level, 0) / rateOf(round, level, 1);

const clientsText = (clients: number): string => `${clients} ${clients === 1 ? "client" : "clients"}`;

const describe = (round: Round, sides: readonly Side[]): string =>
  CLIENTS.map(
    (clients, level) =>
      `${clientsText(clients)}: ${sides.map(({ name }, at) => `${name} ${rateOf(round, level, at).toFixed(1)}/s`).join(", ")} (${ratio(ratioOf(round, level))})`,
  ).join("; ");

function report(sides: readonly Side[], rounds: readonly Round[], replays: readonly Replay[]): Report {
  const pick = (level: number, side: number, of: (measured: Measured) => number): number =>
    median(rounds.flatMap(({ levels }) => (levels[level]?.[side] ? [of(levels[level][side])] : [])));
  const ratios = CLIENTS.map((_, level) => rounds.map((round) => ratioOf(round, level)));
  const bare = rounds.map((round) => round.bare.perSecond);
  const cpuOf = (side: number, who: keyof Cpu) =>
    milliseconds(pick(CLIENTS.length - 1, side, ({ cpu, acts }) => cpu[who] / acts));
  return {
    tables: [
      {
        caption: `Sign-ins a second: medians of ${rounds.length} rounds of ${SECONDS} s for each, with the least and the most`,
        columns: ["", "a second", "to bare argon2id, two at once", "median", "95th percentile"],
        rows: [
          ["bare argon2id, two at once", spread(bare, (value) => value.toFixed(1)), "1", "", ""],
          ...CLIENTS.flatMap((clients, level) =>
            sides.map(({ name }, side) => [
              `${name}, ${clientsText(clients)}`,
              spread(
                rounds.map((round) => rateOf(round, level, side)),
                (value) => value.toFixed(1),
              ),
              ratio(median(rounds.map((round) => rateOf(round, level, side) / round.bare.perSecond))),
              milliseconds(pick(level, side, ({ load }) => median(load.took))),
              milliseconds(pick(level, side, ({ load }) => quantile(load.took, 0.95))),
            ]),
          ),
        ],
      },
      {
        caption: "Locksmith's sign-ins to better-auth's, in the same round",
        columns: ["", "ratio"],
        rows: CLIENTS.map((clients, level) => [clientsText(clients), spread(ratios[level] ?? [], ratio)]),
      },
      {
        caption: `Processor time of one sign-in, ${clientsText(CLIENTS[CLIENTS.length - 1] ?? 0)}, the hash included`,
        columns: ["", "the server", "PostgreSQL", "the client"],
        rows: sides.map(({ name }, side) => [
          name,
          cpuOf(side, "server"),
          cpuOf(side, "database"),
          cpuOf(side, "client"),
        ]),
      },
      {
        caption: "The same six digits in a second sign-in, password and all, within their half minute",
        columns: ["", "second sign-in"],
        rows: sides.map(({ name }, side) => [name, replayText(replays[side])]),
      },
    ],
    goals: [
      ...CLIENTS.map((clients, level) => ({
        what: `sign-in, ${clientsText(clients)}, to better-auth at equal hash cost`,
        goal: `at least ${GOAL}`,
        measured: ratio(median(ratios[level] ?? [])),
        isReached: median(ratios[level] ?? []) >= GOAL,
      })),
      {
        what: "one TOTP code signs in once",
        goal: "the second time is refused",
        measured: replayText(replays[0]),
        isReached: replays[0]?.isSignedIn === false,
      },
    ],
    meaning: [
      "RFC 6238 §5.2 and SP 800-63B-4 §3.1.4.2 ask that a code be accepted once. What that costs is part of Locksmith's side: the step is spent in the transaction that makes the session.",
      "With one client, every commit that is brought safely to disk is waited for in turn, those that count an attempt before it is checked too; with many, they overlap.",
    ],
  };
}

const replayText = (replay: Replay | undefined): string =>
  replay ? `${replay.isSignedIn ? "accepted" : "refused"} (${replay.status})` : "not known";
