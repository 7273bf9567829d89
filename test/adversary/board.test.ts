import assert from "node:assert/strict";
import { describe } from "node:test";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage, signIn } from "../../src/bin/demo/person.ts";
import {
  confirmContact,
  openCasePage,
  openFromForm,
  openFromStuckScreen,
  proveApiToken,
} from "../../src/bin/demo/recovery.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import { DAY, elsewhere, maintainer, rawRequest, stateOf } from "./cast.ts";

/* Attacks on the proof board: vouching for oneself, and reading more from it than it says. */

const numberOn = (text: string): string => /number to choose there: (\d\d)/.exec(text)?.[1] ?? "none";
const countedIn = async (world: World, number: string): Promise<string> => {
  const { rows } = await world.runtime.db.pool.query<{ counted: string }>(
    "select (decision->'weighing'->'counted')::text as counted from recovery_cases where number = $1",
    [number],
  );
  return rows[0]?.counted ?? "";
};
/** The board without ids, tokens and times. */
const boardOf = (html: string): string =>
  (/<div id="board"[\s\S]*?<\/section>\s*<section aria-labelledby="messages"/.exec(html)?.[0] ?? "")
    .replaceAll(/name="_csrf" value="[^"]+"/g, "")
    .replaceAll(/<time[\s\S]*?<\/time>/g, "");

describe("attacks on the proof board", () => {
  story(
    "a thief who signed in yesterday vouches for herself: it is set aside, and says why",
    { seed: "board-thief" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(30 * DAY);
      // Mallory has phished password and six digits: a session and a browser of her own.
      const mallory = elsewhere(world, alice);
      expectPage(await signIn(mallory), /alice/);
      await world.pass(60_000);
      const claimant = elsewhere(world, alice);
      const { number } = await openFromForm(claimant, { username: "alice", contact: "mallory@thief.example" });
      await confirmContact(world, claimant, number, "mallory@thief.example");
      await openCasePage(claimant);
      const shown = numberOn((await claimant.browser.submit(/prove\/number$/)).text);
      await mallory.browser.open("/account");
      await mallory.browser.submit("/account/asked/number", { number: shown });
      const page = await openCasePage(claimant);
      assert.match(page.text, /Does not count.*It does not count, because it was added too recently/s);
      assert.equal(await countedIn(world, number), "[]");
      assert.match(page.text, /You have shown nothing yet that counts; at least two independent things are needed/);
      assert.equal(await stateOf(world, number), "collecting");
    },
  );

  story(
    "a stolen session cookie answers from another browser, and shows nothing",
    { seed: "board-stolen" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(30 * DAY);
      expectPage(await signIn(alice), /alice/);
      await world.pass(60_000);
      const claimant = elsewhere(world, alice);
      const { number } = await openFromForm(claimant, { username: "alice", contact: "mallory@thief.example" });
      await confirmContact(world, claimant, number, "mallory@thief.example");
      await openCasePage(claimant);
      const shown = numberOn((await claimant.browser.submit(/prove\/number$/)).text);
      const account = await alice.browser.open("/account");
      const csrf = /name="_csrf" value="([^"]+)"/.exec(account.html)?.[1] ?? "";
      const challenge = /name="challenge" value="([^"]+)"/.exec(account.html)?.[1] ?? "";
      // Everything her browser holds but the cookie that names the browser.
      const cookie = [...alice.browser.cookies]
        .filter(([name]) => !name.endsWith("device"))
        .map(([name, value]) => `${name}=${value}`)
        .join("; ");
      const body = new URLSearchParams({ _csrf: csrf, challenge, number: shown }).toString();
      const answered = await rawRequest(world, {
        method: "POST",
        path: "/account/asked/number",
        body,
        headers: {
          cookie,
          "content-type": "application/x-www-form-urlencoded",
          "content-length": String(Buffer.byteLength(body)),
        },
      });
      assert.equal(answered.status, 303);
      assert.match((await openCasePage(claimant)).text, /we do not know that browser from before/);
      assert.equal(await countedIn(world, number), "[]");
    },
  );

  story(
    "guessing records moves no card and changes no word, right or wrong",
    { seed: "board-guess" },
    async (world) => {
      const boards: string[] = [];
      for (const name of ["alice", "bob"]) {
        const person = await maintainer(world, name, name === "alice" ? "alpenglow" : "bedrock");
        await world.pass(30 * DAY);
        const claimant = elsewhere(world, person);
        const { number } = await openFromStuckScreen(claimant, "mallory@thief.example");
        await confirmContact(world, claimant, number, "mallory@thief.example");
        await openCasePage(claimant);
        // Alice's token has this name, and Bob's guess is nonsense.
        const tokenNames = name === "alice" ? "laptop" : "no such token of theirs";
        const addresses = name === "alice" ? person.address : "wrong@wrong.example";
        const page = await claimant.browser.submit(/prove\/records$/, { tokenNames, addresses });
        assert.equal(page.status, 200);
        boards.push(boardOf(page.html).replaceAll(/LK-[0-9A-Z-]{9}/g, ""));
      }
      assert(boards[0]?.includes("What you remember"));
      assert(boards[0] === boards[1], "the boards differ");
      const { rows } = await world.runtime.db.pool.query<{ verdict: string }>(
        "select verdict from findings where kind = 'records' order by id",
      );
      assert.deepEqual(
        rows.map(({ verdict }) => verdict),
        ["supports", "contradicts"],
        "though one guess was right",
      );
    },
  );

  story(
    "a case of nobody's and a stranger's browser get nothing at the doors of the board",
    { seed: "board-doors" },
    async (world) => {
      const stranger = openBrowser(world.origin);
      for (const path of ["/recovery/case/board", "/account/asked"])
        assert.doesNotMatch((await stranger.open(path)).text, /You have shown|Is it you/);
      for (const path of ["/proof/%00", "/proof/..%2f..%2f", "/proof/LK-AAAA-AAAA", `/proof/${"A".repeat(300)}`])
        assert.equal((await rawRequest(world, { path })).status, 404, path);
    },
  );

  story(
    "a stranger's case page says nothing of who works with the owner, whom they named, and where they are signed in",
    { seed: "board-told" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(30 * DAY);
      expectPage(await signIn(elsewhere(world, alice)), /alice/); // a live session, which is told
      const stranger = elsewhere(world, alice);
      const { number } = await openFromForm(stranger, { username: "alice", contact: "mallory@thief.example" });
      await confirmContact(world, stranger, number, "mallory@thief.example");
      const page = expectPage(await openCasePage(stranger), /Everybody who should know/);
      assert.doesNotMatch(page.text, /A session that is signed in|A co-owner|Recovery contact/);
      assert.equal((await proveApiToken(world, stranger, alice.token ?? "")).status, 200);
      expectPage(await openCasePage(stranger), /A session that is signed in/);
    },
  );
});
