import assert from "node:assert/strict";
import { describe } from "node:test";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage } from "../../src/bin/demo/person.ts";
import { newestLink, subscriber } from "../adversary/cast.ts";
import type { World } from "../world/world.ts";
import { browserStories } from "./browser.ts";

/* A new password by a mailed link, in a real browser: the meter that scripts add, by keyboard, and all of it without scripts. */

const browserStory = browserStories();

async function linkOf(world: World): Promise<string> {
  const alice = await subscriber(world, "alice");
  const asking = openBrowser(world.origin);
  await asking.open("/reset");
  expectPage(await asking.submit("/reset", { name: "alice" }), /Look into your mailbox/);
  await world.settle();
  return newestLink(world, alice.address, /\/reset\//);
}

describe("a new password in the browser", () => {
  browserStory("the meter says how hard it is to guess", { seed: "meter" }, async (world, sitDown) => {
    const link = await linkOf(world);
    const { page } = await sitDown();
    await page.goto(link);
    const meter = page.locator(".password-meter");
    assert.equal(await meter.isVisible(), false, "nothing is said before something is typed");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(`${new URL(request.url()).pathname} ${request.postData() ?? ""}`));
    const input = page.getByLabel("New password", { exact: true });
    await input.focus();
    await page.keyboard.type("alice1");
    await meter.getByText(/easy to guess/i).waitFor();
    await input.fill("");
    await meter.waitFor({ state: "hidden" });
    const long = "juniper kettle meadow nickel ".repeat(4).trim();
    await page.keyboard.type(long);
    await meter.getByText("Strong.").waitFor();
    const last = new URLSearchParams(asked.at(-1)?.replace(/^\S+ /, "")).get("password");
    assert.equal(last, long.slice(0, 64), "at most 64 characters are sent");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Now sign in" }).waitFor();
  });

  browserStory(
    "without scripts there is no meter, and everything else",
    { seed: "meterless" },
    async (world, sitDown) => {
      const link = await linkOf(world);
      const { page } = await sitDown({ javaScriptEnabled: false });
      await page.goto(link);
      await page.getByLabel("New password", { exact: true }).fill("short");
      await page.getByRole("button", { name: "Set the new password" }).click();
      await page.getByText("Please use at least 8 characters.").first().waitFor();
      assert.equal(await page.locator(".password-meter").count(), 0);
      await page.getByLabel("New password", { exact: true }).fill("juniper kettle meadow nickel");
      await page.getByRole("button", { name: "Set the new password" }).click();
      await page.getByRole("heading", { name: "Now sign in" }).waitFor();
    },
  );
});
