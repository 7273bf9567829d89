import assert from "node:assert/strict";
import { describe } from "node:test";
import type { Locator, Page } from "playwright-core";
import { confirmContact, openFromForm } from "../../src/bin/demo/recovery.ts";
import { atTheDesk, DAY, elsewhere, maintainer, staff } from "../adversary/cast.ts";
import { browserStories, takeOver } from "./browser.ts";
import { assertSound } from "./people.ts";

/* A reviewer's morning without a mouse, and what the desk keeps of it when the session is lost. */

/** Waits for what the next page says, and until its scripts listen: a key pressed before that is lost. */
async function next(page: Page, what: Locator): Promise<void> {
  await what.waitFor();
  await page.waitForLoadState("load");
}

const browserStory = browserStories();

describe("the desk by keyboard", () => {
  browserStory(
    "cases are ticked, taken, given back and opened with single keys, and ? says which",
    { seed: "desk-keys" },
    async (world, sitDown) => {
      const home = await staff(world, "dana", "reviewer");
      const people = [await maintainer(world, "bob", "bedrock"), await maintainer(world, "carol", "chalk")];
      await world.pass(10 * DAY);
      const numbers: string[] = [];
      for (const person of people) {
        const away = elsewhere(world, person);
        const { number } = await openFromForm(away, { username: person.username, contact: person.address });
        await confirmContact(world, away, number);
        numbers.push(number);
        await world.pass(60_000);
      }
      const [first = "", second = ""] = numbers;
      const dana = await atTheDesk(world, home);
      const seat = await sitDown();
      const { page } = seat;
      await takeOver(seat, dana.browser, world.origin);
      await page.goto("/console");
      await assertSound(page);

      await page.keyboard.press("?");
      const help = page.getByRole("dialog");
      for (const words of ["Next row", "Open the row", "Tick the row, or not", "Take them", "Incidents"])
        await help.getByText(words).first().waitFor();
      await page.keyboard.press("Escape");
      await page.locator("dialog").waitFor({ state: "detached" });

      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await page.keyboard.press("x");
      await page.getByText("1 row ticked").waitFor();
      await page.keyboard.press("t");
      assert(await page.getByRole("button", { name: "Take them" }).evaluate((one) => one === document.activeElement));
      assert(!page.url().includes("batch"), "a key goes to the button; only Enter presses it");
      await page.keyboard.press("Enter");
      await next(page, page.getByText("1 case changed hands."));
      await assertSound(page);
      const row = page.getByRole("row").filter({ hasText: second });
      await row.getByText("You", { exact: true }).waitFor();

      await page.keyboard.press("u");
      await page.keyboard.press("Enter");
      await next(page, page.getByText("Taken back."));
      await page.keyboard.press("a");
      await page.getByText("2 rows ticked").waitFor();
      await page.keyboard.press("a");

      await page.keyboard.press("/");
      await page.keyboard.type("bob");
      await page.keyboard.press("Enter");
      await next(page, page.getByText("1 case found"));
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await next(page, page.getByRole("heading", { name: new RegExp(first) }));
      await page.keyboard.press("t");
      await page.keyboard.press("Enter");
      await next(page, page.getByRole("button", { name: "Give it back" }));
      await assertSound(page);
      await page.keyboard.press("q");
      await page.getByRole("heading", { name: "Recovery cases" }).waitFor();
    },
  );

  browserStory("what is being written is kept while it is written", { seed: "desk-draft" }, async (world, sitDown) => {
    const home = await staff(world, "dana", "reviewer");
    const bob = await maintainer(world, "bob", "bedrock");
    const away = elsewhere(world, bob);
    const { number } = await openFromForm(away, { username: "bob", contact: bob.address });
    await confirmContact(world, away, number);
    const dana = await atTheDesk(world, home);
    const seat = await sitDown();
    const { page } = seat;
    await takeOver(seat, dana.browser, world.origin);
    await page.goto(`/console/cases/${number}`);
    await page.getByText("Write a note for the desk").click();
    await page.getByLabel("Note").fill("The release of May was his own.");
    await page.waitForResponse((answer) => answer.url().endsWith("/draft") && answer.ok());
    await world.pass(DAY);
    await page.reload();
    await page.getByRole("heading", { name: "Sign in to the desk" }).waitFor();

    const back = await atTheDesk(world, home);
    await takeOver(seat, back.browser, world.origin);
    await page.goto(`/console/cases/${number}`);
    assert.equal(await page.getByLabel("Note").inputValue(), "The release of May was his own.");
    await page.getByRole("button", { name: "Keep note" }).click();
    await page.getByText("The release of May was his own.").waitFor();
    await page.getByText("Write a note for the desk").click();
    assert.equal(await page.getByLabel("Note").inputValue(), "", "it has been said");
  });
});
