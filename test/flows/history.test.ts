import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage, signIn } from "../../src/bin/demo/person.ts";
import { elsewhere, HOUR, isFrozen, maintainer, subscriber } from "../adversary/cast.ts";
import { story } from "../world/story.ts";

describe("the account history", () => {
  story(
    "is filtered by kind, and goes out as CSV and JSON with the same events",
    { seed: "history" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      const bob = await subscriber(world, "bob");
      const { browser } = alice;
      const page = expectPage(await browser.open("/account/history"), /Account history/);
      assert.match(page.text, /API token made/);
      assert.match(page.text, /Signing key|SSH key/);
      const tokens = await browser.open("/account/history?kind=tokens");
      assert.match(tokens.text, /API token made/);
      assert(!/SSH key (?:added|registered)/.test(tokens.text));
      expectPage(await browser.open("/account/history?kind=nonsense"), /./, 400);

      const json = await browser.raw("/account/history.json?kind=tokens", {});
      assert.match(json.headers.get("content-disposition") ?? "", /attachment; filename="account-history\.json"/);
      const events = (await json.json()) as readonly { readonly seq: string; readonly act: string }[];
      assert.deepEqual([...new Set(events.map(({ act }) => act))], ["registry/api-token-created"]);
      const csv = await browser.raw("/account/history.csv?kind=tokens", {});
      assert.match(csv.headers.get("content-type") ?? "", /text\/csv/);
      const [header, ...rows] = (await csv.text()).trimEnd().split("\r\n");
      assert.match(header ?? "", /^"number","time \(UTC\)"/);
      assert.deepEqual(
        rows.map((row) => /^"(\d+)"/.exec(row)?.[1]),
        events.map(({ seq }) => seq),
      );
      const whole = (await (await browser.raw("/account/history.json", {})).json()) as readonly {
        readonly seq: string;
      }[];
      const others = (await (await bob.browser.raw("/account/history.json", {})).json()) as typeof whole;
      const seqs = new Set(whole.map(({ seq }) => seq));
      assert(others.length > 0 && others.every(({ seq }) => !seqs.has(seq)), "nobody reads somebody else's");
    },
  );

  story("each event leads to the button, which names it", { seed: "history-not-me" }, async (world) => {
    const alice = await subscriber(world, "alice");
    await world.pass(HOUR);
    const thief = elsewhere(world, alice);
    await signIn(thief);
    const there = elsewhere(world, alice);
    await signIn(there);
    const page = await there.browser.open("/account/history?kind=sign-in");
    const [link] = /\/account\/lock\?event=\d+/.exec(page.html) ?? [];
    assert(link);
    expectPage(await there.browser.open(link), /Not you Signed in/);
    expectPage(await there.browser.submit("/account/lock"), /The account is locked/);
    assert(await isFrozen(world, "alice"));
    expectPage(await thief.browser.open("/account"), /Sign in/);
  });
});
