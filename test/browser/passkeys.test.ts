import assert from "node:assert/strict";
import { describe } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { CDPSession, Page } from "playwright-core";
import { linkIn, makePerson, type Person } from "../../src/bin/demo/person.ts";
import { nameHost } from "../world/passkeys.ts";
import type { World } from "../world/world.ts";
import { browserStories } from "./browser.ts";
import { arrive, assertSound, button, input, link, read } from "./people.ts";

/* Passkeys in Chromium with its own virtual authenticator: the script of the page, the browser's WebAuthn, our server. */

const browserStory = browserStories();

/** An authenticator in the browser that always says yes, as somebody does with a finger on it. */
interface VirtualAuthenticator {
  readonly cdp: CDPSession;
  readonly id: string;
}

async function plugIn(page: Page, transport: "internal" | "usb" = "internal"): Promise<VirtualAuthenticator> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable", { enableUI: false });
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport,
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { cdp, id: authenticatorId };
}

const credentialsOf = async ({ cdp, id }: VirtualAuthenticator) =>
  (await cdp.send("WebAuthn.getCredentials", { authenticatorId: id })).credentials;

/** Registers, confirms the address and makes a passkey as the first second factor. */
async function setUp(world: World, page: Page, person: Person): Promise<void> {
  await page.goto("/register");
  await input(page, "Username").fill(person.username);
  await input(page, "Mail address").fill(person.address);
  await input(page, "Password").fill(person.password);
  await button(page, "Create account").click();
  await arrive(page, `Welcome, ${person.username}`);
  await page.goto(linkIn(await world.mailbox.wait(person.address, /Confirm your address/), /\/confirm-address\//));
  await button(page, "Yes, confirm this address").click();
  await page.goto("/account/passkeys/new");
  await assertSound(page);
  await input(page, "What do you call it? (optional)").fill("Blue key");
  await button(page, "Create the passkey").click();
  await arrive(page, "Recovery codes");
}

const signOut = async (page: Page): Promise<void> => {
  await page.goto("/account");
  await button(page, "Sign out").click();
};

describe("passkeys in a browser", () => {
  browserStory(
    "bound while setting up, they sign in alone, are offered in the name field, and serve as the second step",
    { seed: "browser-passkeys" },
    async (world, sitDown) => {
      const { page } = await sitDown({ baseURL: nameHost(world) });
      const key = await plugIn(page);
      const ada = makePerson(world, "ada", "ada@ada.example");
      await setUp(world, page, ada);
      const [made] = await credentialsOf(key);
      assert(made?.isResidentCredential, "it can be found without a username");
      assert.equal(made.rpId, "localhost");

      // The list of the name field offers it without a click: the virtual authenticator takes the offer at once.
      await signOut(page);
      await page.goto("/sign-in");
      await arrive(page, "ada");
      await assertSound(page);

      // By its button, on a page where nothing is offered while the document is being read.
      await signOut(page);
      await key.cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: key.id, enabled: false });
      await page.goto("/sign-in");
      await arrive(page, "Sign in");
      assert.equal(await input(page, "Username or mail address").getAttribute("autocomplete"), "username webauthn");
      await key.cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: key.id, enabled: true });
      await button(page, "Sign in with a passkey").click();
      await arrive(page, "ada");

      // After the password it is the second step.
      await signOut(page);
      await key.cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: key.id, enabled: false });
      await page.goto("/sign-in");
      await input(page, "Username or mail address").fill("ada");
      await input(page, "Password").fill(ada.password);
      await button(page, "Go on").click();
      await arrive(page, "Show your passkey");
      await assertSound(page);
      await key.cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: key.id, enabled: true });
      await button(page, /passkey/i).click();
      await arrive(page, "ada");
    },
  );

  browserStory(
    "one whose count of uses goes back is refused, and its owner is told",
    { seed: "browser-passkeys-copied" },
    async (world, sitDown) => {
      const { page } = await sitDown({ baseURL: nameHost(world) });
      const key = await plugIn(page);
      const ada = makePerson(world, "ada", "ada@ada.example");
      await setUp(world, page, ada);
      await signOut(page);
      await page.goto("/sign-in");
      await arrive(page, "ada");

      const [before] = await credentialsOf(key);
      assert(before && before.signCount > 1, "the authenticator counts");
      await signOut(page);
      await key.cdp.send("WebAuthn.removeCredential", { authenticatorId: key.id, credentialId: before.credentialId });
      const copied = { ...before, signCount: 0 };
      await key.cdp.send("WebAuthn.addCredential", { authenticatorId: key.id, credential: copied });
      await page.goto("/sign-in");
      await read(page, /may have been copied/);
      await world.settle();
      assert(
        world.sent.some((mail) => mail.to === ada.address && /passkey/i.test(mail.subject)),
        "the owner is told",
      );
    },
  );

  browserStory(
    "a removed passkey opens nothing, and the browser hears that it may forget it",
    { seed: "browser-passkeys-removed" },
    async (world, sitDown) => {
      const { page } = await sitDown({ baseURL: nameHost(world) });
      const key = await plugIn(page);
      const ada = makePerson(world, "ada", "ada@ada.example");
      await setUp(world, page, ada);
      await page.goto("/account/passkeys/new");
      await input(page, "What do you call it? (optional)").fill("Red key");
      const second = await plugIn(page, "usb");
      await button(page, "Create the passkey").click();
      await arrive(page, "Passkeys");
      await assertSound(page);
      const red = page.locator("section.card", { has: page.getByRole("heading", { name: "Red key" }) });
      await red.locator("summary").click();
      await button(page, "Remove Red key").click();
      await arrive(page, "Passkeys");
      assert.equal(await page.getByRole("heading", { name: "Red key" }).count(), 0);
      for (let tries = 0; (await credentialsOf(second)).length > 0; tries += 1) {
        assert(tries < 50, "the browser drops what the page no longer lists");
        await delay(100);
      }
      assert.equal((await credentialsOf(key)).length, 1, "and kept the other");
    },
  );

  browserStory(
    "without scripts the pages say what to do instead, and show no button that does nothing",
    { seed: "browser-passkeys-still" },
    async (world, sitDown) => {
      const { page } = await sitDown({ baseURL: nameHost(world), javaScriptEnabled: false });
      await page.goto("/sign-in");
      await read(page, /needs scripts/);
      assert.equal(await button(page, "Sign in with a passkey").count(), 0);
      await link(page, "Create an account").click();
      await arrive(page, "Create an account");
    },
  );
});
