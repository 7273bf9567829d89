import assert from "node:assert/strict";
import { sql } from "kysely";
import { linkForFirstStart } from "../../src/app/first-administrator.ts";
import { type Browser, openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage, makePerson, signIn, signInWithPassword, wheelOf } from "../../src/bin/demo/person.ts";
import {
  confirmContact,
  openCasePage,
  openFromForm,
  openFromStuckScreen,
  proveApiToken,
} from "../../src/bin/demo/recovery.ts";
import { sweepReminders } from "../../src/drill/index.ts";
import type { Route } from "../../src/kernel/http/index.ts";
import { askContactsDue } from "../../src/recovery-contacts/index.ts";
import { fileByMail } from "../world/sender.ts";
import type { World } from "../world/world.ts";
import {
  accountIdOf,
  addAddress,
  atTheDesk,
  DAY,
  elsewhere,
  forgetAttempts,
  maintainer,
  newestLink,
  pressAtAddress,
  staff,
  subscriber,
} from "./cast.ts";

/*
 * A world in which somebody of every kind is at a browser, and every kind of link has been mailed and not used: what the
 * walks over the route table start from.
 */

/** Everybody the application tells apart, each in a browser that holds nothing else. */
export const ACTORS = [
  "stranger",
  "newcomer",
  "subscriber",
  "stale subscriber",
  "password accepted",
  "staff password accepted",
  "password accepted, frozen",
  "new device",
  "staff new device",
  "claimant",
  "support",
  "auditor",
  "reviewer",
  "administrator",
  "API token",
] as const;
export type Actor = (typeof ACTORS)[number];

export interface Stage {
  readonly world: World;
  readonly browsers: Readonly<Record<Actor, Browser>>;
  /** Headers an actor sends besides cookies. */
  readonly headersOf: (actor: Actor) => Readonly<Record<string, string>>;
  /** The path of a row with parameters that name something real. */
  readonly pathOf: (route: Route) => string;
  /** The case the claimant holds. */
  readonly caseNumber: string;
}

const FULL = ["subscriber"] as const;

/** Who gets in, by the row's `who`. A row that says something else is not known to the walk, and fails it. */
export function allowed(route: Route): ReadonlySet<Actor> {
  const { who } = route;
  if (who === "anyone") return new Set(ACTORS);
  if (who === "subscriber in setup") return new Set<Actor>(["newcomer", "subscriber", "stale subscriber"]);
  if (who === "subscriber without a second factor, or authenticator just shown")
    return new Set<Actor>(["newcomer", ...FULL]);
  if (who === "subscriber") return new Set<Actor>([...FULL, "stale subscriber"]);
  if (who === "subscriber, authenticator just shown") return new Set<Actor>(FULL);
  if (who === "password was right, second factor to come") return new Set<Actor>(["password accepted", "new device"]);
  if (who === "factors were right, browser new") return new Set<Actor>(["new device"]);
  if (who === "staff factors were right, browser new") return new Set<Actor>(["staff new device"]);
  if (who === "staff password was right, second factor to come")
    return new Set<Actor>(["staff password accepted", "staff new device"]);
  if (who === "password was right, account frozen") return new Set<Actor>(["password accepted, frozen"]);
  if (who === "claimant with the case page open") return new Set<Actor>(["claimant"]);
  if (who === "API token") return new Set<Actor>(["API token"]);
  const roles = /^staff: (.+)$/.exec(who)?.[1]?.split(", ");
  assert(roles, `the walk does not know who “${who}” is (${route.method} ${route.path})`);
  const known = roles.filter((role): role is Actor => (ACTORS as readonly string[]).includes(role));
  assert.equal(known.length, roles.length, `the walk does not know every role of “${who}”`);
  return new Set<Actor>(known);
}

/** Two friends a year ago: by now one is reminded of the drill, and the other is asked whether they are still there. */
async function yearlyMails(world: World): Promise<{ readonly stillThere: string; readonly drillLater: string }> {
  const [owner, friend] = [await subscriber(world, "veteran"), await subscriber(world, "old-friend")];
  await owner.browser.open("/account/contacts");
  await owner.browser.submit("/account/contacts", { username: "old-friend" });
  await friend.browser.open("/account/contacts");
  expectPage(await friend.browser.submit("/account/contacts/accept"), /Stop being it/);
  await world.pass(366 * DAY);
  await sweepReminders(world.runtime, world.time.now());
  await askContactsDue(world.runtime, world.time.now());
  await world.settle();
  return {
    stillThere: newestLink(world, friend.address, /\/still-there\//),
    drillLater: newestLink(world, owner.address, /\/drill-later\//),
  };
}

/** Bob's claimant asks for Alice; they share nothing, so that she is put down by hand. */
async function askedToVouch(world: World, number: string): Promise<string> {
  const id = "vch_00000000000000000000000000";
  const [alice, bob] = [await accountIdOf(world, "alice"), await accountIdOf(world, "bob")];
  const until = new Date(world.time.now().getTime() + 30 * DAY);
  await sql`insert into vouches (id, kind, case_id, account_id, person_id, asked_at, expires_at)
            select ${id}, 'vouch', id, ${bob}, ${alice}, ${world.time.now()}, ${until}
            from recovery_cases where number = ${number}`.execute(world.runtime.db.root);
  return id;
}

/** Needs a world with the demonstration's policy, whose waits are seconds. */
export async function setStage(world: World): Promise<Stage> {
  const yearly = await yearlyMails(world);
  const administratorLink = await linkForFirstStart(world.runtime);
  assert(administratorLink, "nobody is administrator yet");
  const alice = await maintainer(world, "alice", "alpenglow");
  const bob = await maintainer(world, "bob", "bedrock");
  const carol = await maintainer(world, "carol", "chalk");
  await world.pass(10_000);
  const carolLost = elsewhere(world, carol);
  const carolCase = await openFromStuckScreen(carolLost);
  await confirmContact(world, carolLost, carolCase.number);
  await proveApiToken(world, carolLost);
  await world.pass(5 * 60_000);
  const restore = newestLink(world, carol.address, /\/restore\//);

  const stale = elsewhere(world, alice);
  expectPage(await signIn(stale), /alice/);
  await world.pass(11 * 60_000);

  const newcomer = makePerson(world, "newcomer");
  await newcomer.browser.open("/register");
  expectPage(
    await newcomer.browser.submit("/register", {
      username: "newcomer",
      address: newcomer.address,
      password: newcomer.password,
    }),
    /Confirm your address/,
  );
  expectPage(await newcomer.browser.submit("/account/setup/totp/begin"), /Scan this picture/);
  const fresh = elsewhere(world, alice);
  expectPage(await signIn(fresh), /alice/);
  const half = elsewhere(world, alice);
  expectPage(await signInWithPassword(half), /six digits/i);
  const newDevice = elsewhere(world, alice);
  expectPage(await signInWithPassword(newDevice), /six digits/i);
  const sixDigits = (await alice.phone?.code()) ?? "";
  expectPage(await newDevice.browser.submit("/sign-in/second-factor", { code: sixDigits }), /Confirm that it is you/);
  const claimant = elsewhere(world, bob);
  const bobCase = await openFromForm(claimant, { username: "bob", contact: bob.address });
  await confirmContact(world, claimant, bobCase.number);
  await openCasePage(claimant);
  const challengePage = await claimant.browser.submit(/prove\/challenge$/, { kind: "api-token" });
  const challenge = /\/recovery\/proof\/api-token\/([A-Za-z0-9_-]+)/.exec(challengePage.html)?.[1] ?? "";

  const carried = await claimant.browser.submit(/prove\/carry$/, { kind: "api-token" });
  const code = /\/proof\/([0-9A-Z]{4}-[0-9A-Z]{4})/.exec(carried.html)?.[1] ?? "";

  const desk = new Map<string, Browser>();
  for (const role of ["support", "auditor", "reviewer", "administrator"] as const) {
    desk.set(role, (await atTheDesk(world, await staff(world, `the-${role}`, role))).browser);
  }
  const staffHalf = elsewhere(world, await staff(world, "erin", "reviewer"));
  expectPage(await signInWithPassword(staffHalf, "/console/sign-in"), /code from your app/i);
  const frank = await staff(world, "frank", "reviewer");
  const staffDevice = elsewhere(world, frank);
  expectPage(await signInWithPassword(staffDevice, "/console/sign-in"), /code from your app/i);
  const digits = (await frank.phone?.code()) ?? "";
  expectPage(
    await staffDevice.browser.submit("/console/sign-in/second-factor", { code: digits }),
    /Confirm that it is/,
  );
  await forgetAttempts(world); // they all sit behind one address, whose limits are meant for fewer
  const leaving = await subscriber(world, "leaving");
  await leaving.browser.open("/account/delete");
  expectPage(await leaving.browser.submit("/account/delete", { username: "leaving" }), /about to be deleted/);
  const forgetful = openBrowser(world.origin);
  const special = await subscriber(world, "nobody-special");
  await forgetful.open("/reset");
  expectPage(await forgetful.submit("/reset", { name: "nobody-special" }), /Look into your mailbox/);
  await world.settle();
  const resetLink = newestLink(world, special.address, /\/reset\//);
  await addAddress(world, special, "special@second.example");
  await pressAtAddress(special, "main", "special@second.example");
  await forgetAttempts(world);
  const locked = await subscriber(world, "frieda");
  await locked.browser.open("/account/lock");
  expectPage(await locked.browser.submit("/account/lock"), /The account is locked/);
  const lockedOut = elsewhere(world, locked);
  expectPage(await signInWithPassword(lockedOut), /Your account is locked/);
  await world.settle();

  // Alice's SSH key is the way that the drill's pages are asked for.
  await fresh.browser.open("/account/drill");
  const way = /\/account\/drill\/(key_[0-9a-z]+)/.exec(fresh.browser.page.html)?.[1] ?? "";
  const links: Readonly<Record<string, string>> = {
    "/confirm-address/:token": newestLink(world, newcomer.address, /\/confirm-address\//),
    "/keep-account/:token": newestLink(world, leaving.address, /\/keep-account\//),
    "/not-me/:token": newestLink(world, alice.address, /\/not-me\//),
    "/objection/:token": newestLink(world, bob.address, /\/objection\//),
    "/restore/:token": restore,
    "/reset/:token": resetLink,
    "/undo-address/:token": newestLink(world, special.address, /\/undo-address\//),
    "/recovery/open/:token": newestLink(world, bob.address, /\/recovery\/open\//),
    "/still-there/:token": yearly.stillThere,
    "/drill-later/:token": yearly.drillLater,
    "/first-administrator/:token": new URL(administratorLink.url.reveal()).pathname,
  };
  await fresh.browser.open("/account/organisations");
  expectPage(await fresh.browser.submit("/account/organisations", { name: "alpenglow" }), /Who shares it/);
  const files = await fetch(new URL("/simple/alpenglow/", world.origin), { headers: { accept: "text/html" } });
  const file = /\/files\/([0-9a-f]{64})\/([^"#]+)/.exec(await files.text());
  assert(file, `${wheelOf("alpenglow", "1.0").filename} is not in the index`);
  const { root } = world.runtime.db;
  await sql`update files set attestations = '[{}]'`.execute(root);
  await sql`insert into file_attestations (file_id, place, project_id, issuer, subject, predicate_type, verified_at)
    select id, 0, project_id, 'https://login.example', 'alice@keys.example', 'test', uploaded_at from files`.execute(
    root,
  );
  const names: Readonly<Record<string, string>> = {
    number: bobCase.number,
    project: "alpenglow",
    version: "1.0",
    name: "alpenglow",
    sha256: file[1] ?? "",
    filename: file[2] ?? "",
    challenge,
    code,
    topic: "lost-phone",
    way,
    vouch: await askedToVouch(world, bobCase.number),
    file: await fileByMail(world, bobCase.number),
  };
  const pathOf = (route: Route): string => {
    const link = Object.entries(links).find(([path]) => route.path.startsWith(path));
    if (link) return `${link[1]}${route.path.slice(link[0].length)}`;
    return route.path.replace(/:([A-Za-z0-9]+)/g, (_, name: string) => {
      const value = names[name];
      assert(value, `the walk has nothing for :${name} of ${route.path}`);
      return value;
    });
  };
  const browsers: Record<Actor, Browser> = {
    stranger: openBrowser(world.origin),
    newcomer: newcomer.browser,
    subscriber: fresh.browser,
    "stale subscriber": stale.browser,
    "password accepted": half.browser,
    "staff password accepted": staffHalf.browser,
    "password accepted, frozen": lockedOut.browser,
    "new device": newDevice.browser,
    "staff new device": staffDevice.browser,
    claimant: claimant.browser,
    support: desk.get("support") ?? openBrowser(world.origin),
    auditor: desk.get("auditor") ?? openBrowser(world.origin),
    reviewer: desk.get("reviewer") ?? openBrowser(world.origin),
    administrator: desk.get("administrator") ?? openBrowser(world.origin),
    "API token": openBrowser(world.origin),
  };
  const authorization = `Basic ${Buffer.from(`__token__:${alice.token ?? ""}`).toString("base64")}`;
  return {
    world,
    browsers,
    headersOf: (actor): Readonly<Record<string, string>> => (actor === "API token" ? { authorization } : {}),
    pathOf,
    caseNumber: bobCase.number,
  };
}
