import { createHash, randomBytes } from "node:crypto";
import { Secret, TOTP, URI } from "otpauth";
import { type Browser, openBrowser, type Page } from "./browser.ts";
import { makeSdist, makeWheel } from "./distributions.ts";
import { makeSshKey, type SshKey } from "./ssh.ts";

/** A mail as its addressee reads it. */
export interface ReceivedMail {
  readonly subject: string;
  readonly text: string;
  readonly links: readonly string[];
}

/** Where a person's mail arrives. Waits until one with that subject is there. */
export interface Mailbox {
  wait(address: string, subject: RegExp): Promise<ReceivedMail>;
}

/** What an authenticator app does: shows six digits, and new ones every 30 seconds. */
export interface Phone {
  code(): Promise<string>;
  readonly uri: string;
}

/** The clock the server goes by; the demo's is the wall's, a test's is moved by hand. */
export interface WorldTime {
  now(): Date;
  /** Lets time pass until then. */
  until(date: Date): Promise<void>;
}

const STEP_MS = 30_000;

/** An app that never shows the same step twice: where a step was used up, it waits for the next. */
export function makePhone(uri: string, time: WorldTime): Phone {
  const totp = URI.parse(uri);
  if (!(totp instanceof TOTP)) throw new Error("That is not a TOTP key.");
  let lastStep = -1;
  return {
    uri,
    code: async () => {
      // The server takes this step or the one before, each once: somebody who types slowly sends the one before.
      let step = Math.max(lastStep + 1, Math.floor(time.now().getTime() / STEP_MS) - 1);
      if (step * STEP_MS > time.now().getTime()) {
        await time.until(new Date(step * STEP_MS));
        step = Math.floor(time.now().getTime() / STEP_MS);
      }
      lastStep = step;
      return totp.generate({ timestamp: step * STEP_MS });
    },
  };
}

export interface Person {
  readonly username: string;
  readonly address: string;
  password: string;
  readonly browser: Browser;
  readonly mailbox: Mailbox;
  phone: Phone | null;
  codes: readonly string[];
  token: string | null;
  readonly sshKey: SshKey;
}

export interface World {
  readonly origin: string;
  readonly mailbox: Mailbox;
  readonly time: WorldTime;
}

/** Fails with what the page said, so that a story that goes wrong tells where. */
export function expectPage(page: Page, text: RegExp, status = 200): Page {
  if (page.status !== status || !text.test(page.text)) {
    throw new Error(
      `Expected ${status} and ${String(text)} on ${page.path}, got ${page.status}: ${page.text.slice(0, 600)}`,
    );
  }
  return page;
}

const WORDS = [
  "amber",
  "bridge",
  "copper",
  "delta",
  "ember",
  "fjord",
  "granite",
  "harbour",
  "island",
  "juniper",
  "kettle",
  "lantern",
  "meadow",
  "nickel",
  "orchard",
  "pebble",
];

/** Four unrelated words and a number: long, and new at every run. */
export const makePassphrase = (): string =>
  [...randomBytes(4)].map((byte) => WORDS[byte % WORDS.length]).join("-") + `-${randomBytes(2).readUInt16BE()}`;

export function makePerson(world: World, username: string, address = `${username}@mail.example`): Person {
  return {
    username,
    address,
    password: makePassphrase(),
    browser: openBrowser(world.origin),
    mailbox: world.mailbox,
    phone: null,
    codes: [],
    token: null,
    sshKey: makeSshKey(`${username}@laptop`),
  };
}

/** Registers and confirms the address from the mail. */
export async function registerAndConfirm(world: World, person: Person): Promise<void> {
  const { browser, username, address, password } = person;
  await browser.open("/register");
  expectPage(await browser.submit("/register", { username, address, password }), /Confirm your address/);
  await confirmFromMail(world, person);
}

export async function confirmFromMail(world: World, person: Person): Promise<void> {
  const mail = await world.mailbox.wait(person.address, /Confirm your address/);
  const link = linkIn(mail, /\/confirm-address\//);
  expectPage(await person.browser.open(link), /Is .* yours/);
  expectPage(await person.browser.submit(link), /address is confirmed/i);
}

/** Sets up an authenticator app from the text under the QR code, then takes ten recovery codes and types one back. */
export async function enrol(world: World, person: Person): Promise<void> {
  const { browser } = person;
  await browser.open("/account/setup");
  const page = expectPage(await browser.submit("/account/setup/totp/begin"), /authenticator app/i);
  person.phone = makePhone(otpauthIn(page), world.time);
  await browser.submit("/account/setup/totp", { code: await person.phone.code() });
  await browser.open("/account/recovery-codes");
  const sheet = expectPage(await browser.submit("/account/recovery-codes"), /Your recovery codes/);
  person.codes = codesIn(sheet);
  expectPage(
    await browser.submit("/account/recovery-codes/check", { code: person.codes[0] ?? "" }),
    /one of your codes/,
  );
}

/** The otpauth address that the page shows beside its QR code. */
export function otpauthIn(page: Page): string {
  const found = /otpauth:\/\/totp\/[^\s<"]+/.exec(page.html.replaceAll("&amp;", "&"))?.[0];
  if (!found) throw new Error(`No otpauth address on ${page.path}: ${page.text.slice(0, 300)}`);
  return found;
}

/** The recovery codes a page shows. */
export const codesIn = (page: Page): readonly string[] => [
  ...new Set(page.text.match(/lkrc(?:-[0-9a-z]{5}){5}/g) ?? []),
];

/** Base 32 text of a phone's key, for outside tools. */
export const base32Of = (phone: Phone): string =>
  Secret.fromBase32((URI.parse(phone.uri) as TOTP).secret.base32).base32; // makePhone has checked that it is a TOTP

/** The path of the first link of a mail that has this in it. */
export function linkIn(mail: ReceivedMail, pattern: RegExp): string {
  const link = mail.links.find((one) => pattern.test(one));
  if (!link) throw new Error(`No link ${String(pattern)} in the mail “${mail.subject}”:\n${mail.text}`);
  return new URL(link).pathname;
}

/** The eight digits a mail carries. */
export function mailCodeIn(mail: ReceivedMail): string {
  const code = /^ +(\d{4}[ -]?\d{4})\s*$/m.exec(mail.text)?.[1]; // on a line of its own: a case number may be digits too
  if (!code) throw new Error(`No code in the mail “${mail.subject}”:\n${mail.text}`);
  return code;
}

export async function signInWithPassword(person: Person, path = "/sign-in"): Promise<Page> {
  await person.browser.open(path);
  return person.browser.submit(path, { name: person.username, password: person.password });
}

export async function signIn(person: Person): Promise<Page> {
  expectPage(await signInWithPassword(person), /six digits/i);
  await person.browser.submit("/sign-in/second-factor", { code: (await person.phone?.code()) ?? "" });
  return confirmDevice(person);
}

/**
 * Types the code from the mail, where the browser is new to the account and is asked for it.
 * @param address where the code went, if not to their usual address
 */
export async function confirmDevice(person: Person, address = person.address): Promise<Page> {
  const { page } = person.browser;
  if (!page.path.endsWith("/sign-in/new-device")) return page;
  const mail = await person.mailbox.wait(address, /Code to sign in on a new device/);
  return person.browser.submit(page.path, { code: mailCodeIn(mail) });
}

/** Shows password and app again where the server asks for it. */
export async function stepUp(person: Person): Promise<void> {
  if (person.browser.page.path !== "/account/confirm") return;
  await person.browser.submit("/account/confirm", {
    password: person.password,
    code: (await person.phone?.code()) ?? "",
  });
}

export async function makeToken(person: Person, name: string): Promise<string> {
  await person.browser.open("/account/tokens");
  const page = expectPage(await person.browser.submit("/account/tokens", { name }), /Your new token/);
  const token = /lks_[0-9A-Za-z]+/.exec(page.text)?.[0];
  if (!token) throw new Error(`No token on the page: ${page.text.slice(0, 300)}`);
  person.token = token;
  return token;
}

export async function addSshKey(person: Person): Promise<void> {
  await person.browser.open("/account/keys");
  expectPage(await person.browser.submit("/account/keys", { key: person.sshKey.publicLine }), /SHA256:/);
}

/** Uploads as twine does: Basic authentication with the token, and one multipart form a file. */
export async function upload(
  world: World,
  person: Person,
  file: { readonly filename: string; readonly bytes: Buffer; readonly fields: Readonly<Record<string, string>> },
): Promise<{ readonly status: number; readonly reason: string }> {
  const form = new FormData();
  const digests = {
    sha256_digest: createHash("sha256").update(file.bytes).digest("hex"),
    md5_digest: createHash("md5").update(file.bytes).digest("hex"),
  };
  for (const [name, value] of Object.entries({
    ":action": "file_upload",
    protocol_version: "1",
    metadata_version: "2.1",
    ...digests,
    ...file.fields,
  }))
    form.append(name, value);
  form.append("content", new Blob([new Uint8Array(file.bytes)]), file.filename);
  const authorization = `Basic ${Buffer.from(`__token__:${person.token ?? ""}`).toString("base64")}`;
  const response = await fetch(new URL("/legacy/", world.origin), {
    method: "POST",
    body: form,
    headers: { authorization, "user-agent": "twine/6.1.0" },
  });
  const text = (await response.text()).trim();
  return {
    status: response.status,
    reason: text.startsWith(String(response.status)) ? text : `${response.status} ${text}`,
  };
}

export const wheelOf = (name: string, version: string, requires: readonly string[] = []) => ({
  ...makeWheel({ name, version, requiresDist: requires }),
  fields: {
    name,
    version,
    filetype: "bdist_wheel",
    pyversion: "py3",
    ...(requires.length > 0 ? { requires_dist: requires[0] ?? "" } : {}),
  },
});

export const sdistOf = (name: string, version: string) => ({
  ...makeSdist({ name, version }),
  fields: { name, version, filetype: "sdist", pyversion: "source" },
});
