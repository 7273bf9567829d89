import assert from "node:assert/strict";
import { describe } from "node:test";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage, makePerson, registerAndConfirm, signInWithPassword } from "../../src/bin/demo/person.ts";
import { addPasskey, askOptions, nameHost, signInWithPasskey } from "../world/passkeys.ts";
import { makeAuthenticator } from "../world/software-authenticator.ts";
import { story } from "../world/story.ts";
import { DAY, elsewhere, HOUR, newestLink } from "../adversary/cast.ts";

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

  story(
    "a key made without a PIN signs in alone only after it was shown with one beside the password",
    { seed: "pk-pin" },
    async (world) => {
      const origin = nameHost(world);
      const ada = makePerson(world, "ada");
      await registerAndConfirm(world, ada);
      const key = makeAuthenticator();
      key.isVerifying = false;
      await addPasskey(world, ada, key, "Bare key");
      // Somebody finds the key, gives it a PIN of theirs, and knows the name.
      key.isVerifying = true;
      for (const name of ["ada", undefined]) {
        const finder = elsewhere(world, ada).browser;
        const page = await signInWithPasskey(world, finder, key, name ? { name } : {});
        assert.equal(page.status, 401);
        assert.match(page.text, /made without a PIN.*together with your password/);
      }
      // Being signed in and the key are not enough for a change either: the password is asked for, and is then enough.
      await world.pass(HOUR / 2);
      await ada.browser.open("/account/passkeys");
      assert.match(ada.browser.page.path, /^\/account\/confirm/);
      const asked = await askOptions(ada.browser, "/account/confirm/passkey/options");
      const alone = await ada.browser.submit("/account/confirm/passkey", { answer: key.get(asked.json, origin) });
      assert.equal(alone.status, 401);
      assert.match(alone.text, /together with your password/);
      assert.equal((await elsewhereSignsIn()).status, 401, "a refused confirmation has changed nothing");
      const again = await askOptions(ada.browser, "/account/confirm/passkey/options");
      const both = { answer: key.get(again.json, origin), password: ada.password };
      assert.equal((await ada.browser.submit("/account/confirm/passkey", both)).status, 200);
      expectPage(await elsewhereSignsIn(), /Bare key/);

      function elsewhereSignsIn() {
        return signInWithPasskey(world, elsewhere(world, ada).browser, key);
      }
    },
  );

  story("several, each with its name, to rename and remove one by one", { seed: "pk-several" }, async (world) => {
    nameHost(world);
    const ada = makePerson(world, "ada");
    await registerAndConfirm(world, ada);
    const keys = Array.from({ length: 8 }, () => makeAuthenticator());
    for (const [at, key] of keys.entries()) {
      key.isBackupEligible = at > 0;
      key.isBackedUp = at > 1;
      await addPasskey(world, ada, key, at === 0 ? "Blue key" : "");
      await world.pass(1000);
    }
    const page = await ada.browser.open("/account/passkeys");
    expectPage(page, /Blue key.*This device only.*Passkey.*Not synced yet.*Passkey 2.*Synced.*Passkey 7/);
    await ada.browser.open("/account/passkeys/new");
    const ninth = await askOptions(ada.browser, "/account/passkeys/options");
    assert.equal(ninth.status, 409);

    await ada.browser.open("/account/passkeys");
    expectPage(await ada.browser.submit("/account/passkeys/rename", { name: "Drawer key" }), /Drawer key/);
    expectPage(await ada.browser.submit("/account/passkeys/remove"), /Passkeys/);
    assert.doesNotMatch(ada.browser.page.text, /Drawer key/);
    await world.settle();
    const subjects = world.sent.filter((mail) => mail.to === ada.address).map((mail) => mail.subject);
    for (const words of [/passkey.*has a new name/, /passkey was removed/i])
      assert(
        subjects.some((one) => words.test(one)),
        `${String(words)} in ${subjects.join("; ")}`,
      );

    // The page tells the browser which are left: seven, and the one that was removed is not among them.
    const [, left] = /data-credential-ids="([^"]*)"/.exec(ada.browser.page.html) ?? [];
    assert.deepEqual(new Set(left?.split(" ")), new Set(keys.slice(1).map((one) => one.credentials[0]?.id)));
    assert.match(ada.browser.page.html, /data-passkey-signal="all"/);
  });

  story("the last second factor cannot be removed", { seed: "pk-last" }, async (world) => {
    nameHost(world);
    const ada = makePerson(world, "ada");
    await registerAndConfirm(world, ada);
    await addPasskey(world, ada, makeAuthenticator(), "Blue key");
    await ada.browser.open("/account/passkeys");
    const page = await ada.browser.submit("/account/passkeys/remove");
    assert.equal(page.status, 409);
    assert.match(page.text, /only second factor/);
  });

  story(
    "password managers find the pages for passkeys, where there can be passkeys",
    { seed: "pk-known" },
    async (world) => {
      const browser = openBrowser(world.origin);
      const at = "/.well-known/passkey-endpoints";
      const numeric = await browser.raw(at, {});
      assert.deepEqual([numeric.status, await numeric.json()], [200, {}], "at a number browsers make none");
      const origin = nameHost(world);
      const named = await browser.raw(at, {});
      assert.equal(named.status, 200);
      assert.match(named.headers.get("content-type") ?? "", /^application\/json/);
      assert.deepEqual(await named.json(), {
        enroll: `${origin}/account/passkeys/new`,
        manage: `${origin}/account/passkeys`,
      });
    },
  );

  story(
    "a lock is undone with a passkey that was there before, and one made just before it does not count",
    { seed: "pk-unlock" },
    async (world) => {
      const origin = nameHost(world);
      const ada = makePerson(world, "ada");
      await registerAndConfirm(world, ada);
      const [blue, red] = [makeAuthenticator(), makeAuthenticator()];
      await addPasskey(world, ada, blue, "Blue key");
      await world.pass(30 * DAY);
      const thief = elsewhere(world, ada);
      expectPage(await signInWithPasskey(world, thief.browser, blue), /Blue key/);
      await addPasskey(world, thief, red, "Red key");
      await world.settle();
      const link = newestLink(world, ada.address, /\/not-me\//);
      const reader = openBrowser(world.origin);
      await reader.open(link);
      expectPage(await reader.submit(link), /The account is locked/);

      const refused = await signInWithPasskey(world, elsewhere(world, ada).browser, blue);
      assert.equal(refused.status, 403);
      assert.match(refused.text, /frozen.*username and password/);
      expectPage(await signInWithPassword(ada), /Now show your passkey, and choose a new password/);
      const password = "harbour-violet-lantern-tundra";
      const unlock = async (key: typeof blue) => {
        await ada.browser.open("/frozen/unlock");
        const { json } = await askOptions(ada.browser, "/frozen/unlock/passkey/options");
        const answer = key.get({ ...json, allowCredentials: [] }, origin);
        return ada.browser.submit("/frozen/unlock", { answer, password });
      };
      await ada.browser.open("/frozen/unlock");
      const { json } = await askOptions(ada.browser, "/frozen/unlock/passkey/options");
      assert.deepEqual(
        json.allowCredentials?.map(({ id }) => id),
        blue.credentials.map(({ id }) => id),
      );
      const lately = await unlock(red);
      assert(!/open again/.test(lately.text) && lately.status >= 400, `${lately.status}`);
      expectPage(await unlock(blue), /Your account is open again/);
      const home = elsewhere(world, { ...ada, password });
      expectPage(await signInWithPassword(home), /Show your passkey/);
      const back = await signInWithPasskey(world, elsewhere(world, ada).browser, red);
      assert(back.status >= 400, "the thief's passkey ended with the unlocking: it would sign in by itself");
      await world.mailbox.wait(ada.address, /passkey was removed/);
    },
  );
});
