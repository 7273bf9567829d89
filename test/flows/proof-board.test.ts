import assert from "node:assert/strict";
import { describe } from "node:test";
import { openBrowser, type Page } from "../../src/bin/demo/browser.ts";
import { expectPage, type Person, signIn } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm, openFromStuckScreen } from "../../src/bin/demo/recovery.ts";
import { sshSign } from "../../src/bin/demo/ssh.ts";
import { csrfOf, DAY, elsewhere, maintainer, postForm } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* The board from the claimant's side: order, progress in words, "I cannot", and a proof made on another machine. */

/** Titles of the cards with their state, in the order of the page. */
const cardsOf = ({ html }: Page): readonly (readonly [string, string])[] =>
  [
    ...html.matchAll(/id="proof-([a-z-]+)" data-part><section[\s\S]*?class="badge[^>]*>[\s\S]*?<span>([^<]+)<\/span>/g),
  ].map(([, kind, state]) => [kind ?? "", state ?? ""] as const);
const progressOf = ({ html }: Page): string => /id="proof-progress" data-part>([^<]+)</.exec(html)?.[1] ?? "";
const codeOn = ({ html }: Page): string => {
  const code = /\/proof\/([0-9A-Z]{4}-[0-9A-Z]{4})/.exec(html)?.[1];
  assert(code, "no code on the page");
  return code;
};

async function lockedOut(
  world: World,
  from: "form" | "stuck",
): Promise<{ readonly phone: Person; readonly number: string }> {
  const alice = await maintainer(world, "alice", "alpenglow");
  await world.pass(30 * DAY);
  const phone = elsewhere(world, alice);
  const open =
    from === "form" ? openFromForm(phone, { username: "alice", contact: alice.address }) : openFromStuckScreen(phone);
  const { number } = await open;
  await confirmContact(world, phone, number);
  return { phone, number };
}

describe("the proof board", () => {
  story(
    "says how far one has come, takes “I cannot”, plans without it, and takes it back",
    { seed: "board" },
    async (world) => {
      const { phone } = await lockedOut(world, "form");
      const before = await openCasePage(phone);
      assert.equal(progressOf(before), "You have shown one independent thing; one more of another kind is needed.");
      const [first, second] = cardsOf(before);
      assert.deepEqual(first, ["authenticator", "Open"], "signing in ends it all");
      assert(second);
      const advice = /What would help most is ([^.]+)\./.exec(before.text)?.[1] ?? "";
      assert.match(advice, /a device that is still signed in|a signature by your SSH key/);
      for (const kind of ["live-session", "ssh-signature", "known-device"]) {
        const { status } = await phone.browser.submit("/recovery/case/board/cannot", { kind });
        assert.equal(status, 200);
      }
      const after = await openCasePage(phone);
      const put = new Map(cardsOf(after));
      for (const kind of ["live-session", "ssh-signature", "known-device"]) assert.equal(put.get(kind), "You cannot");
      const planned = /What would help most is ([^.]+)\./.exec(after.text)?.[1] ?? "";
      assert.doesNotMatch(planned, /signed in|SSH|device/);
      assert.match(planned, /your password|API token/);
      assert.equal(progressOf(after), progressOf(before), "it weighs nothing either way");
      await phone.browser.submit("/recovery/case/board/can", { kind: "ssh-signature" });
      assert.equal(new Map(cardsOf(await openCasePage(phone))).get("ssh-signature"), "Open");
      for (const kind of ["network", "no-such-kind", ""])
        assert.notEqual((await phone.browser.submit("/recovery/case/board/cannot", { kind })).status, 303, kind);
    },
  );

  story(
    "a proof shown elsewhere is on the board the next time it looks, without the page",
    { seed: "board-live" },
    async (world) => {
      const { phone } = await lockedOut(world, "form");
      const board = () => phone.browser.open("/recovery/case/board");
      assert.equal(new Map(cardsOf(await board())).get("api-token"), "Open");
      await openCasePage(phone);
      const page = await phone.browser.submit(/prove\/challenge$/, { kind: "api-token" });
      const path = /\/recovery\/proof\/api-token\/[A-Za-z0-9_-]+/.exec(page.html)?.[0] ?? "";
      const authorization = `Basic ${Buffer.from(`__token__:${phone.token ?? ""}`).toString("base64")}`;
      const answer = await fetch(new URL(path, world.origin), { method: "POST", headers: { authorization } });
      assert.equal(answer.status, 200);
      const after = await board();
      assert.equal(new Map(cardsOf(after)).get("api-token"), "Shown");
      assert.match(progressOf(after), /^You have shown two independent things/);
    },
  );

  story(
    "a short code shows one command on another machine, tells nothing of the case, and takes the answer",
    { seed: "board-carry" },
    async (world) => {
      const { phone, number } = await lockedOut(world, "stuck");
      await openCasePage(phone);
      await phone.browser.submit(/prove\/challenge$/, { kind: "ssh-signature" });
      const shown = await phone.browser.submit(/prove\/carry$/, { kind: "ssh-signature" });
      const code = codeOn(shown);
      assert.equal(codeOn(await openCasePage(phone)), code, "the same until a newer one is asked for");
      const laptop = openBrowser(world.origin);
      await laptop.open("/proof");
      const page = expectPage(
        await laptop.submit("/proof", { code: ` ${code.toLowerCase().replace("-", " ")} ` }),
        /ssh-keygen -Y sign/,
      );
      assert.doesNotMatch(page.text, /alice|alpenglow|You have shown|@/i);
      assert.equal(laptop.cookies.has("case"), false);
      const message = /printf '%s' '([^']+)'/.exec(page.html.replaceAll("&#39;", "'"))?.[1] ?? "";
      assert(message.includes(number), "the number is in the text that is signed, and nowhere else");
      assert.equal(page.text.split(number).length, 2);
      const path = page.path;
      const wrong = await laptop.submit(path, {
        answer: "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
      });
      assert.notEqual(wrong.status, 200);
      assert(!wrong.html.includes("AAAA"), "a pasted key is not shown again");
      await laptop.open(path);
      const signature = sshSign(phone.sshKey, "locksmith-recovery", message);
      const received = expectPage(await laptop.submit(path, { answer: signature }), /It has arrived/);
      assert.doesNotMatch(received.text, /supports|shown two|alice/i);
      assert.equal(new Map(cardsOf(await openCasePage(phone))).get("ssh-signature"), "Shown");
      expectPage(await laptop.open(path), /leads nowhere/, 404);
    },
  );

  story(
    "codes run out, are replaced, are guessed at sixty times an hour, and end with the case",
    { seed: "board-codes" },
    async (world) => {
      const { phone } = await lockedOut(world, "form");
      await openCasePage(phone);
      await phone.browser.submit(/prove\/challenge$/, { kind: "api-token" });
      const first = codeOn(await phone.browser.submit(/prove\/carry$/, { kind: "api-token" }));
      const laptop = openBrowser(world.origin);
      expectPage(await laptop.open(`/proof/${first}`), /curl -u/);
      const again = new URLSearchParams({ _csrf: await csrfOf(phone.browser), kind: "api-token" }).toString();
      assert.equal(
        (await postForm(world, "/recovery/case/prove/carry", again, { browser: phone.browser })).status,
        303,
      );
      const second = codeOn(await openCasePage(phone));
      assert.notEqual(second, first);
      const replaced = expectPage(await laptop.open(`/proof/${first}`), /leads nowhere/, 404);
      const unknown = expectPage(await laptop.open("/proof/0000-0000"), /leads nowhere/, 404);
      const essence = (text: string) => text.replaceAll(/[0-9a-z_]{20,}/g, "");
      assert.equal(essence(replaced.text), essence(unknown.text), "one answer for all that lead nowhere");
      await world.pass(61 * 60_000);
      expectPage(await laptop.open(`/proof/${second}`), /leads nowhere/, 404);
      for (let tries = 0; tries < 60; tries += 1) await laptop.open("/proof/0000-0000");
      assert.equal((await laptop.open("/proof/0000-0000")).status, 429);

      await world.pass(61 * 60_000);
      await openCasePage(phone);
      await phone.browser.submit(/prove\/carry$/, { kind: "api-token" });
      const third = codeOn(await openCasePage(phone));
      expectPage(await laptop.open(`/proof/${third}`), /curl -u/);
      expectPage(await signIn(elsewhere(world, phone)), /alice/);
      expectPage(await laptop.open(`/proof/${third}`), /leads nowhere/, 404);
    },
  );

  story("used codes, a known browser, and signing in instead", { seed: "board-kinds" }, async (world) => {
    const known = await maintainer(world, "alice", "alpenglow");
    await known.browser.open("/account");
    await known.browser.submit("/sign-out");
    expectPage(await signIn(known), /alice/);
    await world.pass(30 * DAY); // the session is long over, the browser is still known
    const { number } = await openFromForm(known, { username: "alice", contact: known.address });
    await confirmContact(world, known, number);
    await openCasePage(known);
    assert.match((await openCasePage(known)).html, /href="\/sign-in"[^>]*>Sign in</);
    const looked = await known.browser.submit(/prove\/known-device$/);
    assert.equal(new Map(cardsOf(looked)).get("known-device"), "Shown");
    const [code = ""] = known.codes;
    const unused = await known.browser.submit(/prove\/saved-code$/, { code });
    expectPage(unused, /it signs you in/, 409);
    assert(!unused.html.includes(code));
    await openCasePage(known);
    const cannot = await known.browser.submit(/prove\/saved-code$/, { code, cannotSignIn: "yes" });
    assert.equal(new Map(cardsOf(cannot)).get("saved-code"), "Shown");
  });
});
