import assert from "node:assert/strict";
import { request } from "node:http";
import { sql } from "kysely";
import { type AccountId } from "../../src/kernel/ids.ts";
import { findAccountByName, insertStaffRole, type StaffRole } from "../../src/accounts/index.ts";
import { audit } from "../../src/audit/index.ts";
import { type Browser, formsOf, openBrowser } from "../../src/bin/demo/browser.ts";
import {
  addSshKey,
  confirmDevice,
  enrol,
  expectPage,
  linkIn,
  makePerson,
  makeToken,
  type Person,
  registerAndConfirm,
  signInWithPassword,
  upload,
  wheelOf,
} from "../../src/bin/demo/person.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import type { World } from "../world/world.ts";

/* Whom the adversary meets, and the tools it has: raw requests, and a look at every table before and after. */

export const HOUR = 3600_000;
export const DAY = 24 * HOUR;

/** Somebody with an account, an authenticator app and recovery codes. */
export async function subscriber(
  world: World,
  username: string,
  address = `${username}@${username}.example`,
): Promise<Person> {
  const person = makePerson(world, username, address);
  await registerAndConfirm(world, person);
  await enrol(world, person);
  return person;
}

/** A subscriber with a published project, an API token and an SSH key. */
export async function maintainer(
  world: World,
  username: string,
  project: string,
  address = `${username}@${username}.example`,
): Promise<Person> {
  const person = await subscriber(world, username, address);
  await makeToken(person, "laptop");
  await addSshKey(person);
  const uploaded = await upload(world, person, wheelOf(project, "1.0"));
  assert.equal(uploaded.status, 200, uploaded.reason);
  return person;
}

/** The same person at another browser, where nobody is signed in. */
export const elsewhere = (world: World, person: Person): Person => ({ ...person, browser: openBrowser(world.origin) });

export async function accountIdOf(world: World, username: string): Promise<AccountId> {
  const account = await findAccountByName(world.runtime.db, username);
  assert(account, `there is no account ${username}`);
  return account.id;
}

/** A subscriber with a role at the desk, as an administrator would appoint one. */
export async function staff(world: World, username: string, role: StaffRole): Promise<Person> {
  const person = await subscriber(world, username);
  const id = await accountIdOf(world, username);
  await transact(world.runtime.db, { now: world.time.now() }, async (tx) => {
    await insertStaffRole(tx, id, role, null);
    audit(tx, world.runtime.random, { act: "test/appointed", actor: { kind: "operator" }, accountId: id });
    return ok();
  });
  return person;
}

/** Signed in at the desk, in a browser that holds nothing else. */
export async function atTheDesk(world: World, person: Person): Promise<Person> {
  const there = elsewhere(world, person);
  expectPage(await signInWithPassword(there, "/console/sign-in"), /code from your app/i);
  const code = (await person.phone?.code()) ?? "";
  await there.browser.submit("/console/sign-in/second-factor", { code });
  expectPage(await confirmDevice(there), /Recovery cases/);
  return there;
}

/** What a browser must send with its forms now; it depends on the cookies it holds. */
export async function csrfOf(browser: Browser): Promise<string> {
  const response = await browser.raw("/recovery", {});
  const token = formsOf(await response.text())[0]?.fields["_csrf"];
  assert(token, "the public form has no token");
  return token;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  readonly browser?: Browser;
}

const cookiesOf = (browser: Browser): string =>
  [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");

/** A request exactly as given: no redirect is followed, no cookie kept, any header may be forged. */
export function rawRequest(
  world: World,
  { method = "GET", path, headers = {}, body, browser }: RawRequest,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(world.origin);
  const cookie = browser && browser.cookies.size > 0 ? { cookie: cookiesOf(browser) } : {};
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: hostname, port, method, path, headers: { accept: "text/html", ...cookie, ...headers }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

/** A form, encoded by hand, so that anything can be in it. */
export const postForm = (
  world: World,
  path: string,
  body: string,
  options: Omit<RawRequest, "path" | "body" | "method"> = {},
): Promise<RawAnswer> =>
  rawRequest(world, {
    ...options,
    path,
    body,
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "content-length": String(Buffer.byteLength(body)),
      ...options.headers,
    },
  });

/** Columns that only say when something was last seen. */
const SEEN = ["last_seen_at", "last_used_at", "last_active_at"];
/** Counters of attempts are meant to move, and so do the log of refused attempts, and who looks at which case. */
const MOVING = new Set(["throttle_counters", "audit_events", "evidence_tries", "desk_presence"]);

/** A digest of what is in every table, by name; equal digests mean that nothing was changed. */
export async function tables(
  world: World,
  except: ReadonlySet<string> = MOVING,
): Promise<Readonly<Record<string, string>>> {
  const { root } = world.runtime.db;
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(root);
  const each = rows
    .filter(({ name }) => !except.has(name))
    .map(
      ({ name }) => sql`
        select ${sql.lit(name)} as name, count(*) || ':' || coalesce(md5(string_agg(line, '' order by line)), '') as digest
        from (select md5((to_jsonb(one) - ${SEEN}::text[])::text) as line from ${sql.table(name)} one) lines`,
    );
  const found = await sql<{ name: string; digest: string }>`${sql.join(each, sql` union all `)}`.execute(root);
  return Object.fromEntries(found.rows.map(({ name, digest }) => [name, digest]));
}

/** Forgets the attempts, so that a walk over the whole route table is not stopped by the limits it is not about. */
export const forgetAttempts = (world: World): Promise<unknown> =>
  sql`delete from throttle_counters`.execute(world.runtime.db.root);

/** Acts on the log since the given one, oldest first. */
export async function actsSince(world: World, seq: bigint): Promise<readonly string[]> {
  const { rows } = await sql<{
    act: string;
  }>`select act from audit_events where seq > ${seq.toString()} order by seq`.execute(world.runtime.db.root);
  return rows.map((row) => row.act);
}

export async function lastSeq(world: World): Promise<bigint> {
  const { rows } = await sql<{ seq: string }>`select coalesce(max(seq), 0)::text as seq from audit_events`.execute(
    world.runtime.db.root,
  );
  return BigInt(rows[0]?.seq ?? "0");
}

export async function stateOf(world: World, number: string): Promise<string> {
  const { rows } = await sql<{ state: string }>`select state from recovery_cases where number = ${number}`.execute(
    world.runtime.db.root,
  );
  return rows[0]?.state ?? "none";
}

export async function isFrozen(world: World, username: string): Promise<boolean> {
  return (await findAccountByName(world.runtime.db, username))?.frozen != null;
}

/** The newest link of that shape in any mail to the address. */
export function newestLink(world: World, address: string, pattern: RegExp): string {
  const found = world.sent
    .filter((mail) => mail.to === address)
    .flatMap((mail) => mail.text.match(/http\S+/g) ?? [])
    .findLast((link) => pattern.test(link));
  assert(found, `no link ${String(pattern)} was mailed to ${address}`);
  return new URL(found).pathname;
}

/** Adds an address and confirms it from its mail, at the person's browser. */
export async function addAddress(world: World, person: Person, address: string): Promise<void> {
  await person.browser.open("/account/addresses");
  expectPage(await person.browser.submit("/account/addresses", { address }), new RegExp(address));
  const link = linkIn(await world.mailbox.wait(address, /Confirm your address/), /\/confirm-address\//);
  await person.browser.open(link);
  expectPage(await person.browser.submit(link), /address is confirmed/i);
}

/** Presses a button beside an address on the page of addresses. */
export async function pressAtAddress(person: Person, action: "main" | "remove" | "resend", address: string) {
  const page = await person.browser.open("/account/addresses");
  const row = page.html.split("<section").find((part) => part.includes(`>${address}<`)) ?? "";
  const id = /name="id" value="(adr_[a-z0-9]+)"/.exec(row)?.[1];
  assert(id, `${address} has a button`);
  return person.browser.submit(`/account/addresses/${action}`, { id });
}
