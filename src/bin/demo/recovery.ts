import type { Page } from "./browser.ts";
import { expectPage, linkIn, mailCodeIn, type Person, signInWithPassword, type World } from "./person.ts";
import { sshSign } from "./ssh.ts";

/** What a claimant holds after opening a case. */
export interface OpenCase {
  readonly number: string;
  /** Shown once when the case was opened. */
  readonly code: string;
}

function openedCase(page: Page): OpenCase {
  const number = /LK-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(page.text)?.[0];
  const code = /\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b/.exec(page.text)?.[0];
  if (!number || !code) throw new Error(`No case on the page (${page.status}): ${page.text.slice(0, 500)}`);
  return { number, code };
}

/** Password, second-factor screen, "I can't use any of these", case. */
export async function openFromStuckScreen(person: Person, contact = person.address): Promise<OpenCase> {
  expectPage(await signInWithPassword(person), /six digits/i);
  expectPage(await person.browser.open("/sign-in/stuck"), /You can get back in/);
  await person.browser.open("/sign-in/stuck/case");
  return openedCase(await person.browser.submit("/sign-in/stuck/case", { contact, cause: "second-factor" }));
}

/** The public form, with nothing but a name and a mailbox. */
export async function openFromForm(
  person: Person,
  claim: { readonly username: string; readonly contact: string; readonly story?: string },
): Promise<OpenCase> {
  await person.browser.open("/recovery");
  const { username, contact, story = "" } = claim;
  return openedCase(await person.browser.submit("/recovery", { username, contact, cause: "second-factor", story }));
}

export const openCasePage = (person: Person): Promise<Page> => person.browser.open("/recovery/case");

/** Enters the eight digits from the mail on the case page. */
export async function confirmContact(
  world: World,
  person: Person,
  number: string,
  address = person.address,
): Promise<Page> {
  const mail = await world.mailbox.wait(address, new RegExp(`recovery case ${number}`));
  await openCasePage(person);
  return person.browser.submit("/recovery/case/confirm", { code: mailCodeIn(mail) });
}

/** Asks for the challenge, then does what the shown curl command does. Gives the server's answer. */
export async function proveApiToken(
  world: World,
  person: Person,
  token = person.token ?? "",
): Promise<{ readonly status: number; readonly text: string }> {
  await openCasePage(person);
  const page = await person.browser.submit(/prove\/challenge$/, { kind: "api-token" });
  const path = /\/recovery\/proof\/api-token\/[A-Za-z0-9_-]+/.exec(page.html)?.[0];
  if (!path) throw new Error(`No challenge for an API token on the case page: ${page.text.slice(0, 800)}`);
  const authorization = `Basic ${Buffer.from(`__token__:${token}`).toString("base64")}`;
  const response = await fetch(new URL(path, world.origin), {
    method: "POST",
    headers: { authorization, "user-agent": "curl/8.5.0", accept: "*/*" },
  });
  return { status: response.status, text: (await response.text()).trim() };
}

export interface SshChallenge {
  readonly message: string;
  readonly namespace: string;
}

/** The text to be signed, as the page shows it. */
export async function sshChallenge(person: Person): Promise<SshChallenge> {
  await openCasePage(person);
  const page = await person.browser.submit(/prove\/challenge$/, { kind: "ssh-signature" });
  const shown = page.html
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
  const message = /printf '%s' '([^']+)'/.exec(shown)?.[1];
  const namespace = /-n (\S+)/.exec(shown)?.[1];
  if (!message || !namespace)
    throw new Error(`No challenge for an SSH key on the case page: ${page.text.slice(0, 800)}`);
  return { message, namespace };
}

/** Signs the challenge, as `ssh-keygen -Y sign` does, and pastes the signature. */
export async function proveSshKey(person: Person, key = person.sshKey): Promise<Page> {
  const { message, namespace } = await sshChallenge(person);
  return person.browser.submit(/prove\/ssh-signature$/, { signature: sshSign(key, namespace, message) });
}

/** Follows the link of the mail that says the account can be taken back; gives the path of the form. */
export async function restorationPath(world: World, address: string, number: string): Promise<string> {
  const mail = await world.mailbox.wait(address, new RegExp(`${number}.*take your account back`));
  return linkIn(mail, /\/restore\//);
}
