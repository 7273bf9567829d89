import assert from "node:assert/strict";
import { describe } from "node:test";
import type { Page } from "playwright-core";
import { linkIn, mailCodeIn, makePassphrase, makePerson, makePhone, type Person } from "../../src/bin/demo/person.ts";
import { restorationPath } from "../../src/bin/demo/recovery.ts";
import { DAY, newestLink } from "../adversary/cast.ts";
import type { World } from "../world/world.ts";
import { browserStories } from "./browser.ts";
import { openLaptop } from "./laptop.ts";
import { arrive, button, input, link, openMoreWays, proofCard, read, textOf } from "./people.ts";

/*
 * A real browser in which no script runs, as in a hardened one: the whole way, and no button that would do nothing. The
 * commands are taken from the page as somebody does who marks them with the mouse.
 */

const browserStory = browserStories();

/** Every visible button sends a form or opens a fold: without scripts nothing else does anything. */
async function assertNoDeadButton(page: Page): Promise<void> {
  for (const one of await page.locator("button:visible").all()) {
    const does = await one.evaluate((element) => `${element.getAttribute("type")} ${element.closest("form") !== null}`);
    assert.equal(does, "submit true", `“${await one.innerText()}” at ${page.url()}`);
  }
}

async function submit(page: Page, name: string): Promise<void> {
  await assertNoDeadButton(page);
  await button(page, name).click();
}

async function bindApp(page: Page, world: World, person: Person): Promise<string> {
  await page.locator("summary", { hasText: "I cannot scan it" }).click();
  person.phone = makePhone(await textOf(page.locator("#totp-uri")), world.time);
  return person.phone.code();
}

async function register(page: Page, world: World, person: Person): Promise<void> {
  await page.goto("/register");
  await input(page, "Username").fill(person.username);
  await input(page, "Mail address").fill(person.address);
  await input(page, "Password").fill(person.password);
  await submit(page, "Create account");
  await page.goto(linkIn(await world.mailbox.wait(person.address, /Confirm your address/), /\/confirm-address\//));
  await submit(page, "Yes, confirm this address");
  await link(page, "Go on with your account").click();
  await submit(page, "Set up the app");
  await input(page, "Six-digit code").fill(await bindApp(page, world, person));
  await submit(page, "Finish");
  await submit(page, "Make recovery codes");
  await arrive(page, "Your recovery codes");
  await assertNoDeadButton(page);
  const [code] = /lkrc(?:-[0-9a-z]{5}){5}/.exec(await page.locator(".codes").innerText()) ?? [];
  await input(page, "One of your recovery codes").fill(code ?? "");
  await submit(page, "Compare");
  await arrive(page, "That is one of your codes");
}

async function openCase(page: Page, world: World, person: Person): Promise<string> {
  await page.goto("/sign-in");
  await input(page, "Username or mail address").fill(person.username);
  await input(page, "Password").fill(person.password);
  await submit(page, "Go on");
  await assertNoDeadButton(page);
  await link(page, "I can’t use any of these").click();
  await link(page, "Open a recovery case").click();
  await page.getByRole("radio", { name: /I lost my authenticator app/ }).check();
  await input(page, "Where can we write to you?").fill(person.address);
  await submit(page, "Open a recovery case");
  await link(page, "I have noted it, go to my case").click();
  const mail = await world.mailbox.wait(person.address, /recovery case LK-/);
  await input(page, "Eight-digit code").fill(mailCodeIn(mail));
  await submit(page, "Confirm");
  return /LK-\w{4}-\w{4}/.exec(mail.text)?.[0] ?? assert.fail("no number in the mail");
}

describe("without scripts", () => {
  browserStory(
    "the main job goes all the way, and no button is there that does nothing",
    { seed: "no-scripts", policyFile: "policy/demo.json" },
    async (world, sitDown) => {
      const laptop = await openLaptop();
      try {
        const { page } = await sitDown({ javaScriptEnabled: false });
        const alice = makePerson(world, "alice", "alice@alice.example");
        await register(page, world, alice);
        await page.goto("/account/tokens");
        await input(page, "Name").fill("laptop");
        await submit(page, "Make token");
        alice.token = await textOf(page.locator("#new-token"));
        await page.goto("/account/keys");
        await input(page, "Public key").fill(laptop.publicLine);
        await submit(page, "Add key");
        await world.pass(10 * DAY);

        const { page: lost } = await sitDown({ javaScriptEnabled: false });
        const number = await openCase(lost, world, alice);
        const tokenCard = proofCard(lost, "An API token");
        await openMoreWays(lost);
        await button(tokenCard, "Show me the command").click();
        await assertNoDeadButton(lost);
        const command = await textOf(tokenCard.locator("pre"));
        assert.match(await laptop.run(command, alice.token), /The token is proven/);
        await lost.reload();
        await read(lost, /Your case is decided/);
        await world.pass(5 * 60_000);

        await lost.goto(await restorationPath(world, alice.address, number));
        await input(lost, "New password").fill(makePassphrase());
        await input(lost, "Six-digit code it shows now").fill(await bindApp(lost, world, alice));
        await submit(lost, "Set up my account");
        await arrive(lost, "Your recovery codes");
        await assertNoDeadButton(lost);
      } finally {
        await laptop.close();
      }
    },
  );

  browserStory("the owner objects with one button", { seed: "no-scripts-objection" }, async (world, sitDown) => {
    const { page } = await sitDown({ javaScriptEnabled: false });
    const alice = makePerson(world, "alice", "alice@alice.example");
    await register(page, world, alice);
    await world.pass(10 * DAY);
    const { page: elsewhere } = await sitDown({ javaScriptEnabled: false });
    await openCase(elsewhere, world, alice);
    await world.settle();
    await page.goto(newestLink(world, alice.address, /\/objection\//));
    await submit(page, "Stop it and freeze the account");
    await arrive(page, "What happens next");
  });
});
