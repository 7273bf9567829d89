import { type ChildProcess, execFile, spawn } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Secret as OtpSecret } from "otpauth";
import pg from "pg";
import type { Answer, Client } from "./client.ts";
import { ROOT } from "./installation.ts";
import { totpCode, totpStep } from "./people.ts";

/*
 * better-auth, as another way to do the same: installed for the measurement at exactly the versions of
 * bench/peer/package-lock.json, and started in a process of its own on a database beside Locksmith's.
 */

const INSTALL_MILLISECONDS = 180_000;
const DATABASE = "peer";
const PASSWORD = "copper lantern orchard fjord 41";

/** Cannot be had now: no fault of what is measured. */
export class PeerAwayError extends Error {}

export interface Peer {
  readonly origin: URL;
  readonly pid: number;
  /** As its own package says. */
  readonly version: string;
  /** Makes people who can sign in. */
  makePeople(client: Client, count: number): Promise<readonly PeerPerson[]>;
}

export interface PeerPerson {
  readonly address: string;
  readonly password: string;
  readonly totpKey: Buffer;
}

/** Runs work beside a started peer, and removes it whatever happens. Throws PeerAwayError where npm cannot get it. */
export async function withPeer<T>(connectionString: string, work: (peer: Peer) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "locksmith-peer-"));
  try {
    await install(folder);
    const database = await makeDatabase(connectionString);
    const started = await startProcess(folder, database);
    const db = new pg.Client({ connectionString: database });
    try {
      await db.connect();
      const { version } = JSON.parse(await readFile(join(folder, "node_modules/better-auth/package.json"), "utf8")) as {
        version: string;
      }; // a package always has one
      const makePeople = (client: Client, count: number) => copyPerson(db, client, started.origin, count);
      return await work({ origin: started.origin, pid: started.child.pid ?? 0, version, makePeople });
    } finally {
      await db.end();
      await started.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Exactly what the lock file names, checked against its digests; no install script runs. */
async function install(folder: string): Promise<void> {
  for (const file of ["package.json", "package-lock.json"]) {
    await copyFile(join(ROOT, "bench", "peer", file), join(folder, file));
  }
  const byNpm = process.env["npm_execpath"]; // set under `npm run`: the same npm again
  const [command, first] = byNpm ? [process.execPath, [byNpm]] : ["npm", []];
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const args = [...first, "ci", "--prefix", folder, "--prefer-offline", "--fetch-retries=1", ...quiet];
  await promisify(execFile)(command, args, { cwd: folder, timeout: INSTALL_MILLISECONDS }).catch((error: unknown) => {
    const told = (error as { stderr?: string }).stderr?.trim().split("\n")[0] ?? String(error); // execFile puts it there
    throw new PeerAwayError(told);
  });
}

/** An empty database on the same PostgreSQL. */
async function makeDatabase(connectionString: string): Promise<string> {
  const db = new pg.Client({ connectionString });
  await db.connect();
  await db.query(`create database ${DATABASE}`);
  await db.end();
  const url = new URL(connectionString);
  url.pathname = `/${DATABASE}`;
  return url.href;
}

async function startProcess(
  folder: string,
  database: string,
): Promise<{ readonly origin: URL; readonly child: ChildProcess; stop(): Promise<void> }> {
  const script = join(import.meta.dirname, "peer-server.ts");
  const env = { PATH: process.env["PATH"] ?? "", NODE_ENV: "production", PEER_DATABASE: database };
  const child = spawn(process.execPath, [script, folder], { env, stdio: ["pipe", "pipe", "pipe"] });
  let told = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (told = `${told}${text}`.slice(-4000)));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
    void ended.then(() => reject(new Error(`The peer did not start:\n${told}`)));
  });
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await ended;
  };
  return { origin: new URL(`http://127.0.0.1:${port}`), child, stop };
}

const headersOf = (origin: URL, cookies: Readonly<Record<string, string>>): Record<string, string> => ({
  origin: origin.origin,
  cookie: Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join("; "),
});

function expectOk(answer: Answer, what: string): Answer {
  if (answer.status === 200) return answer;
  throw new Error(`${what}: ${answer.status} ${answer.text.slice(0, 2000)}`);
}

/** Registers one person as anybody would, with an app, and copies the rows: the hash and the key are everybody's. */
async function copyPerson(db: pg.Client, client: Client, origin: URL, count: number): Promise<readonly PeerPerson[]> {
  const first = { address: "first@mail.example", password: PASSWORD };
  const json = { name: "First", email: first.address, password: first.password };
  const signedUp = expectOk(await client.postJson("/api/auth/sign-up/email", json), "sign-up");
  const headers = headersOf(origin, signedUp.cookies);
  const { password } = first;
  const enabled = expectOk(await client.postJson("/api/auth/two-factor/enable", { password }, headers), "enabling");
  const { totpURI } = JSON.parse(enabled.text) as { totpURI: string }; // as documented by the peer
  const totpKey = Buffer.from(OtpSecret.fromBase32(new URL(totpURI).searchParams.get("secret") ?? "").buffer);
  const code = totpCode(totpKey, totpStep());
  expectOk(await client.postJson("/api/auth/two-factor/verify-totp", { code }, headers), "first code");
  await db.query(
    `insert into "user" select (jsonb_populate_record(one, jsonb_build_object(
       'id', 'copy' || n, 'email', 'copy' || n || '@mail.example'))).* from "user" one, generate_series(1, $1) n`,
    [count],
  );
  for (const table of ["account", "twoFactor"]) {
    await db.query(
      `insert into "${table}" select (jsonb_populate_record(one, jsonb_build_object(
         'id', 'copy' || n, 'userId', 'copy' || n, 'accountId', 'copy' || n))).* from "${table}" one, generate_series(1, $1) n`,
      [count],
    );
  }
  await db.query("analyze");
  return Array.from({ length: count }, (_, at) => ({ ...first, address: `copy${at + 1}@mail.example`, totpKey }));
}

/** First step. The cookies to go on with. */
export async function startPeerSignIn(client: Client, person: PeerPerson): Promise<Readonly<Record<string, string>>> {
  const json = { email: person.address, password: person.password };
  const answer = expectOk(await client.postJson("/api/auth/sign-in/email", json), "password");
  if (!answer.text.includes("twoFactorRedirect")) throw new Error(`No second factor was asked for: ${answer.text}`);
  return answer.cookies;
}

/** Second step. The answer to it, whatever it is. */
export const tryPeerCode = (
  client: Client,
  origin: URL,
  cookies: Readonly<Record<string, string>>,
  code: string,
): Promise<Answer> => client.postJson("/api/auth/two-factor/verify-totp", { code }, headersOf(origin, cookies));

/** Both steps with password and authenticator app, to a session. */
export async function signInAtPeer(client: Client, origin: URL, person: PeerPerson): Promise<void> {
  const cookies = await startPeerSignIn(client, person);
  const code = totpCode(person.totpKey, totpStep());
  const answer = expectOk(await tryPeerCode(client, origin, cookies, code), "second step");
  if (!Object.keys(answer.cookies).some((name) => name.endsWith("session_token"))) {
    throw new Error(`No session was made: ${answer.text}`);
  }
}
