import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { AccountId } from "../../../kernel/ids.ts";
import { startSession } from "../../../sessions/index.ts";
import { kinds, loadBoard, observeNetwork, offeredKinds, prove } from "../../index.ts";
import { codeOf, type EvidenceWorld, evidenceWorld } from "../../test-support.ts";
import { networkOf } from "./prefix.ts";

let world: EvidenceWorld;
before(async () => {
  world = await evidenceWorld();
});
after(() => world.close());

const signIn = (accountId: AccountId, ip: string, daysAgo: number) =>
  world.act(async (tx) => {
    const source = { ip, userAgent: "test" };
    const start = { accountId, kind: "subscriber", factors: ["password", "totp"], source } as const;
    return (await startSession(tx, world.runtime.random, start)).id;
  }, daysAgo);

describe("a network", () => {
  test("is the first 24 bits of an IPv4 address and the first 48 of an IPv6 address", () => {
    assert.equal(networkOf("81.2.69.160"), networkOf("81.2.69.9"));
    assert.notEqual(networkOf("81.2.69.160"), networkOf("81.2.70.160"));
    assert.equal(networkOf("::ffff:81.2.69.160"), networkOf("81.2.69.1"), "mapped is IPv4");
    assert.equal(networkOf("2a02:8071:1:1::1"), networkOf("2a02:8071:1:ffff::9"));
    assert.notEqual(networkOf("2a02:8071:1::1"), networkOf("2a02:8071:2::1"));
  });

  test("that is not public is none: nobody is known by the address of a proxy", () => {
    for (const ip of [
      "127.0.0.1",
      "10.1.2.3",
      "192.168.0.9",
      "192.0.2.7",
      "100.64.0.1",
      "fd00::1",
      "::1",
      "",
      "nowhere",
    ])
      assert.equal(networkOf(ip), null, ip);
  });
});

describe("where a case was opened from", () => {
  test("supports where the account was signed in from there before the last week, and never contradicts", async () => {
    const alice = await world.register("nw-alice", "nw-alice@example.org");
    await signIn(alice, "81.2.69.160", 60);
    await signIn(alice, "81.2.69.161", 30);
    await signIn(alice, "84.17.48.5", 2); // a thief's, perhaps
    const context = world.openCase(alice);
    const kind = kinds.find(({ id }) => id === "network");
    assert(kind);
    const judged = async (ip: string) => kind.assess(await observeNetwork(world.db, context, ip), context);
    const here = await judged("81.2.69.9");
    assert.equal(here.verdict, "supports");
    assert.match(here.reviewerText, /^2 of 2 earlier sign-ins .* Countries are not looked at/su);
    const days = (context.openedAt.getTime() - (here.boundAt?.getTime() ?? 0)) / 86_400_000;
    assert(days > 59 && days < 61, "since the first");
    for (const ip of ["84.17.48.5", "8.8.8.8", "10.0.0.1"])
      assert.equal((await judged(ip)).verdict, "inconclusive", ip);
  });

  test("is never asked for, on no board, and cannot be claimed", async () => {
    assert(!offeredKinds.includes("network"));
    const context = world.openCase(await world.register("nw-board", "nw-board@example.org"));
    const board = await loadBoard(world.db, world.runtime, context);
    assert(!board.some(({ kindId }) => kindId === "network"));
    for (const claim of [undefined, {}, { isPublic: true, signIns: 1, fromHere: 1, since: null }])
      assert.equal(codeOf(await prove(world.runtime, context, "network", claim)), "evidence/bad-claim");
  });
});
