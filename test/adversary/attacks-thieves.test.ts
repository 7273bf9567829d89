import assert from "node:assert/strict";
import { describe } from "node:test";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import {
  expectPage,
  mailCodeIn,
  makePassphrase,
  makePerson,
  otpauthIn,
  type Person,
  signIn,
  signInWithPassword,
  upload,
  wheelOf,
} from "../../src/bin/demo/person.ts";
import {
  confirmContact,
  openCasePage,
  openFromForm,
  openFromStuckScreen,
  proveApiToken,
  restorationPath,
} from "../../src/bin/demo/recovery.ts";
import { restore } from "../../src/bin/demo/story.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import {
  atTheDesk,
  csrfOf,
  DAY,
  elsewhere,
  forgetAttempts,
  maintainer,
  newestLink,
  postForm,
  type RawAnswer,
  staff,
  stateOf,
} from "./cast.ts";

/*
 * Alice's account, from two sides. Mallory knows every public fact: her name, her projects, when she uploaded what.
 * Trudy reads her mail as well, and answers it. Each story goes every way there is and says where it ends.
 */

/** Sends a form of ours with these fields from a browser, wherever it stands. */
async function send(
  world: World,
  { browser }: Pick<Person, "browser">,
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<RawAnswer> {
  await forgetAttempts(world);
  const body = new URLSearchParams({ _csrf: await csrfOf(browser), ...fields }).toString();
  return postForm(world, path, body, { browser });
}

const noRight = (world: World): boolean => !world.sent.some((mail) => /take your account back/.test(mail.subject));

/** A reviewer who believes everything tries to approve. Gives the desk's answer. */
async function fooled(world: World, number: string, username: string): Promise<RawAnswer> {
  const desk = await atTheDesk(world, await staff(world, "dana", "reviewer"));
  expectPage(await desk.browser.open(`/console/cases/${number}`), /Approval is not possible yet/);
  return send(world, desk, `/console/cases/${number}/approve`, {
    reason: "She was very friendly and in a hurry.",
    username,
    seenState: "review",
    code: (await desk.phone?.code()) ?? "",
  });
}

describe("Mallory, who knows every public fact", () => {
  story(
    "is stopped at the first step of each way in but one, and there by the policy",
    { seed: "mallory" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * DAY);
      await world.settle();
      const before = world.sent.length;
      const mallory = makePerson(world, "alice", "mallory@elsewhere.example");

      // Signing in: at the password, with any.
      assert.equal((await send(world, mallory, "/sign-in", { name: "alice", password: "alpenglow-1.0" })).status, 401);
      // The second factor alone: there is no ceremony to show it in.
      const code = await send(world, mallory, "/sign-in/second-factor", { code: "000000" });
      assert.match(String(code.headers["location"]), /^\/sign-in/);
      // A new password, the username: mail, and none of it to her.
      assert.equal((await send(world, mallory, "/reset", { name: "alice" })).status, 200);
      assert.equal((await send(world, mallory, "/account-finder", { address: mallory.address })).status, 200);
      await world.settle();
      assert(
        !world.sent
          .slice(before)
          .some((mail) => mail.to === mallory.address && /alice|alpenglow|\/reset\//.test(mail.text)),
      );
      // A name that reads like hers: taken.
      const double = makePerson(world, "a1ice", mallory.address);
      await double.browser.open("/register");
      const { username, address, password } = double;
      assert.equal((await double.browser.submit("/register", { username, address, password })).status, 409);
      // Publishing: at the token.
      assert.equal((await upload(world, { ...mallory, token: "lks_guess" }, wheelOf("alpenglow", "1.1"))).status, 403);

      // A recovery: her own mailbox opens a case, and there it stays. Facts that everybody knows weigh nothing.
      const opened = await openFromForm(mallory, {
        username: "alice",
        contact: mallory.address,
        story: "I am the maintainer of alpenglow, version 1.0 is of 2 November.",
      });
      expectPage(await confirmContact(world, mallory, opened.number), /not enough yet/);
      await mallory.browser.submit(/prove\/records$/, { projects: "alpenglow", firstUpload: "2026-11" });
      assert.equal((await proveApiToken(world, mallory, "lks_guess")).status, 403);
      expectPage(await openCasePage(mallory), /not enough yet/);
      // A person: the policy leaves nothing to be fooled about.
      expectPage(await mallory.browser.submit("/recovery/case/submit"), /A person looks at it now/);
      const approval = await fooled(world, opened.number, "alice");
      assert.equal(approval.status, 409, approval.text.slice(0, 300));
      assert.match(approval.text, /policy does not allow approval/);
      assert.equal(await stateOf(world, opened.number), "review");
      await world.pass(40 * DAY);
      assert(noRight(world), "no right to restore was ever issued");
      assert(
        world.sent.some((mail) => mail.to === alice.address && mail.text.includes("/objection/")),
        "Alice was told, and could stop it",
      );
      expectPage(await signIn(elsewhere(world, alice)), /alice/);
    },
  );
});

describe("Trudy, who reads Alice's mail as well", () => {
  story(
    "sets a password by mail and is stopped at the second factor, in the recovery by the policy, at the desk too",
    { seed: "trudy-reset" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * DAY);
      const trudy = { ...makePerson(world, "alice", alice.address), password: makePassphrase() };
      await trudy.browser.open("/reset");
      await trudy.browser.submit("/reset", { name: "alice" });
      await world.settle();
      const link = newestLink(world, alice.address, /\/reset\//);
      await trudy.browser.open(link);
      expectPage(await trudy.browser.submit(link, { password: trudy.password }), /password/i);
      expectPage(await signInWithPassword(trudy), /six digits/i);
      expectPage(await trudy.browser.submit("/sign-in/second-factor", { code: "000000" }), /six digits/i, 401);
      expectPage(await trudy.browser.open("/account"), /Sign in/);

      // The password came by the mailbox: both are one root, and against its holder nothing.
      const opened = await openFromStuckScreen(trudy);
      expectPage(await confirmContact(world, trudy, opened.number), /not enough yet/);
      expectPage(await trudy.browser.submit("/recovery/case/submit"), /A person looks at it now/);
      assert.equal((await fooled(world, opened.number, "alice")).status, 409);
      await world.pass(20 * DAY);
      assert(noRight(world), "no right to restore was ever issued");
    },
  );

  story(
    "waits for Alice's own recovery, and the link that is mailed for it opens nothing to her",
    { seed: "trudy-waits" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * DAY);
      const lost = elsewhere(world, alice);
      const opened = await openFromStuckScreen(lost);
      await confirmContact(world, lost, opened.number);
      await proveApiToken(world, lost);
      await world.pass(10 * DAY);
      const path = await restorationPath(world, alice.address, opened.number);

      const trudy = { ...elsewhere(world, alice), phone: null };
      const asked = expectPage(await trudy.browser.open(path), /Enter your case code/);
      assert(!asked.html.includes("otpauth") && !asked.text.includes("alice"), "neither key nor name is shown");
      const fields = { password: makePassphrase(), code: "000000" };
      assert.equal((await send(world, trudy, path, fields)).status, 403);
      assert.equal((await send(world, trudy, `${path}/passkey/options`, {})).status, 403);
      const guess = await send(world, trudy, `${path}/case-code`, { code: "0000-0000-0000-0000" });
      assert.equal(guess.status, 401);
      // A code that is mailed shows her the page, and is not the case code.
      const link = newestLink(world, alice.address, /\/recovery\/open\//);
      await trudy.browser.open(link);
      await trudy.browser.submit(`${link}/mail-code`);
      const mailed = mailCodeIn(await world.mailbox.wait(alice.address, /code/i));
      assert.equal((await send(world, trudy, `${path}/case-code`, { code: mailed })).status, 401);
      await trudy.browser.open(link);
      expectPage(await trudy.browser.submit(link, { code: mailed }), /set up your account anew/i);
      expectPage(await trudy.browser.open(path), /Enter your case code/);
      assert.equal((await send(world, trudy, "/recovery/case/withdraw", {})).status, 403, "nor can she end it");

      // Alice, at a third browser, has the code. What she is shown is hers alone; then the link is used up.
      const home = elsewhere(world, alice);
      await home.browser.open(path);
      expectPage(await home.browser.submit(`${path}/case-code`, { code: opened.code }), /Set up your account anew/);
      await restore(world, home, path);
      assert.equal((await trudy.browser.open(path)).status, 410);
      assert.equal((await send(world, trudy, path, fields)).status, 410, "a link stolen after use");
      expectPage(await signIn(elsewhere(world, home)), /alice/);
    },
  );

  story(
    "reads along where Alice has lost her case code: what she is shown is not Alice's key",
    { seed: "trudy-late" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * DAY);
      const lost = elsewhere(world, alice);
      const opened = await openFromStuckScreen(lost);
      await confirmContact(world, lost, opened.number);
      await proveApiToken(world, lost);
      const decided = expectPage(await openCasePage(lost), /Your case is decided/);
      const ends = /datetime="([^"]+)"/.exec(decided.html)?.[1];
      assert(ends);
      await world.time.until(new Date(new Date(ends).getTime() + 1000));
      const path = await restorationPath(world, alice.address, opened.number);
      const home = elsewhere(world, alice);
      await world.pass(3 * DAY);
      expectPage(await home.browser.open(path), /Enter your case code/);
      await world.pass(DAY);
      const [trudy, again] = [openBrowser(world.origin), openBrowser(world.origin)];
      const read = otpauthIn(expectPage(await trudy.open(path), /Set up your account anew/));
      assert.equal(otpauthIn(await trudy.open(path)), read, "the same each time in one browser");
      assert.notEqual(otpauthIn(await again.open(path)), read);
      assert.notEqual(otpauthIn(await home.browser.open(path)), read);
      await restore(world, home, path);
      expectPage(await signIn(elsewhere(world, home)), /alice/);
    },
  );
});
