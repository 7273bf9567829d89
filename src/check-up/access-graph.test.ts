import assert from "node:assert/strict";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { policy as policies } from "../recovery/index.ts";
import {
  bestImprovement,
  doorsOf,
  type Holding,
  type HoldingKind,
  type Judge,
  lossesOf,
  scoreOf,
} from "./access-graph.ts";

const NOW = new Date("2026-11-02T09:00:00Z");
const OLD = new Date("2025-01-01T00:00:00Z");
const YESTERDAY = new Date("2026-11-01T09:00:00Z");

const proven = (kind: string, root: string, boundAt = OLD): policies.Finding => ({
  kind,
  root,
  verdict: "supports",
  boundAt,
  observedAt: NOW,
});

const holding = (kind: HoldingKind, proof: policies.Finding | null, id: string = kind): Holding => ({
  id,
  kind,
  label: id,
  proof,
});

const PASSWORD = holding("password", proven("password", "password"));
const APP = holding("app", null);
const CODES = holding("codes", null);
const MAILBOX = holding("mailbox", proven("mailbox", "mailbox:a.example"));
const KEY = holding("ssh-key", proven("ssh-signature", "device:SHA256:x"));
const TOKEN = holding("api-token", proven("api-token", "token:t"));
const ALL = [PASSWORD, APP, CODES, MAILBOX, KEY, TOKEN];

let policy: policies.Policy;
const at =
  (tier: policies.TierId = 1): Judge =>
  (proofs) =>
    policies.outcomeOf(policy, tier, policies.weigh(policy, proofs, { now: NOW, caseOpenedAt: NOW }));
const sets = (holdings: readonly Holding[], judge = at()): readonly string[] =>
  doorsOf(holdings, judge).map((door) => `${door.kind}: ${[...door.holdings].toSorted().join("+")}`);

describe("the access graph", () => {
  before(async () => {
    const loaded = await policies.loadPolicy(join(import.meta.dirname, "../../policy/default.json"));
    assert(loaded.ok);
    policy = loaded.value;
  });

  test("password and one second factor sign in; a second factor alone opens nothing", () => {
    assert.deepEqual(sets([PASSWORD, APP, CODES]), ["sign-in: app+password", "sign-in: codes+password"]);
    assert.deepEqual(sets([APP, CODES]), []);
    assert.deepEqual(sets([PASSWORD]), []);
  });

  test("a passkey that asks for a PIN or a finger opens alone; one that does not is a second factor", () => {
    const passkey = holding("passkey", null);
    const key = holding("security-key", null);
    assert.deepEqual(sets([PASSWORD, passkey]), ["sign-in: passkey"]);
    assert.deepEqual(sets([PASSWORD, key]), ["sign-in: password+security-key"]);
    assert.deepEqual(sets([key]), []);
  });

  test("recovery doors are those of the policy: one proof is never enough, and each needs a second root", () => {
    const doors = doorsOf([PASSWORD, MAILBOX, KEY, TOKEN], at());
    assert(doors.length > 0, "an ordinary account has ways back");
    for (const door of doors) {
      assert(door.holdings.length >= 2, door.holdings.join("+"));
      assert(door.waitMs >= 72 * 3600_000, "an ordinary account's wait is 72 hours at least");
    }
  });

  test("what was added yesterday is no door yet", () => {
    const fresh = holding("ssh-key", proven("ssh-signature", "device:SHA256:x", YESTERDAY));
    assert.deepEqual(sets([MAILBOX, fresh]), []);
    assert.notDeepEqual(sets([PASSWORD, MAILBOX, KEY]), sets([PASSWORD, MAILBOX, fresh]));
  });

  test("without codes, losing the phone costs a wait; with them it costs nothing", () => {
    const left = (holdings: readonly Holding[]) =>
      lossesOf(holdings, doorsOf(holdings, at())).find((loss) => loss.holding.kind === "app")?.left?.kind ?? null;
    assert.equal(left([PASSWORD, APP]), null);
    assert.equal(left([PASSWORD, APP, MAILBOX, KEY, TOKEN]), "recovery");
    assert.equal(left(ALL), "sign-in");
  });

  test("the advice is what saves most: codes first, then a proof that is not the mailbox", () => {
    assert.equal(bestImprovement([PASSWORD, APP], [CODES, KEY], at())?.kind, "codes");
    assert.equal(bestImprovement([PASSWORD, APP, CODES, MAILBOX], [KEY], at())?.kind, "ssh-key");
    assert.equal(bestImprovement(ALL, [], at()), null);
  });

  test("for any holdings: doors are smallest sets of what is there, and more holdings never close one", () => {
    fc.assert(
      fc.property(fc.subarray(ALL), fc.constantFrom(...ALL), fc.constantFrom(0, 1, 2, 3), (some, one, tier) => {
        const judge = at(tier as policies.TierId); // each of the constants is a tier
        const doors = doorsOf(some, judge);
        for (const door of doors) {
          for (const id of door.holdings) assert(some.some((held) => held.id === id));
          const smaller = doors.filter(
            (other) =>
              other.kind === door.kind && other !== door && other.holdings.every((id) => door.holdings.includes(id)),
          );
          assert.deepEqual(smaller, [], "no door of a kind is inside another");
        }
        const more = some.includes(one) ? some : [...some, one];
        const best = (all: readonly Holding[]) => doorsOf(all, judge)[0]?.kind ?? "none";
        if (best(some) === "sign-in") assert.equal(best(more), "sign-in");
        const score = scoreOf(some, judge);
        assert(Number.isInteger(score) && score >= 0 && score <= 100);
      }),
    );
  });
});
