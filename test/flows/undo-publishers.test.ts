import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formsOf } from "../../src/bin/demo/browser.ts";
import { expectPage } from "../../src/bin/demo/person.ts";
import { go, lockAndUnlock, PROJECT, takeOver } from "../adversary/taken-over.ts";
import { startIssuer } from "../world/issuer.ts";
import { startWorld } from "../world/world.ts";

/* A trusted publisher that a thief registered: what runs there would publish on after every token has ended. */

describe("After somebody else was in the account", () => {
  test("a trusted publisher that was registered meanwhile is asked about, and removed", async () => {
    const issuer = await startIssuer();
    const settings = { TRUSTED_ISSUERS: `github=${issuer.url}` };
    const world = await startWorld({ seed: "undo-publishers", settings });
    try {
      const { alice: before, thief } = await takeOver(world);
      await go(thief, PROJECT);
      const fields = { repository: "mallory/forge", workflow: "release.yml", environment: "" };
      expectPage(await thief.browser.submit(/publishers$/, fields), /mallory\/forge/);
      const alice = await lockAndUnlock(world, before);
      await go(alice, "/account/undo");
      expectPage(await alice.browser.submit("/account/undo"), /A trusted publisher of alpenglow was registered/);
      const form = formsOf(alice.browser.page.html).find((one) => one.fields["verdict"] === "undone");
      assert(form);
      expectPage(await alice.browser.submit("/account/undo/decide", form.fields), /been through all of it/);
      assert.doesNotMatch((await go(alice, PROJECT)).text, /mallory\/forge/);
      expectPage(await go(alice, "/account/undo/all"), /A trusted publisher .* Undone/);
    } catch (error) {
      await world.abandon();
      throw error;
    } finally {
      await issuer.close();
    }
    await world.close();
  });
});
