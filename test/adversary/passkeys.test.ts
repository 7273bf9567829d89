import assert from "node:assert/strict";
import { describe } from "node:test";
import { type Browser, openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage, signInWithPassword } from "../../src/bin/demo/person.ts";
import { addPasskey, askOptions, nameHost, signInWithPasskey } from "../world/passkeys.ts";
import { type Cheat, type CreationOptions, makeAuthenticator } from "../world/software-authenticator.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import { shape } from "./alike.ts";
import { csrfOf, DAY, elsewhere, forgetAttempts, postForm, staff, subscriber, tables } from "./cast.ts";

/* What somebody does with passkeys who has no right to: answers for other sites, from other ceremonies, or sent twice. */

const liveSessions = async (world: World, username: string): Promise<number> => {
  const { rows } = await world.runtime.db.pool.query<{ count: number }>(
    `select count(*)::int from sessions
     where ended_at is null and account_id = (select id from accounts where username = $1)`,
    [username],
  );
  return rows[0]?.count ?? Number.NaN;
};

/** Opens the sign-in page, asks for options, and posts whatever is made of them. */
async function answerWith(browser: Browser, make: (json: { readonly challenge: string }) => string) {
  await browser.open("/sign-in");
  const { json } = await askOptions(browser, "/sign-in/passkey/options");
  return browser.submit("/sign-in/passkey", { answer: make(json) });
}

describe("passkeys in the hands of others", () => {
  story(
    "an answer that is not of this site, this ceremony and this key opens nothing",
    { seed: "pk-cheat" },
    async (world) => {
      const origin = nameHost(world);
      const alice = await subscriber(world, "alice");
      const key = makeAuthenticator();
      await addPasskey(world, alice, key, "Blue key");
      const before = await liveSessions(world, "alice");
      const cheats: Readonly<Record<string, Cheat>> = {
        "a look-alike site": { origin: "https://locaIhost.example" },
        "another port": { origin: "http://localhost:1" },
        "another RP ID": { rpId: "example" },
        "another challenge": { challenge: "A".repeat(43) },
        "the other ceremony": { type: "webauthn.create" },
        "nobody present": { isPresent: false },
        "backed up though it cannot be": { isBackedUp: true },
        "a broken signature": { isSignatureBroken: true },
        "a credential nobody has": { credentialId: "A".repeat(43) },
        "somebody else's handle": { userHandle: Buffer.alloc(32, 7).toString("base64url") },
        "nobody verified": { isVerified: false },
      };
      for (const [what, cheat] of Object.entries(cheats)) {
        await forgetAttempts(world);
        const page = await answerWith(openBrowser(world.origin), (json) => key.get(json, origin, cheat));
        assert([401, 410].includes(page.status), `${what}: ${page.status} ${page.text.slice(0, 200)}`);
      }
      for (const answer of ["", "{}", "[]", "null", '"x"', "[".repeat(5000), `{"id":"${"A".repeat(50_000)}"}`]) {
        await forgetAttempts(world);
        const page = await answerWith(openBrowser(world.origin), () => answer);
        assert([400, 413, 422].includes(page.status), `${answer.slice(0, 20)}: ${page.status}`);
      }
      assert.equal(await liveSessions(world, "alice"), before);
      expectPage(await signInWithPasskey(world, openBrowser(world.origin), key), /Blue key/);
    },
  );

  story(
    "an answer is good once, in the browser and for the ceremony it was asked for",
    { seed: "pk-replay" },
    async (world) => {
      const origin = nameHost(world);
      const alice = await subscriber(world, "alice");
      const bob = await subscriber(world, "bob");
      const [blue, red] = [makeAuthenticator(), makeAuthenticator()];
      await addPasskey(world, alice, blue, "Blue key");
      await addPasskey(world, bob, red, "Red key");

      // Twenty at once, in twenty browsers: one signs in.
      const first = openBrowser(world.origin);
      await first.open("/sign-in");
      const { json } = await askOptions(first, "/sign-in/passkey/options");
      const answer = blue.get(json, origin);
      const csrf = await csrfOf(first);
      const body = new URLSearchParams({ _csrf: csrf, answer }).toString();
      const before = await liveSessions(world, "alice");
      const all = await Promise.all(
        Array.from({ length: 20 }, () => postForm(world, "/sign-in/passkey", body, { browser: first })),
      );
      assert.deepEqual(
        all.map((one) => one.status).toSorted((one, other) => one - other),
        [303, ...Array(19).fill(410)],
      );
      assert.equal(await liveSessions(world, "alice"), before + 1);

      // Bob's passkey is no second step for Alice, and an answer for signing in alone is none either.
      await forgetAttempts(world);
      const half = elsewhere(world, alice);
      expectPage(await signInWithPassword(half), /Show your passkey/);
      const options = await askOptions(half.browser, "/sign-in/second-factor/passkey/options");
      const foreign = red.get({ challenge: options.json.challenge }, origin);
      assert.equal((await half.browser.submit("/sign-in/second-factor/passkey", { answer: foreign })).status, 401);
      const other = openBrowser(world.origin);
      await other.open("/sign-in");
      const alone = await askOptions(other, "/sign-in/passkey/options");
      await half.browser.open("/sign-in/second-factor");
      const moved = await half.browser.submit("/sign-in/second-factor/passkey", {
        answer: blue.get(alone.json, origin),
      });
      assert([401, 410].includes(moved.status), `${moved.status}`);

      // What was removed opens nothing.
      await world.pass(60_000);
      await alice.browser.open("/account/passkeys");
      await alice.browser.submit("/account/passkeys/remove");
      const gone = await signInWithPasskey(world, openBrowser(world.origin), blue);
      assert.equal(gone.status, 401);
      assert.match(gone.text, /was removed/);
    },
  );

  story(
    "a challenge is worth nothing to another account, another sign-in, another browser and another ceremony",
    { seed: "pk-challenges" },
    async (world) => {
      const origin = nameHost(world);
      const alice = await subscriber(world, "alice");
      const mallory = await subscriber(world, "mallory");
      const [blue, red] = [makeAuthenticator(), makeAuthenticator()];
      await addPasskey(world, alice, blue, "Blue key");
      await addPasskey(world, mallory, red, "Red key");
      const challengeOf = async (browser: Browser, page: string, at: string): Promise<string> => {
        await browser.open(page);
        return (await askOptions(browser, at)).json.challenge;
      };
      const one = openBrowser(world.origin);
      const other = openBrowser(world.origin);
      const half = elsewhere(world, alice);
      expectPage(await signInWithPassword(half), /Show your passkey/);
      const stranger = elsewhere(world, mallory);
      expectPage(await signInWithPassword(stranger), /Show your passkey/);

      const places: Readonly<Record<string, readonly [Browser, string, string, string]>> = {
        "signing in": [one, "/sign-in", "/sign-in/passkey/options", "/sign-in/passkey"],
        "signing in at the desk": [
          one,
          "/console/sign-in",
          "/console/sign-in/passkey/options",
          "/console/sign-in/passkey",
        ],
        "signing in in another browser": [other, "/sign-in", "/sign-in/passkey/options", "/sign-in/passkey"],
        "the second step": [
          half.browser,
          "/sign-in/second-factor",
          "/sign-in/second-factor/passkey/options",
          "/sign-in/second-factor/passkey",
        ],
        "somebody else's second step": [
          stranger.browser,
          "/sign-in/second-factor",
          "/sign-in/second-factor/passkey/options",
          "/sign-in/second-factor/passkey",
        ],
        "confirming a change": [
          alice.browser,
          "/account/confirm",
          "/account/confirm/passkey/options",
          "/account/confirm/passkey",
        ],
        "making one": [alice.browser, "/account/passkeys/new", "/account/passkeys/options", "/account/passkeys"],
        "making one for somebody else": [
          mallory.browser,
          "/account/passkeys/new",
          "/account/passkeys/options",
          "/account/passkeys",
        ],
      };
      const accounts = async () => {
        const { sessions, passkeys, authenticators } = await tables(world);
        return { sessions, passkeys, authenticators };
      };
      const before = await accounts();
      for (const [from, [giver, givingPage, options]] of Object.entries(places))
        for (const [to, [taker, takingPage, , action]] of Object.entries(places)) {
          if (from === to) continue;
          await forgetAttempts(world);
          const challenge = await challengeOf(giver, givingPage, options);
          await taker.open(takingPage);
          const answer =
            action === "/account/passkeys"
              ? makeAuthenticator().create({ challenge, rp: {}, user: { id: "AAAA", name: "x" } }, origin)
              : blue.get({ challenge }, origin);
          const page = await taker.submit(action, { answer });
          assert.equal(page.status, 410, `${from} → ${to}: ${page.status} ${page.text.slice(0, 300)}`);
        }
      assert.deepEqual(await accounts(), before);
    },
  );

  story(
    "what an authenticator made for another site, or too long to be one, is not bound",
    { seed: "pk-made" },
    async (world) => {
      const origin = nameHost(world);
      const alice = await subscriber(world, "alice");
      const cheats: readonly (readonly [string, Cheat & { readonly attestation?: "packed-x5c" }, number])[] = [
        ["a look-alike site", { origin: "https://locaIhost.example" }, 401],
        ["another RP ID", { rpId: "example" }, 401],
        ["another challenge", { challenge: "A".repeat(43) }, 410],
        ["the other ceremony", { type: "webauthn.get" }, 401],
        ["nobody present", { isPresent: false }, 401],
        ["in a frame", { clientData: { crossOrigin: true } }, 401],
        ["with a certificate", { attestation: "packed-x5c" }, 422],
        ["an id of 1,024 bytes", { credentialId: Buffer.alloc(1024, 1).toString("base64url") }, 400],
      ];
      const make = async (change: (json: CreationOptions) => string) => {
        await forgetAttempts(world);
        await alice.browser.open("/account/passkeys/new");
        const { json } = await askOptions<CreationOptions>(alice.browser, "/account/passkeys/options");
        return alice.browser.submit("/account/passkeys", { answer: change(json), name: "Key" });
      };
      for (const [what, cheat, status] of cheats) {
        const page = await make((json) => makeAuthenticator().create(json, origin, cheat));
        assert.equal(page.status, status, `${what}: ${page.text.slice(0, 300)}`);
        assert.match(page.html, /value="Key"/, "what was typed is still there");
      }
      for (const [answer, status] of [
        ["", 422],
        ["{}", 400],
        [JSON.stringify({ id: "A".repeat(20_000) }), 413],
        ["x".repeat(60_001), 422],
      ] as const)
        assert.equal((await make(() => answer)).status, status, answer.slice(0, 20));

      // A passkey that is bound already stays whose it is, whoever sends it again.
      const key = makeAuthenticator();
      const id = await addPasskey(world, alice, key, "Blue key");
      const mallory = await subscriber(world, "mallory");
      await mallory.browser.open("/account/passkeys/new");
      const { json } = await askOptions<CreationOptions>(mallory.browser, "/account/passkeys/options");
      const answer = makeAuthenticator().create(json, origin, { credentialId: id });
      assert.equal((await mallory.browser.submit("/account/passkeys", { answer })).status, 409);
      expectPage(await signInWithPasskey(world, openBrowser(world.origin), key), /Blue key/);
    },
  );

  story("names are not told apart by the passkeys they are offered", { seed: "pk-names" }, async (world) => {
    nameHost(world);
    const alice = await subscriber(world, "alice");
    await subscriber(world, "bare");
    await addPasskey(world, alice, makeAuthenticator(), "Blue key");
    const asked = async (name: string) => {
      const browser = openBrowser(world.origin);
      await browser.open("/sign-in");
      const { status, json } = await askOptions(browser, "/sign-in/passkey/options", { name });
      return { status, ids: (json.allowCredentials ?? []).map(({ id }) => id), keys: Object.keys(json).toSorted() };
    };
    const [known, bare, nobody] = [await asked("alice"), await asked("bare"), await asked("nobody-at-all")];
    for (const one of [bare, nobody]) {
      assert.equal(one.status, known.status);
      assert.deepEqual(one.keys, known.keys);
      assert.equal(one.ids.length, known.ids.length);
    }
    assert.deepEqual((await asked("nobody-at-all")).ids, nobody.ids, "the same ids at every question");
    assert.notDeepEqual(nobody.ids, bare.ids);
    const refusedFor = async (name: string) => {
      const browser = openBrowser(world.origin);
      const csrf = await csrfOf(browser);
      const body = new URLSearchParams({ _csrf: csrf, answer: "{}" }).toString();
      return shape(await postForm(world, "/sign-in/passkey", body, { browser }), [name]);
    };
    assert.deepEqual(await refusedFor("alice"), await refusedFor("nobody-at-all"));
  });

  story("at the desk, six digits are not enough for somebody who has a passkey", { seed: "pk-desk" }, async (world) => {
    nameHost(world);
    const erin = await staff(world, "erin", "reviewer");
    const key = makeAuthenticator();
    await addPasskey(world, erin, key, "Red key");
    await world.pass(DAY);
    const there = elsewhere(world, erin);
    expectPage(await signInWithPassword(there, "/console/sign-in"), /passkey/i);
    const csrf = await csrfOf(there.browser);
    const body = new URLSearchParams({ _csrf: csrf, code: (await erin.phone?.code()) ?? "" }).toString();
    const answer = await postForm(world, "/console/sign-in/second-factor", body, { browser: there.browser });
    assert.equal(answer.status, 403);
    expectPage(
      await signInWithPasskey(world, openBrowser(world.origin), key, { path: "/console/sign-in" }),
      /Recovery cases/,
    );
    const alice = await subscriber(world, "alice");
    const blue = makeAuthenticator();
    await addPasskey(world, alice, blue, "Blue key");
    const refused = await signInWithPasskey(world, openBrowser(world.origin), blue, { path: "/console/sign-in" });
    assert.equal(refused.status, 401, "and a passkey of somebody without a role opens no desk");
  });
});
