import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe } from "node:test";
import { sql } from "kysely";
import { formsOf, openBrowser } from "../../src/bin/demo/browser.ts";
import { enrol, expectPage, makePerson, registerAndConfirm, signInWithPassword } from "../../src/bin/demo/person.ts";
import { askOptions } from "../world/passkeys.ts";
import { story } from "../world/story.ts";
import { csrfOf, elsewhere, forgetAttempts, postForm, rawRequest, subscriber } from "./cast.ts";
import { type Actor, allowed, setStage } from "./stage.ts";

/* What ASVS 5.0 asks of every row of the route table; docs/asvs.md says which requirement each is for. */

const DEMO = { policyFile: "policy/demo.json" };

/** Forms of somebody signed in that ask for no authenticator again, each with why. Whatever is new has to ask. */
const WITHOUT_STEP_UP: Readonly<Record<string, string>> = {
  "/account/confirm": "is where authenticators are shown",
  "/account/confirm/passkey": "is where authenticators are shown",
  "/account/confirm/passkey/options": "is where authenticators are shown",
  "/account/addresses/resend": "mails once more to an address that is there already",
  "/account/asked/number": "the number on the other screen is what is asked for",
  "/account/asked/not-me": "stops somebody else",
  "/account/invitations/decline": "takes nothing",
  "/account/contacts/accept": "gives nothing of one's own away",
  "/account/delete/keep": "keeps the account",
  "/account/forges/forget": "ends what was begun",
  "/account/openpgp/forget": "ends what was begun",
  "/account/recovery-codes/check": "spends nothing",
  "/account/sessions/end": "locks out, and lets nobody in",
  "/account/sessions/end-others": "locks out, and lets nobody in",
  "/account/tokens/revoke": "locks out, and lets nobody in",
};

/** Forms for whoever has no second factor yet, so that there is nothing more to show. */
const SETUP = new Set([
  "/account/setup/address",
  "/account/setup/resend",
  "/sign-in/new-password",
  "/account/lock",
  "/sign-out",
]);

describe("every row of somebody signed in", () => {
  story(
    "what needs no authenticator shown again is on a list, each with why",
    { seed: "asvs-fresh" },
    async (world) => {
      const posts = world.routes.filter((one) => one.method === "POST");
      const stale = posts.filter((one) => one.who === "subscriber").map((one) => one.path);
      assert.deepEqual(stale.toSorted(), Object.keys(WITHOUT_STEP_UP).toSorted());
      const setup = posts.filter((one) => one.who === "subscriber in setup").map((one) => one.path);
      assert.deepEqual(setup.toSorted(), [...SETUP].toSorted());
    },
  );

  story(
    "each page of somebody signed in has a way to sign out, which works",
    { ...DEMO, seed: "asvs-way-out" },
    async (world) => {
      const stage = await setStage(world);
      const actors: readonly Actor[] = ["newcomer", "subscriber", "support", "auditor", "reviewer", "administrator"];
      const seen = new Map<Actor, number>();
      for (const route of world.routes.filter((one) => one.method === "GET" && one.who !== "anyone")) {
        for (const actor of actors.filter((one) => allowed(route).has(one))) {
          await forgetAttempts(world);
          const answer = await rawRequest(world, { path: stage.pathOf(route), browser: stage.browsers[actor] });
          if (answer.status !== 200 || !String(answer.headers["content-type"]).startsWith("text/html")) continue;
          const out = formsOf(answer.text).filter(({ action }) => /^\/(?:console\/)?sign-out$/.test(action));
          assert.equal(out.length, 1, `GET ${route.path} for ${actor}`);
          seen.set(actor, (seen.get(actor) ?? 0) + 1);
        }
      }
      for (const actor of actors) {
        assert(seen.get(actor), `${actor} saw a page`);
        const browser = stage.browsers[actor];
        const isDesk = actor !== "newcomer" && actor !== "subscriber";
        const [out, at] = isDesk ? ["/console/sign-out", "/console"] : ["/sign-out", "/account/setup"];
        await postForm(world, out, `_csrf=${await csrfOf(browser)}`, { browser });
        const after = await rawRequest(world, { path: at, browser });
        assert.match(String(after.headers["location"]), /sign-in/, `${actor} is signed out`);
      }
    },
  );
});

describe("what is made by chance", () => {
  story("a passkey's challenge has 256 bits, and none comes twice", { seed: "asvs-challenge" }, async (world) => {
    const seen = new Set<string>();
    for (let at = 0; at < 20; at += 1) {
      const browser = openBrowser(world.origin);
      await browser.open("/sign-in");
      const { json } = await askOptions<{ readonly challenge: string }>(browser, "/sign-in/passkey/options");
      assert.equal(Buffer.from(json.challenge, "base64url").length, 32);
      seen.add(json.challenge);
    }
    assert.equal(seen.size, 20);
  });

  story("a recovery code is kept as a keyed digest alone", { seed: "asvs-codes" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const { rows } = await sql<{ whole: string }>`
      select one_time_secrets::text as whole from one_time_secrets where purpose = 'recovery-code'`.execute(
      world.runtime.db.root,
    );
    assert.equal(rows.length, alice.codes.length);
    const whole = rows.map((row) => row.whole.toLowerCase()).join("\n");
    for (const code of alice.codes) {
      const symbols = code.replace(/^lkrc-/, "").replaceAll("-", "");
      const plain = createHash("sha256").update(symbols.toUpperCase()).digest("hex");
      for (const text of [code, symbols, plain])
        assert(!whole.includes(text), "neither itself nor a digest without a key");
    }
  });

  story("a password is the same password however its accents are stored", { seed: "asvs-nfc" }, async (world) => {
    const alice = makePerson(world, "alice");
    alice.password = "cre\u0300me-bru\u0302le\u0301e-sept-\u212bngstr\u00f6m";
    await registerAndConfirm(world, alice);
    await enrol(world, alice);
    for (const form of ["NFC", "NFD"] as const) {
      const there = { ...elsewhere(world, alice), password: alice.password.normalize(form) };
      expectPage(await signInWithPassword(there), /six digits/i);
    }
    const wide = { ...elsewhere(world, alice), password: alice.password.replace("sept", "\uff53ept") };
    assert.equal((await signInWithPassword(wide)).status, 401, "a wide letter is another letter");
  });
});
