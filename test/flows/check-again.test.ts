import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm, proveApiToken } from "../../src/bin/demo/recovery.ts";
import { atTheDesk, DAY, elsewhere, lastSeq, maintainer, staff, stateOf } from "../adversary/cast.ts";
import { story } from "../world/story.ts";

describe("a proof looked at again by the desk", () => {
  story(
    "says that it is as it was, or what it is now, and the policy weighs anew",
    { seed: "check-again" },
    async (world) => {
      const home = [await staff(world, "dana", "reviewer"), await staff(world, "erin", "auditor")] as const;
      const bob = await maintainer(world, "bob", "bedrock");
      await world.pass(20 * DAY);
      const away = elsewhere(world, bob);
      const { number } = await openFromForm(away, { username: "bob", contact: bob.address });
      await confirmContact(world, away, number);
      assert.equal((await proveApiToken(world, away, bob.token ?? "")).status, 200);
      expectPage(await openCasePage(away), /An API token/);
      assert.equal(await stateOf(world, number), "waiting", "mailbox and token are enough");

      const dana = await atTheDesk(world, home[0]);
      const path = `/console/cases/${number}`;
      const page = await dana.browser.open(path);
      const finding = /id="api-token-proof"[\s\S]*?name="finding" value="(fnd_\w+)"/.exec(page.html)?.[1];
      assert(finding, "the proof has its button");
      const before = await lastSeq(world);
      await world.pass(60_000);
      expectPage(await dana.browser.submit(/check-again$/, { finding }), /Looked at again: it is as it was\./);
      const { rows } = await world.runtime.db.pool.query<{ facts: { was: string }; actor_kind: string }>(
        "select facts, actor_kind from audit_events where act = 'evidence/finding-rechecked' and seq > $1",
        [before.toString()],
      );
      assert.equal(rows[0]?.actor_kind, "staff", "on the log, with who asked");

      await world.runtime.db.pool.query("update api_tokens set revoked_at = created_at, revoked_because = 'stolen'");
      const again = await dana.browser.open(path);
      assert.match(again.text, /looked at again/);
      const now = /id="api-token-proof"[\s\S]*?name="finding" value="(fnd_\w+)"/.exec(again.html)?.[1] ?? "";
      expectPage(await dana.browser.submit(/check-again$/, { finding: now }), /it was “supports” and is “\w+” now/);
      assert.equal(await stateOf(world, number), "collecting", "what the machine granted on it is taken back");

      const gone = await dana.browser.submit(/check-again$/, { finding });
      assert(gone.status >= 400, "a proof that was replaced is not looked at");
      const erin = await atTheDesk(world, home[1]);
      const read = await erin.browser.open(path);
      assert(!read.html.includes("check-again"), "an auditor changes nothing");
    },
  );
});
