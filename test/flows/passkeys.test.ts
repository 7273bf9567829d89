import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage, makePerson, registerAndConfirm, signInWithPassword } from "../../src/bin/demo/person.ts";
import { addPasskey, askOptions, nameHost, signInWithPasskey } from "../world/passkeys.ts";
import { makeAuthenticator } from "../world/software-authenticator.ts";
import { story } from "../world/story.ts";
import { elsewhere } from "../adversary/cast.ts";

describe("passkeys", () => {
  story(
    "a newcomer makes a passkey, and signs in with it alone, and as the second step",
    { seed: "pk-1" },
    async (world) => {
      nameHost(world);
      const ada = makePerson(world, "ada");
      await registerAndConfirm(world, ada);
      const key = makeAuthenticator();
      await addPasskey(world, ada, key, "Blue key");
      assert.equal(ada.browser.page.path, "/account/recovery-codes", "the next step of setting up");
      const there = elsewhere(world, ada);
      expectPage(await signInWithPasskey(world, there.browser, key), /Blue key/);
      assert.equal(there.browser.page.path, "/account");
      const named = elsewhere(world, ada);
      expectPage(await signInWithPasskey(world, named.browser, key, { name: "Ada" }), /Blue key/);
      const second = elsewhere(world, ada);
      expectPage(await signInWithPassword(second), /Show your passkey/);
      const { json } = await askOptions(second.browser, "/sign-in/second-factor/passkey/options");
      key.isVerifying = false;
      const answer = key.get(json, world.runtime.publicUrl.origin);
      expectPage(await second.browser.submit("/sign-in/second-factor/passkey", { answer }), /Blue key/);
      assert.equal(second.browser.page.path, "/account");
    },
  );
});
