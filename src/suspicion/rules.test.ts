import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  ASKED_AGAIN,
  CHANGES,
  judgeChanges,
  judgeHalfRight,
  judgeRun,
  judgeTokens,
  judgeUnconfirmed,
  PASSWORD_TOLD,
  type RecentAct,
  THRESHOLDS,
  TOKENS_TOLD,
} from "./rules.ts";

const NOW = new Date("2026-11-02T12:00:00Z");
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ago = (minutes: number): Date => new Date(NOW.getTime() - minutes * MINUTE);
const act = (name: string, minutes: number, more: Partial<RecentAct> = {}): RecentAct => ({
  at: ago(minutes),
  act: name,
  network: "192.0.2.1",
  token: null,
  ...more,
});
const SETTLED = { createdAt: new Date(NOW.getTime() - 400 * DAY), hasNewDevice: true };

const LAPTOP = ["registry/api-token-created", "evidence/signing-key-registered", "authenticators/passkey-bound"];
const TAKEOVER = [
  "authenticators/password-changed",
  "authenticators/totp-bound",
  "authenticators/recovery-codes-made",
  "accounts/address-added",
  "accounts/primary-address-changed",
];

describe("a run of guesses", () => {
  test("is many names from one network, or many networks at one name", () => {
    assert.equal(judgeRun({ namesFromNetwork: 9, networksOnName: 7 }), null);
    assert.equal(judgeRun({ namesFromNetwork: 10, networksOnName: 0 }), "many-names");
    assert.equal(judgeRun({ namesFromNetwork: 0, networksOnName: 8 }), "many-networks");
    assert.equal(judgeRun({ namesFromNetwork: 10, networksOnName: 8 }), "many-names", "the wider one counts");
  });
});

describe("changes in a burst", () => {
  const judge = (acts: readonly RecentAct[], account = SETTLED) => judgeChanges(acts, account, NOW);

  test("setting up a laptop is none; with new codes the authenticators are asked for, and that is all", () => {
    const laptop = LAPTOP.map((one, at) => act(one, 10 - at));
    assert.equal(judge(laptop), "nothing");
    const codes = act("authenticators/recovery-codes-made", 6);
    assert.equal(judge([...laptop, codes]), "ask");
    const asked = act(ASKED_AGAIN, 5);
    assert.equal(judge([...laptop, codes, asked]), "nothing", "once is enough");
    assert.equal(judge([...laptop, codes, asked, act("authenticators/password-changed", 2)]), "nothing");
  });

  test("a takeover is asked first, and frozen where it goes on", () => {
    const acts = TAKEOVER.map((one, at) => act(one, 10 - at));
    assert.equal(judge(acts), "ask");
    const asked = act(ASKED_AGAIN, 4);
    assert.equal(judge([...acts, asked]), "nothing", "nothing more was done");
    assert.equal(judge([...acts, asked, act("accounts/address-removed", 1)]), "freeze");
  });

  test("spread over an hour, done twice, or from a browser known for long it is none", () => {
    assert.equal(judge(TAKEOVER.map((one, at) => act(one, at * 16))), "nothing");
    assert.equal(judge(Array.from({ length: 9 }, (_, at) => act("registry/api-token-created", at))), "nothing");
    const acts = TAKEOVER.map((one, at) => act(one, at));
    assert.equal(judge(acts, { ...SETTLED, hasNewDevice: false }), "nothing");
  });

  test("nor in an account's first day, nor in the day after it was restored or unlocked", () => {
    const acts = TAKEOVER.map((one, at) => act(one, at));
    assert.equal(judge(acts, { createdAt: ago(23 * 60), hasNewDevice: true }), "nothing");
    for (const start of ["recovery/authenticators-bound", "accounts/unlocked", "accounts/thawed"])
      assert.equal(judge([act(start, 20 * 60), ...acts]), "nothing", start);
    assert.equal(judge([act("accounts/unlocked", 25 * 60), ...acts]), "ask");
  });

  test("is frozen only after it was asked, whatever happened in whatever order", () => {
    const names = fc.constantFrom(...Object.keys(CHANGES), ASKED_AGAIN, "sign-in/succeeded");
    const acts = fc.array(fc.record({ name: names, minutes: fc.nat(40) }));
    fc.assert(
      fc.property(acts, (some) => {
        const sorted = some.map(({ name, minutes }) => act(name, minutes)).toSorted((a, b) => +a.at - +b.at);
        if (judge(sorted) !== "freeze") return;
        assert(sorted.some((one) => one.act === ASKED_AGAIN));
      }),
    );
  });
});

describe("right passwords that nobody confirms", () => {
  const asked = (count: number, from = 0): readonly RecentAct[] =>
    Array.from({ length: count }, (_, at) =>
      act("sign-in/confirmation-asked", from + at, { network: `198.51.100.${at}` }),
    );

  test("from five networks freeze; from one network they do not, however often", () => {
    assert.equal(judgeUnconfirmed(asked(4), NOW), "nothing");
    assert.equal(judgeUnconfirmed(asked(5), NOW), "freeze");
    const same = Array.from({ length: 40 }, (_, at) => act("sign-in/confirmation-asked", at));
    assert.equal(judgeUnconfirmed(same, NOW), "nothing");
  });

  test("a sign-in, a new password or a thaw begins the count anew, and a day ends it", () => {
    for (const start of ["sign-in/succeeded", "authenticators/password-reset", "accounts/thawed"])
      assert.equal(judgeUnconfirmed([...asked(5, 10), act(start, 5)], NOW), "nothing", start);
    assert.equal(judgeUnconfirmed([...asked(5, 3), act("sign-in/succeeded", 30)], NOW), "freeze");
    assert.equal(judgeUnconfirmed(asked(9, 24 * 60), NOW), "nothing");
  });
});

describe("right passwords without a second factor", () => {
  const half = (count: number, from = 10): readonly RecentAct[] =>
    Array.from({ length: count }, (_, at) =>
      act("sign-in/password-accepted", from + at, { network: `198.51.100.${at}` }),
    );

  test("from three networks are told, once a day, and not where somebody signed in after them", () => {
    assert.equal(judgeHalfRight(half(2), NOW), false);
    assert.equal(judgeHalfRight(half(3), NOW), true);
    assert.equal(judgeHalfRight([...half(3), act(PASSWORD_TOLD, 5)], NOW), false);
    assert.equal(judgeHalfRight([...half(3), act("sign-in/succeeded", 5)], NOW), false);
    assert.equal(judgeHalfRight([...half(3), act("authenticators/password-changed", 5)], NOW), false);
  });
});

describe("API tokens used in masses", () => {
  const publish = (token: string, minutes: number, network: string): RecentAct =>
    act("registry/file-published", minutes, { token, network });
  const many = (count: number, ip: string) => Array.from({ length: count }, (_, at) => publish(`tok_${at}`, 2, ip));

  test("from a new network are told of, then held; from a known one they are the owner's own", () => {
    assert.equal(judgeTokens(many(2, "203.0.113.9"), NOW), "nothing");
    assert.equal(judgeTokens(many(3, "203.0.113.9"), NOW), "tell");
    assert.equal(judgeTokens([...many(3, "203.0.113.9"), act(TOKENS_TOLD, 1)], NOW), "nothing", "told once");
    assert.equal(judgeTokens([...many(6, "203.0.113.9"), act(TOKENS_TOLD, 1)], NOW), "hold");
    const before = act("sign-in/succeeded", 600, { network: "203.0.113.9" });
    assert.equal(judgeTokens([before, ...many(6, "203.0.113.9")], NOW), "nothing");
  });

  test("one token that publishes much, or many from a network each, are no mass", () => {
    assert.equal(
      judgeTokens(
        Array.from({ length: 50 }, () => publish("tok_1", 2, "203.0.113.9")),
        NOW,
      ),
      "nothing",
    );
    assert.equal(
      judgeTokens(
        Array.from({ length: 9 }, (_, at) => publish(`tok_${at}`, 2, `10.0.0.${at}`)),
        NOW,
      ),
      "nothing",
    );
  });

  test("the window is a quarter of an hour", () => {
    assert.equal(THRESHOLDS.tokensWindowMs, 15 * MINUTE);
    assert.equal(judgeTokens([publish("a", 1, "x"), publish("b", 9, "x"), publish("c", 16, "x")], NOW), "nothing");
  });
});
