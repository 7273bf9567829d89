import assert from "node:assert/strict";
import { describe } from "node:test";
import { formsOf } from "../../src/bin/demo/browser.ts";
import { story } from "../world/story.ts";
import { csrfOf, forgetAttempts, postForm, rawRequest } from "./cast.ts";
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
