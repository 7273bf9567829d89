import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage, type Person, signIn } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm } from "../../src/bin/demo/recovery.ts";
import { DAY, elsewhere, maintainer } from "../adversary/cast.ts";
import type { World } from "../world/world.ts";
import { browserStories, takeOver } from "./browser.ts";
import { assertSound, button, input, openMoreWays, proofCard } from "./people.ts";

/* The proof board at a real browser: news without reloading, nothing taken out of one's hands, and all of it without scripts. */

const browserStory = browserStories();

async function lockedOut(world: World): Promise<Person> {
  const alice = await maintainer(world, "alice", "alpenglow");
  await world.pass(30 * DAY);
  const lost = elsewhere(world, alice);
  const { number } = await openFromForm(lost, { username: "alice", contact: alice.address });
  await confirmContact(world, lost, number);
  await openCasePage(lost);
  return lost;
}

/** What the shown curl command does, on another machine. */
async function answerWithToken(world: World, html: string, token: string): Promise<void> {
  const path = /\/recovery\/proof\/api-token\/[A-Za-z0-9_-]+/.exec(html)?.[0] ?? "";
  const authorization = `Basic ${Buffer.from(`__token__:${token}`).toString("base64")}`;
  const response = await fetch(new URL(path, world.origin), { method: "POST", headers: { authorization } });
  assert.equal(response.status, 200);
}

describe("the proof board in the browser", () => {
  browserStory(
    "news arrives by itself, and what is being typed stays",
    { seed: "board-news" },
    async (world, sitDown) => {
      const lost = await lockedOut(world);
      const seat = await sitDown({ viewport: { width: 360, height: 740 } });
      const { page } = seat;
      await takeOver(seat, lost.browser, world.origin);
      await page.goto("/recovery/case");
      await assertSound(page);
      await openMoreWays(page);
      await button(proofCard(page, "An API token"), "Show me the command").click();
      await button(proofCard(page, "An API token"), "Copy").waitFor();
      await openMoreWays(page);
      const records = proofCard(page, "What you remember");
      await records.getByText("Tell us what you remember").click();
      await input(page, "Projects").fill("alpenglow, and");
      let isLoaded = false;
      page.on("load", () => {
        isLoaded = true;
      });
      await answerWithToken(world, await page.content(), lost.token ?? "");
      await proofCard(page, "An API token").getByText("Shown", { exact: true }).waitFor();
      await page.getByText("You have shown two independent things").waitFor();
      assert.equal(await input(page, "Projects").inputValue(), "alpenglow, and", "nothing is taken out of one's hands");
      assert.equal(isLoaded, false, "the page was not loaded anew");
      await assertSound(page);
    },
  );

  browserStory(
    "number matching: the board says by itself that the number was chosen",
    { seed: "board-number" },
    async (world, sitDown) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(30 * DAY);
      expectPage(await signIn(alice), /alice/);
      await world.pass(60_000);
      const lost = elsewhere(world, alice);
      const { number } = await openFromForm(lost, { username: "alice", contact: alice.address });
      await confirmContact(world, lost, number);
      const phone = await sitDown({ viewport: { width: 360, height: 740 } });
      await takeOver(phone, lost.browser, world.origin);
      await phone.page.goto("/recovery/case");
      const card = proofCard(phone.page, "A device that is still signed in");
      await openMoreWays(phone.page);
      await button(card, "Show me a number").click();
      const shown = (await card.locator(".number-to-match").textContent()) ?? "";
      assert.match(shown, /^\d\d$/);
      const laptop = await sitDown();
      await takeOver(laptop, alice.browser, world.origin);
      await laptop.page.goto("/account");
      await assertSound(laptop.page);
      await button(laptop.page, `I see ${shown}`).click();
      await laptop.page.getByText("Nobody asks anything at the moment").waitFor();
      await card.getByText("Shown", { exact: true }).waitFor();
    },
  );

  browserStory(
    "without scripts the same is there after loading the page again",
    { seed: "board-plain" },
    async (world, sitDown) => {
      const lost = await lockedOut(world);
      const seat = await sitDown({ javaScriptEnabled: false });
      const { page } = seat;
      await takeOver(seat, lost.browser, world.origin);
      await page.goto("/recovery/case");
      await openMoreWays(page);
      await button(proofCard(page, "An API token"), "Show me the command").click();
      await answerWithToken(world, await page.content(), lost.token ?? "");
      await page.getByRole("link", { name: "Load this page again" }).click();
      await proofCard(page, "An API token").getByText("Shown", { exact: true }).waitFor();
      await openMoreWays(page);
      await button(proofCard(page, "A recovery code, even a used one"), /^I cannot do this/).click();
      await openMoreWays(page);
      await proofCard(page, "A recovery code, even a used one").getByText("You said that you cannot do this").waitFor();
      await button(proofCard(page, "A recovery code, even a used one"), /^I can after all/).click();
      await openMoreWays(page);
      await input(page, "Recovery code").waitFor();
    },
  );
});
