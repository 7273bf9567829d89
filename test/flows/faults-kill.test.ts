import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { attachEmbedded } from "../../src/app/attach.ts";
import { findAccountByName } from "../../src/accounts/index.ts";
import { layoutOf } from "../../src/app/data-folder.ts";
import { verifyChain } from "../../src/audit/index.ts";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage } from "../../src/bin/demo/person.ts";
import { loadKeyring } from "../../src/kernel/crypto/keyring.ts";
import { type Database, openDatabase } from "../../src/kernel/db/database.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { enqueue } from "../../src/kernel/jobs/index.ts";
import { makeLog } from "../../src/kernel/log.ts";
import { systemRandom } from "../../src/kernel/random.ts";
import { ok } from "../../src/kernel/result.ts";
import { deliverMailJob } from "../../src/notifications/outbox.ts";
import { createApiToken, sweepTemporaryFiles } from "../../src/registry/index.ts";
import { caseInReview, maintainer, passDays, reviewer } from "../races/cases.ts";
import { codeOf, defaultPolicy, groundOn, PASSWORD, type Place } from "../races/ground.ts";
import { ROOT, start, startRelay, temporaryInstallation, type TestProcess } from "../world/process.ts";
import { testDatabase } from "../world/database.ts";
import { act } from "../world/registry.ts";
import { type CaseToApprove, type Done, startTraffic, type Traffic } from "../world/traffic.ts";

/*
 * Something breaks in the middle of everything: the server is killed without warning, the database goes away. Whatever was
 * acknowledged is there, whole; of what was not, each is there whole or not at all.
 */

const SERVER = join(ROOT, "src", "bin", "server.ts");
const RUNNING = /Locksmith is running at (http:\S+?)[ .]*(?:\(|\n)/;
const DAY = 24 * 3600_000;

interface Installation {
  readonly data: string;
  readonly environment: Readonly<Record<string, string>>;
  /** How to reach its database from here. */
  readonly address: () => Promise<string>;
}

/** A port that nothing listens on at this moment: the server comes back at the address it had. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number }; // a TCP server's address is this object
  server.close();
  await once(server, "close");
  return String(port);
}

async function serve({
  environment,
}: Installation): Promise<{ readonly server: TestProcess; readonly origin: string }> {
  const server = start([SERVER], { environment });
  return { server, origin: (await server.says(RUNNING))[1] ?? "" };
}

/** The server forgets a mail's words once it is sent, perhaps before this test has read the code in it: here they stay. */
async function keepWords(db: Database): Promise<void> {
  await db.pool.query(`
    create or replace function keep_words() returns trigger language plpgsql as $$
      begin new.text_body := old.text_body; new.html_body := old.html_body; return new; end $$;
    create or replace trigger keep_words before update on outbox_mails for each row execute function keep_words()`);
}

/** The installation's own database and keys, with a clock that can begin in the past. */
async function lookInside({ data, address }: Installation): Promise<Place & { close(): Promise<void> }> {
  const connectionString = await address();
  const db = openDatabase({ connectionString, poolSize: 4 });
  await keepWords(db);
  let behind = 40 * DAY;
  const runtime = {
    db,
    clock: {
      now: () => new Date(Date.now() - behind),
      advance: (milliseconds: number) => {
        behind -= milliseconds;
      },
    },
    random: systemRandom,
    keys: await loadKeyring(layoutOf(data).keyFile, systemRandom),
    log: makeLog("error", () => undefined),
    publicUrl: new URL("http://127.0.0.1:8480"),
    indexName: "the test index",
    policy: await defaultPolicy(),
  };
  return { ...(await groundOn(runtime, connectionString)), close: () => db.close() };
}

interface Scene {
  readonly tokens: readonly string[];
  readonly cases: readonly CaseToApprove[];
}

/** Who is there before anything breaks: two uploaders, two reviewers, and cases to approve. Made forty days ago. */
async function setScene(place: Place, caseCount: number): Promise<Scene> {
  const { runtime } = place;
  const tokens: string[] = [];
  for (const name of ["uploader-a", "uploader-b"]) {
    const { account } = await place.subscriber(name);
    const actor = { kind: "subscriber", id: account.id } as const;
    const input = { accountId: account.id, name: "ci", projects: null, expiresAt: null, actor };
    tokens.push((await act(runtime, (tx) => createApiToken(tx, runtime.random, input))).token.reveal());
  }
  for (const name of ["dana", "erin"]) await reviewer(place, name);
  const owners = [];
  for (let at = 0; at < caseCount; at += 1) owners.push(await maintainer(place, `owner-${"abcdefghjkmnpqrtuvwx"[at]}`));
  passDays(place);
  const cases: CaseToApprove[] = [];
  for (const owner of owners) {
    const { number } = await caseInReview(place, owner);
    cases.push({ number, username: owner.account.username });
  }
  return { tokens, cases };
}

async function atTheDesk(origin: string, place: Place, username: string) {
  const browser = openBrowser(origin);
  const account = await findAccountByName(place.runtime.db, username);
  assert(account);
  // One in which they signed in before: a new one would have to be confirmed.
  (browser.cookies as Map<string, string>).set("locksmith_device", await place.knownBrowser(account));
  await browser.open("/console/sign-in");
  expectPage(
    await browser.submit("/console/sign-in", { name: username, password: PASSWORD.reveal() }),
    /code from your app/i,
  );
  const code = codeOf(place.runtime.clock.now());
  expectPage(await browser.submit("/console/sign-in/second-factor", { code }), /Recovery cases/);
  return browser;
}

type Browsers = readonly Awaited<ReturnType<typeof atTheDesk>>[];

/** A code the desk has not used: an app shows two a minute, and reviewers here are faster. Any, once the database is gone. */
const newCodeAt = (place: Place) => (): Promise<string> =>
  place.runtime.db.pool.query("delete from one_time_counters where purpose = 'totp-step'").then(
    () => codeOf(new Date()),
    () => "000000",
  );

function begin(origin: string, scene: Scene, place: Place, browsers: Browsers, round: string): Traffic {
  const half = Math.ceil(scene.cases.length / 2);
  const desk = browsers.map((browser, at) => ({ browser, cases: scene.cases.slice(at * half, (at + 1) * half) }));
  const names = Array.from({ length: 9 }, (_, at) => `new-${round}-${"abcdefghj"[at]}`);
  return startTraffic({ origin, tokens: scene.tokens, desk, names, newCode: newCodeAt(place) }, round);
}

const isBusy = ({ uploads, registrations, approvals }: Done): boolean =>
  uploads.size >= 6 && registrations.size >= 2 && approvals.size >= 2;

async function column(place: Place, query: string, ...values: readonly unknown[]): Promise<readonly string[]> {
  const { rows } = await place.runtime.db.pool.query<{ it: string }>(query, [...values]);
  return rows.map((row) => row.it);
}

/** Everything that was acknowledged is there, and everything that is there is whole. */
async function checkWhole(origin: string, place: Place, folder: string, done: readonly Done[]): Promise<void> {
  assert.deepEqual((await verifyChain(place.runtime.db)).breaches, []);
  await checkFiles(origin, place, folder, done);

  const accounts = await column(place, "select username as it from accounts where username like 'new-%'");
  for (const one of done)
    for (const name of one.registrations) assert(accounts.includes(name), `${name} was registered`);
  for (const name of accounts) {
    const parts = await column(
      place,
      `select (select count(*) from addresses where account_id = a.id) || ' ' ||
              (select count(*) from authenticators where account_id = a.id and kind = 'password') || ' ' ||
              (select count(*) from sessions where account_id = a.id) || ' ' ||
              (select count(*) from audit_events where account_id = a.id and act = 'accounts/registered') || ' ' ||
              (select count(*) from outbox_mails where account_id = a.id and message = 'confirm-address') as it
       from accounts a where username = $1`,
      name,
    );
    assert.deepEqual(parts, ["1 1 1 1 1"], `${name} is there as a whole`);
  }

  const waiting = await column(place, "select number as it from recovery_cases where state = 'waiting'");
  for (const one of done)
    for (const number of one.approvals) assert(waiting.includes(number), `${number} was approved`);
  const parts = await column(
    place,
    `select c.state || ' ' ||
            (select count(*) from recovery_reviews where case_id = c.id) || ' ' ||
            (select count(*) from audit_events where case_id = c.id and act = 'recovery/approve') || ' ' ||
            (select count(*) from outbox_mails where case_id = c.id and message = 'case-decided') as it
     from recovery_cases c`,
  );
  for (const one of parts) assert(one === "waiting 1 1 1" || one === "review 0 0 0", one);
}

async function checkFiles(origin: string, place: Place, folder: string, done: readonly Done[]): Promise<void> {
  const known = new Map<string, string>();
  for (const line of await column(place, "select filename || ' ' || sha256 as it from files")) {
    const [filename = "", sha256 = ""] = line.split(" ");
    known.set(filename, sha256);
  }
  for (const one of done)
    for (const [filename, sha256] of one.uploads) assert.equal(known.get(filename), sha256, `${filename} was uploaded`);
  for (const [filename, sha256] of known) {
    const response = await fetch(new URL(`/files/${sha256}/${filename}`, origin));
    assert.equal(response.status, 200, `${filename} is listed and there`);
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256);
  }
  const published = await column(
    place,
    "select facts->>'file' as it from audit_events where act = 'registry/file-published'",
  );
  assert.deepEqual([...published].toSorted(), [...known.keys()].toSorted());
  // Bytes that were kept and never published, and half-received ones, are swept away in time; nothing else is there.
  await sweepTemporaryFiles(place.runtime, folder, new Date(Date.now() + 60_000));
  const kept = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  assert.deepEqual(kept.map((entry) => entry.name).toSorted(), [...new Set(known.values())].toSorted());
}

/** Every mail of everything that was committed lies in the folder, once. */
async function checkMails(place: Place, folder: string): Promise<void> {
  const { pool } = place.runtime.db;
  // A worker that was killed holds a mail for ten minutes; here they have passed.
  await pool.query("update outbox_mails set leased_until = now() where state = 'sending'");
  await transact(place.runtime.db, { now: place.runtime.clock.now(), bookkeeping: "a wake-up" }, async (tx) => {
    await enqueue(tx, deliverMailJob, {});
    return ok();
  });
  for (;;) {
    const left = await column(place, "select id as it from outbox_mails where state <> 'sent'");
    if (left.length === 0) break;
    await delay(50); // the worker is at it; the test runner's own limit ends one that never is
  }
  const ids = await column(place, "select id || '.eml' as it from outbox_mails");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".eml"));
  assert.deepEqual(files.toSorted(), [...ids].toSorted());
  for (const name of files) assert.match(await readFile(join(folder, name), "utf8"), /^Message-ID: <mail_/m);
}

describe("in the middle of uploads, registrations and approvals", { timeout: 180_000 }, () => {
  test("the server is killed without warning, twice: what was acknowledged is there, nothing is half done", async () => {
    const home = await temporaryInstallation();
    const folders = layoutOf(home.data);
    const installation: Installation = {
      data: home.data,
      environment: { DATA_DIR: home.data, PORT: await freePort() },
      address: async () => (await attachEmbedded(folders.database, 5_000)) ?? "",
    };
    let { server, origin } = await serve(installation);
    const rounds: Done[] = [];
    try {
      let place = await lookInside(installation);
      const scene = await setScene(place, 16);
      // They stay signed in: sessions outlive the process.
      const browsers = [await atTheDesk(origin, place, "dana"), await atTheDesk(origin, place, "erin")];
      for (const round of ["one", "two"]) {
        const cases = scene.cases.slice(rounds.length * 8, rounds.length * 8 + 8);
        const traffic = begin(origin, { ...scene, cases }, place, browsers, round);
        await traffic.until(isBusy);
        server.kill("SIGKILL");
        await server.ended;
        await traffic.end();
        rounds.push(traffic.done);
        assert.deepEqual(traffic.done.refused, [], "before the end nothing was refused");
        await place.close();
        ({ server, origin } = await serve(installation));
        place = await lookInside(installation);
        passDays(place);
        await checkWhole(origin, place, folders.files, rounds);
      }
      await checkMails(place, folders.mail);
      await place.close();
      server.kill("SIGTERM");
      assert.equal((await server.ended).code, 0);
    } finally {
      server.kill("SIGKILL");
      await server.ended;
      await home.remove();
    }
  });

  test("the database goes away and comes back: 503 in plain words meanwhile, then everything goes on", async () => {
    const home = await temporaryInstallation();
    const database = await testDatabase({ poolSize: 1 });
    const direct = new URL(database.connectionString);
    const host = decodeURIComponent(direct.hostname);
    const port = Number(direct.port || "5432");
    const relay = await startRelay(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
    const through = new URL(`postgres://127.0.0.1:${relay.port}${direct.pathname}`);
    through.username = direct.username;
    through.password = direct.password;
    const installation: Installation = {
      data: home.data,
      environment: { DATA_DIR: home.data, DATABASE_URL: through.href, PORT: "0" },
      address: async () => database.connectionString,
    };
    const { server, origin } = await serve(installation);
    try {
      const place = await lookInside(installation);
      const scene = await setScene(place, 12);
      const browsers = [await atTheDesk(origin, place, "dana"), await atTheDesk(origin, place, "erin")];
      const traffic = begin(origin, scene, place, browsers, "away");
      await traffic.until(isBusy);
      await relay.takeAway();
      await traffic.until(({ refused }) => refused.length >= 3);
      assert.equal((await fetch(`${origin}/healthz`)).status, 200);
      assert.equal((await fetch(`${origin}/readyz`)).status, 503);
      await traffic.end();
      await relay.bringBack();
      for (const { status, text } of traffic.done.refused) {
        assert.equal(status, 503, text);
        assert.match(text, /cannot reach its database/);
        assert.doesNotMatch(text, /ECONN|postgres|\bat .*\.ts/i);
      }
      while ((await fetch(`${origin}/readyz`)).status !== 200) await delay(100);
      const folders = layoutOf(home.data);
      await checkWhole(origin, place, folders.files, [traffic.done]);
      const after = startTraffic(
        { origin, tokens: scene.tokens, desk: [], names: ["new-after"], newCode: newCodeAt(place) },
        "after",
      );
      await after.until(({ uploads, registrations }) => uploads.size >= 2 && registrations.size === 1);
      await after.end();
      assert.deepEqual(after.done.refused, []);
      await checkWhole(origin, place, folders.files, [traffic.done, after.done]);
      await checkMails(place, folders.mail);
      await place.close();
      server.kill("SIGTERM");
      assert.equal((await server.ended).code, 0);
    } finally {
      server.kill("SIGKILL");
      await server.ended;
      await relay.close();
      await database.drop();
      await home.remove();
    }
  });
});
