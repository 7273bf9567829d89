import assert from "node:assert/strict";
import { describe } from "node:test";
import { story } from "../world/story.ts";
import { alike, type Case, people } from "./alike.ts";

/* What a stranger learns from the two forms that are answered by mail. */

describe("a forgotten password or username, asked by a stranger", () => {
  story(
    "one answer for every name and address, and mail only to those of an account",
    { seed: "enum-forgotten" },
    async (world) => {
      const { alice } = await people(world);
      const named = (what: string, name: string): Case => ({ what, fields: { name } });
      const before = world.sent.length;
      const cases = [
        named("nobody's name", "nobody-at-all"),
        named("a subscriber's name", "alice"),
        named("a subscriber's address", alice.address),
        named("nobody's address", "nobody@nowhere.example"),
        named("an address never confirmed", "unconfirmed@mail.example"),
        named("an account without a second factor", "half-made"),
        named("a frozen account", "frozen-one"),
        named("an account with an open case", "stuck-one"),
        named("somebody of the desk", "dana"),
        named("what is no address", "@@"),
      ];
      assert.equal((await alike(world, "/reset", cases)).status, 200);
      assert.equal((await alike(world, "/reset", cases, "application/json")).status, 200);
      const addressed = (what: string, address: string): Case => ({ what, fields: { address } });
      const finder = [
        addressed("nobody's address", "nobody@nowhere.example"),
        addressed("a subscriber's address", alice.address),
        addressed("an address never confirmed", "unconfirmed@mail.example"),
        addressed("what is no address", "not an address"),
        addressed("a name", "alice"),
      ];
      assert.equal((await alike(world, "/account-finder", finder)).status, 200);
      await world.settle();
      const told = new Set(world.sent.slice(before).map((mail) => mail.to));
      assert(!told.has("nobody@nowhere.example"));
      assert(told.has(alice.address) && told.has("unconfirmed@mail.example"));
      const { rows } = await world.runtime.db.pool.query("select 1 from mail_requests");
      assert.equal(rows.length, 0, "nothing that was typed is kept");
    },
  );
});
