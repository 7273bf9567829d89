/// <reference lib="dom" />
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { linkIn, mailCodeIn, makePassphrase, makePhone, type Person } from "../../src/bin/demo/person.ts";
import { restorationPath } from "../../src/bin/demo/recovery.ts";
import { newestLink } from "../adversary/cast.ts";
import type { World } from "../world/world.ts";
import type { Seat } from "./browser.ts";
import { type Keyboard, keyboardOf } from "./keyboard.ts";
import type { Laptop } from "./laptop.ts";
import { arrive, assertSound, button, input, link, openMoreWays, proofCard, read, textOf } from "./people.ts";

/* The steps of the main job, each done with the keyboard alone, and each page that only an act shows looked at closely. */

const CODE = /lkrc(?:-[0-9a-z]{5}){5}/g;

/** Somebody of the story at a browser. */
export interface Actor {
  readonly world: World;
  readonly page: Page;
  readonly keys: Keyboard;
  readonly person: Person;
}

export const sit = (world: World, seat: Seat, person: Person): Actor => ({
  world,
  person,
  page: seat.page,
  keys: keyboardOf(seat.page),
});

export async function register({ world, page, keys, person }: Actor): Promise<void> {
  await page.goto("/");
  await keys.enter(link(page, "Skip to the main part"));
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main", "the skip link leads to the main part");
  await page.reload();
  await keys.enter(link(page, "Register"));
  await arrive(page, "Create an account");

  await keys.type(input(page, "Username"), person.username);
  await keys.type(input(page, "Mail address"), "not an address");
  await keys.type(input(page, "Password"), person.password);
  await keys.choose(button(page, "Show password"));
  assert.equal(await input(page, "Password").getAttribute("type"), "text", "the password can be seen");
  await keys.enter(button(page, "Create account"));
  await read(page, "There is a problem");
  await page.waitForLoadState("load"); // the script that moves the focus runs after the page is read
  const focused = await page.evaluate(() => document.activeElement?.className);
  assert.equal(focused, "error-summary", "the message has the focus");
  assert.equal(await input(page, "Username").inputValue(), person.username, "what was typed is still there");
  assert.equal(await input(page, "Password").inputValue(), "", "but not the password");
  await assertSound(page);
  await keys.enter(page.locator(".error-summary a"));
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(person.address); // the message led to its field
  await keys.type(input(page, "Password"), person.password);
  await keys.enter(button(page, "Create account"));
  await arrive(page, `Welcome, ${person.username}`);

  const mail = await world.mailbox.wait(person.address, /Confirm your address/);
  await page.goto(linkIn(mail, /\/confirm-address\//));
  await keys.enter(button(page, "Yes, confirm this address"));
  await arrive(page, "Thank you, the address is confirmed");
  await assertSound(page);
  await keys.enter(link(page, "Go on with your account"));
  await arrive(page, `Welcome, ${person.username}`);
}

/** Opens the fold with the text of the key, as somebody does whose app is on the same device, and enters it there. */
async function enterAppKey({ world, page, keys, person }: Actor): Promise<void> {
  await keys.enter(page.locator("summary", { hasText: "I cannot scan it" }));
  const uri = await textOf(page.locator("#totp-uri"));
  const typed = (await textOf(page.locator("#totp-key"))).replaceAll(" ", "");
  assert.equal(new URL(uri).searchParams.get("secret"), typed, "the text is the key of the picture");
  person.phone = makePhone(uri, world.time);
}

const appCode = async ({ person }: Actor): Promise<string> => (await person.phone?.code()) ?? assert.fail("no phone");

export async function setUpApp(actor: Actor): Promise<void> {
  const { page, keys } = actor;
  await keys.enter(button(page, "Set up the app"));
  await arrive(page, "Set up your authenticator app");
  await enterAppKey(actor);
  await keys.type(input(page, "Six-digit code"), await appCode(actor));
  await keys.enter(button(page, "Finish"));
  await arrive(page, "Recovery codes");
}

/** Copies, downloads and prints the codes, and checks that all three are the same. */
async function keepCodes({ page, keys, person, world }: Actor): Promise<void> {
  const shown = (await page.locator(".codes").innerText()).match(CODE) ?? [];
  assert.equal(new Set(shown).size, 10);
  await keys.enter(button(page, "Copy"));
  await read(page, "Copied.");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.deepEqual(copied.match(CODE), shown);

  const [download] = await Promise.all([page.waitForEvent("download"), keys.enter(button(page, "Download"))]);
  const day = world.time.now().toISOString().slice(0, 10);
  assert.equal(download.suggestedFilename(), `the-test-index-recovery-codes-${person.username}-${day}.txt`);
  const saved = await readFile(await download.path(), "utf8");
  assert.equal(saved, copied);
  assert(saved.includes(person.username) && saved.includes(new URL(world.origin).host) && saved.includes(day));

  await page.evaluate(() => {
    window.print = () => {
      document.title = "printed";
    };
  });
  await keys.enter(button(page, "Print"));
  assert.equal(await page.title(), "printed");
  await page.emulateMedia({ media: "print" });
  const paper = await page.locator("body").innerText();
  assert.deepEqual(paper.match(CODE), shown, "each code once");
  assert.match(paper, new RegExp(`${person.username}.*made on ${day}`));
  assert.doesNotMatch(paper, /Copy|Download|Compare|Register/, "nothing to press on paper");
  assert.equal((await page.pdf()).toString("latin1").match(/\/Type \/Page\b/g)?.length, 1, "on one sheet");
  await page.emulateMedia({ media: "screen" });
  await assertSound(page);
  person.codes = shown;
}

export async function getCodes(actor: Actor): Promise<void> {
  const { page, keys, person } = actor;
  await keys.enter(button(page, "Make recovery codes"));
  await arrive(page, "Your recovery codes");
  await keepCodes(actor);
  await keys.type(input(page, "One of your recovery codes"), person.codes[3] ?? "");
  await keys.enter(button(page, "Compare"));
  await arrive(page, "That is one of your codes");
  await assertSound(page);
}

export async function makeTokenAndKey({ page, keys, person }: Actor, laptop: Laptop): Promise<void> {
  await page.goto("/account/tokens");
  await keys.type(input(page, "Name"), "laptop");
  await keys.enter(button(page, "Make token"));
  await read(page, "Your new token");
  await assertSound(page);
  person.token = await textOf(page.locator("#new-token"));
  await page.goto("/account/keys");
  await keys.type(input(page, "Public key"), laptop.publicLine);
  await keys.enter(button(page, "Add key"));
  await read(page, /SHA256:/);
}

/** Name and password, then the second step. */
async function startSignIn({ page, keys, person }: Actor): Promise<void> {
  await page.goto("/sign-in");
  await keys.type(input(page, "Username or mail address"), person.username);
  await keys.type(input(page, "Password"), person.password);
  await page.keyboard.press("Enter");
  await arrive(page, "Enter the code from your app");
}

/** What the claimant has noted: the number of the case and the code that opens its page from any browser. */
export interface NotedCase {
  readonly number: string;
  readonly code: string;
}

/** From the screen where one is stuck into a case. */
export async function openCase(actor: Actor): Promise<NotedCase> {
  const { page, keys, person } = actor;
  await startSignIn(actor);
  await keys.enter(link(page, "I can’t use any of these"));
  await arrive(page, "You can get back in");
  await keys.enter(link(page, "Open a recovery case"));
  await arrive(page, "Open a recovery case");
  await keys.choose(page.getByRole("radio", { name: /I lost my authenticator app/ }));
  await keys.type(input(page, "Where can we write to you?"), person.address);
  await keys.enter(button(page, "Open a recovery case"));
  return noteCase(actor);
}

/** Reads the number and the code, goes on to the case page and enters the code from the mail. */
export async function noteCase({ world, page, keys, person }: Actor): Promise<NotedCase> {
  await arrive(page, "Note your case code");
  await assertSound(page);
  const number = /LK-\w{4}-\w{4}/.exec(await textOf(page.locator(".notice-title")))?.[0] ?? assert.fail("no number");
  const code = await textOf(page.locator(".code-large"));
  await keys.enter(link(page, "I have noted it, go to my case"));
  await arrive(page, "Your recovery case");
  await assertSound(page);
  const mail = await world.mailbox.wait(person.address, new RegExp(`recovery case ${number}`));
  await keys.type(input(page, "Eight-digit code"), mailCodeIn(mail));
  await keys.enter(button(page, "Confirm"));
  await arrive(page, "Your recovery case");
  await page.getByRole("heading", { name: "Where it stands" }).waitFor();
  return { number, code };
}

/** Comes back days later, with the link from the mail and the code on the sheet of paper. */
export async function returnToCase({ world, page, keys, person }: Actor, noted: NotedCase): Promise<void> {
  await page.goto(newestLink(world, person.address, /\/recovery\/open\//));
  await arrive(page, `Open case ${noted.number}`);
  await assertSound(page);
  await keys.type(input(page, "Code"), noted.code);
  await keys.enter(button(page, "Open my case page"));
  await arrive(page, "Your recovery case");
}

/** Asks for the command of a proof, and copies it with its button. */
async function commandOf({ page, keys }: Actor, title: string): Promise<string> {
  await openMoreWays(page, (what) => keys.enter(what));
  await keys.enter(button(proofCard(page, title), "Show me the command"));
  const copy = button(proofCard(page, title), "Copy");
  await keys.enter(copy);
  await proofCard(page, title).getByText("Copied.").waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

export async function proveToken(actor: Actor, laptop: Laptop): Promise<void> {
  const { page, person } = actor;
  const command = await commandOf(actor, "An API token");
  assert.match(await laptop.run(command, person.token ?? ""), /The token is proven/);
  await page.reload();
  await proofCard(page, "An API token").getByText("Shown", { exact: true }).waitFor();
}

const SSH_CARD = "A signature with your SSH key";

export async function proveSshKey(actor: Actor, laptop: Laptop): Promise<void> {
  const { page, keys } = actor;
  const signature = await laptop.run(await commandOf(actor, SSH_CARD));
  await keys.type(input(page, "The signature it made"), signature);
  await keys.enter(button(proofCard(page, SSH_CARD), "Check it"));
  await proofCard(page, SSH_CARD).getByText("Shown", { exact: true }).waitFor();
}

export async function restore(actor: Actor, { number }: NotedCase): Promise<void> {
  const { world, page, keys, person } = actor;
  await page.goto(await restorationPath(world, person.address, number));
  await arrive(page, "Set up your account anew");
  person.password = makePassphrase();
  await keys.type(input(page, "New password"), person.password);
  await enterAppKey(actor);
  await keys.type(input(page, "Six-digit code it shows now"), await appCode(actor));
  await keys.enter(button(page, "Set up my account"));
  await arrive(page, "Your recovery codes");
  await read(page, "Your account is open again");
  await keepCodes(actor);
  await keys.enter(link(page, "I have my codes, sign in"));
  await arrive(page, "Sign in");
}

export async function signIn(actor: Actor): Promise<void> {
  const { page, keys, person } = actor;
  await startSignIn(actor);
  await keys.type(input(page, "Six-digit code"), await appCode(actor));
  await page.keyboard.press("Enter");
  await confirmDevice(actor);
  await arrive(page, person.username);
}

/** On a browser that is new to the account: the code from the mail. */
async function confirmDevice({ world, page, keys, person }: Actor): Promise<void> {
  await page.waitForURL((url) => !url.pathname.endsWith("/second-factor"));
  if (!new URL(page.url()).pathname.endsWith("/sign-in/new-device")) return;
  await arrive(page, "Confirm that it is you");
  await assertSound(page);
  const mail = await world.mailbox.wait(person.address, /Code to sign in on a new device/);
  await keys.type(input(page, "Eight-digit code"), mailCodeIn(mail));
  await keys.enter(button(page, "Confirm and sign in"));
}

export async function signInAtDesk(actor: Actor): Promise<void> {
  const { page, keys, person } = actor;
  await page.goto("/console");
  await arrive(page, "Sign in to the desk");
  await keys.type(input(page, "Username"), person.username);
  await keys.type(input(page, "Password"), person.password);
  await page.keyboard.press("Enter");
  await arrive(page, "Enter the code from your app");
  await keys.type(input(page, "Six-digit code"), await appCode(actor));
  await page.keyboard.press("Enter");
  await confirmDevice(actor);
  await arrive(page, "Recovery cases");
}

export async function lookAtCase({ page, keys }: Actor, { number }: NotedCase): Promise<void> {
  await page.goto("/console?lane=us");
  await keys.enter(link(page, number));
  await arrive(page, new RegExp(number));
}

export async function approve(actor: Actor, noted: NotedCase, username: string): Promise<void> {
  const { page, keys } = actor;
  await lookAtCase(actor, noted);
  await assertSound(page);
  const form = page.locator('form[action$="/approve"]');
  await keys.type(input(form, "Reason"), "The mailbox and the key of the laptop agree.");
  await keys.type(form.getByRole("textbox", { name: /username/ }), username);
  await keys.type(input(form, "A new code from your app"), await appCode(actor));
  await keys.enter(button(form, "Approve"));
  await read(page, /Nothing to decide: the waiting time runs/);
  await assertSound(page);
}
