import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { csrfToken } from "../../src/kernel/http/csrf.ts";
import type { Keyring } from "../../src/kernel/crypto/keyring.ts";
import type { Answer, Client } from "./client.ts";
import { type BenchPerson, totpCode, totpStep } from "./people.ts";

/*
 * Signing in, as a browser does it: two forms. The forms' CSRF tokens are worked out here with the installation's key
 * instead of being read from the form pages, so that what is measured are the two steps and not the pages around them.
 */

/** A sign-in that is past its first step. */
export interface Started {
  readonly cookie: string;
  readonly csrf: string;
}

/** The cookies of a browser that has seen one page. */
export const freshBrowser = (): { readonly browser: string } => ({ browser: randomBytes(16).toString("base64url") });

export const cookieHeader = (cookies: Readonly<Record<string, string>>): string =>
  Object.entries(cookies)
    .map(([name, value]) => `locksmith_${name}=${value}`)
    .join("; ");

function expectRedirect(answer: Answer, to: string): void {
  if (answer.status === 303 && answer.location === to) return;
  throw new Error(
    `Expected a redirect to ${to}, got ${answer.status} ${answer.location}: ${answer.text.slice(0, 2000)}`,
  );
}

/** First step. The answer to it, whatever it is. */
export function tryPassword(client: Client, keys: Keyring, name: string, password: string): Promise<Answer> {
  const cookies = freshBrowser();
  return client.post(
    "/sign-in",
    { name, password, _csrf: csrfToken(keys, cookies) },
    { cookie: cookieHeader(cookies) },
  );
}

/** First step with the right password, in a browser in which that person was signed in before. */
export async function startSignIn(client: Client, keys: Keyring, person: BenchPerson): Promise<Started> {
  const known = { ...freshBrowser(), device: person.deviceToken };
  const first = await client.post(
    "/sign-in",
    { name: person.username, password: person.password, _csrf: csrfToken(keys, known) },
    { cookie: cookieHeader(known) },
  );
  expectRedirect(first, "/sign-in/second-factor");
  const cookies = { ...known, signin: first.cookies["locksmith_signin"] ?? "" };
  return { cookie: cookieHeader(cookies), csrf: csrfToken(keys, cookies) };
}

/** Second step with six digits. The answer to it, whatever it is. */
export const tryCode = (client: Client, { cookie, csrf }: Started, code: string): Promise<Answer> =>
  client.post("/sign-in/second-factor", { code, _csrf: csrf }, { cookie });

/** Both steps with password and authenticator app. */
export async function signIn(client: Client, keys: Keyring, person: BenchPerson): Promise<void> {
  const started = await startSignIn(client, keys, person);
  expectRedirect(await tryCode(client, started, totpCode(person.totpKey, totpStep())), "/account");
}

/** The same with the pages a person sees on the way: both forms before they are sent. */
export async function signInWithPages(client: Client, keys: Keyring, person: BenchPerson): Promise<void> {
  await client.get("/sign-in");
  const started = await startSignIn(client, keys, person);
  await client.get("/sign-in/second-factor", { cookie: started.cookie });
  expectRedirect(await tryCode(client, started, totpCode(person.totpKey, totpStep())), "/account");
}

/** Second step with a recovery code. */
export async function redeem(client: Client, started: Started, code: string): Promise<void> {
  const answer = await client.post("/sign-in/recovery-code", { code, _csrf: started.csrf }, { cookie: started.cookie });
  if (answer.status !== 200 || !answer.text.includes("Here is its replacement")) {
    throw new Error(`The code was not taken: ${answer.status} ${answer.text.slice(0, 2000)}`);
  }
}

/** Gives people in turn; each only when their last six digits are of an earlier step, since a step signs in once. */
export function inTurn(people: readonly BenchPerson[]): () => Promise<BenchPerson> {
  const lastStep = new Map<BenchPerson, number>();
  let next = 0;
  return async () => {
    const person = people[next % people.length];
    next += 1;
    if (!person) throw new Error("There is nobody to sign in.");
    while ((lastStep.get(person) ?? 0) >= totpStep()) await delay(50);
    lastStep.set(person, totpStep());
    return person;
  };
}
