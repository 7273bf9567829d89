import assert from "node:assert/strict";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import {
  expectPage,
  makePassphrase,
  type Person,
  signIn,
  signInWithPassword,
  stepUp,
  upload,
  wheelOf,
} from "../../src/bin/demo/person.ts";
import { confirmContact, openFromForm, proveSshKey, restorationPath } from "../../src/bin/demo/recovery.ts";
import { restore } from "../../src/bin/demo/story.ts";
import type { World } from "../world/world.ts";
import {
  addAddress,
  DAY,
  elsewhere,
  HOUR,
  maintainer,
  newestLink,
  pressAtAddress,
  stateOf,
  subscriber,
} from "./cast.ts";

/* An account that somebody else was in for a day, and that its owner has locked and unlocked again. */

export const PROJECT = "/account/projects/alpenglow";

/** Opens a page that asks for the authenticators again where they were shown too long ago. */
export async function go(person: Person, path: string) {
  const page = await person.browser.open(path);
  if (page.path !== "/account/confirm") return page;
  await stepUp(person);
  return person.browser.page;
}

export async function invite(person: Person, who: string, role: string, base = PROJECT) {
  await go(person, base);
  return expectPage(await person.browser.submit(`${base}/invite`, { who, role }), /Invited/);
}

export async function accept(person: Person): Promise<void> {
  await go(person, "/account/invitations");
  expectPage(await person.browser.submit("/account/invitations/accept"), /Who shares it|Invitations|alpenglow/);
}

/** Presses the button of somebody's row on the page of a project. */
export async function pressFor(person: Person, action: "remove" | "role", id: string, role?: string) {
  await go(person, PROJECT);
  return person.browser.submit(`${PROJECT}/${action}`, { id, ...(role ? { role } : {}) });
}

/** Signed in anew, in a browser of one's own. */
export async function signedIn(world: World, person: Person): Promise<Person> {
  const there = elsewhere(world, person);
  expectPage(await signIn(there), new RegExp(person.username));
  return there;
}

/** The owner presses "This was not me", unlocks with what was there before, and signs in. */
export async function lockAndUnlock(world: World, person: Person): Promise<Person> {
  await world.settle();
  const link = newestLink(world, person.address, /\/not-me\//);
  const reader = openBrowser(world.origin);
  await reader.open(link);
  expectPage(await reader.submit(link), /The account is locked/);
  await world.pass(HOUR);
  const back: Person = { ...elsewhere(world, person), password: makePassphrase() };
  expectPage(await signInWithPassword({ ...back, password: person.password }), /Your account is locked/);
  await back.browser.open("/frozen/unlock");
  const code = (await person.phone?.code()) ?? "";
  expectPage(await back.browser.submit("/frozen/unlock", { code, password: back.password }), /open again/);
  await world.pass(60_000); // the code of a minute ago is used up
  expectPage(await signIn(back), new RegExp(person.username));
  return back;
}

export interface TakenOver {
  /** Before: she owns alpenglow with bob; a month has passed since. */
  readonly alice: Person;
  readonly bob: Person;
  readonly mallory: Person;
  /** The thief, signed in as alice. */
  readonly thief: Person;
}

/** Alice and Bob own a project; a month later somebody else signs in as Alice. */
export async function takeOver(world: World): Promise<TakenOver> {
  const alice = await maintainer(world, "alice", "alpenglow");
  const bob = await maintainer(world, "bob", "bedrock");
  const mallory = await maintainer(world, "mallory", "malt");
  await invite(alice, "bob", "owner");
  await accept(bob);
  await addAddress(world, alice, "alice@second.example");
  await world.pass(30 * DAY);
  const thief = await signedIn(world, alice);
  return { alice, bob: await signedIn(world, bob), mallory: await signedIn(world, mallory), thief };
}

/** What a thief does in an afternoon, slowly enough not to be noticed by counting. */
export async function doHarm(world: World, { thief, mallory }: TakenOver, bobId: string): Promise<void> {
  await invite(thief, "mallory", "owner");
  await accept(mallory);
  await world.pass(60_000);
  expectPage(await pressFor(thief, "remove", bobId), /mallory/);
  await world.pass(HOUR / 2);
  await go(thief, "/account/confirm");
  await go(thief, "/account/tokens");
  const page = expectPage(await thief.browser.submit("/account/tokens", { name: "night job" }), /Your new token/);
  thief.token = /lks_[0-9A-Za-z]+/.exec(page.text)?.[0] ?? "";
  const uploaded = await upload(world, thief, wheelOf("alpenglow", "2.0"));
  if (uploaded.status !== 200) throw new Error(`the thief could not publish: ${uploaded.reason}`);
  await world.pass(HOUR / 2);
  await go(thief, "/account/confirm");
  await addAddress(world, thief, "thief@evil.example");
  await pressAtAddress(thief, "remove", "alice@second.example");
  await world.pass(HOUR / 2);
  const other = await subscriber(world, `helper`);
  await invite(thief, other.username, "maintainer");
  await go(thief, "/account/confirm");
  await go(thief, "/account/keys");
  const { publicLine } = other.sshKey;
  expectPage(await thief.browser.submit("/account/keys", { key: publicLine }), /SHA256:/);
  await world.pass(HOUR);
}

/** A case in which mailbox and key are shown. */
export async function proven(
  world: World,
  person: Person,
): Promise<{ readonly number: string; readonly away: Person }> {
  const away = elsewhere(world, person);
  const { number } = await openFromForm(away, { username: person.username, contact: person.address });
  await confirmContact(world, away, number);
  await proveSshKey(away);
  return { number, away };
}

/** Waits until the case is ready, and sets up the account anew. */
export async function takeBack(world: World, away: Person, number: string): Promise<void> {
  await world.pass(60_000);
  await restore(world, away, await restorationPath(world, away.address, number));
  await world.settle();
}

/** A case decided by machine, until the account is given back. Gives its number and who is in then. */
export async function recovered(
  world: World,
  person: Person,
): Promise<{ readonly number: string; readonly back: Person }> {
  const { number, away } = await proven(world, person);
  assert.equal(await stateOf(world, number), "waiting");
  await takeBack(world, away, number);
  return { number, back: away };
}
