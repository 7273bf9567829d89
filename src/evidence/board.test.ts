import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  type BoardFacts,
  boardFor,
  type EvidenceContext,
  kinds,
  loadBoard,
  prove,
  type StoredFinding,
} from "./index.ts";
import { SAMPLE_CONTEXT } from "./sample-context.ts";
import { evidenceWorld, type EvidenceWorld, must } from "./test-support.ts";
import type { AccountFacts } from "./types.ts";

const EVERYTHING: AccountFacts = { hasPassword: true, verifiedAddresses: 2, usableTokens: 1, signingKeys: 1 };
const NOTHING: AccountFacts = { hasPassword: false, verifiedAddresses: 0, usableTokens: 0, signingKeys: 0 };
const FACTS: BoardFacts = {
  context: SAMPLE_CONTEXT,
  findings: [],
  tries: new Map(),
  challenges: new Map(),
  account: EVERYTHING,
  order: [],
};

const DAY_MS = 24 * 3600_000;
const finding = (
  kind: string,
  verdict: StoredFinding["verdict"],
  change: Partial<StoredFinding> = {},
): StoredFinding => ({
  id: "fnd_00000000000000000000000001" as StoredFinding["id"], // names nothing
  caseId: SAMPLE_CONTEXT.caseId,
  accountId: SAMPLE_CONTEXT.accountId,
  kind,
  kindVersion: 1,
  policyKind: kind,
  root: kind,
  verdict,
  isPublic: false,
  boundAt: null,
  changedAt: null,
  observedAt: SAMPLE_CONTEXT.now,
  assessedAt: SAMPLE_CONTEXT.now,
  expiresAt: new Date(SAMPLE_CONTEXT.now.getTime() + 30 * DAY_MS),
  nonceId: null,
  observation: {},
  claimantText: `About ${kind}.`,
  reviewerText: "",
  replacedAt: null,
  ...change,
});
const stateOf = (facts: BoardFacts, kindId: string) => boardFor(facts).find((card) => card.kindId === kindId)?.state;

describe("the board", () => {
  test("to somebody who has proven nothing it is the same, whatever the account has and whether there is one", () => {
    const wrong = [
      finding("password", "contradicts"),
      finding("mailbox", "inconclusive"),
      finding("records", "supports"),
    ];
    for (const findings of [[], wrong]) {
      const boards = [EVERYTHING, NOTHING, null].map((account) =>
        boardFor({ ...FACTS, findings, account, order: ["ssh-signature"] }),
      );
      assert.deepEqual(boards[1], boards[0]);
      assert.deepEqual(boards[2], boards[0]);
    }
  });

  test("after a proof, what the account does not have is said and goes last", () => {
    const facts = { ...FACTS, account: NOTHING, findings: [finding("password", "supports")] };
    assert.equal(stateOf(facts, "password")?.kind, "proven");
    assert.deepEqual(stateOf(facts, "ssh-signature"), {
      kind: "cannot",
      because: "No SSH key was registered on the account.",
    });
    assert.deepEqual(
      boardFor(facts).map(({ kindId }) => kindId),
      ["repository", "dns", "well-known-file", "records", "password", "mailbox", "api-token", "ssh-signature"],
    );
  });

  test("what helps most comes first, by the policy's order", () => {
    const facts = {
      ...FACTS,
      findings: [finding("password", "supports")],
      order: ["ssh-hardware-key", "mailbox-second", "api-token"],
    };
    assert.deepEqual(
      boardFor(facts).map(({ kindId }) => kindId),
      ["ssh-signature", "mailbox", "api-token", "repository", "dns", "well-known-file", "records", "password"],
    );
  });

  test("an expired proof can be shown again", () => {
    const facts = { ...FACTS, findings: [finding("password", "supports", { expiresAt: SAMPLE_CONTEXT.now })] };
    assert.equal(stateOf(facts, "password")?.kind, "tried");
  });

  test("a kind whose outcome is not told is never shown as proven, nor counts as having proven something", () => {
    const facts = { ...FACTS, account: NOTHING, findings: [finding("records", "supports")] };
    assert.deepEqual(stateOf(facts, "records"), { kind: "tried", texts: ["About records."] });
    assert.equal(stateOf(facts, "ssh-signature")?.kind, "not-tried");
  });

  test("after the last try it cannot be tried again", () => {
    for (const kind of kinds) {
      assert.equal(stateOf({ ...FACTS, tries: new Map([[kind.id, kind.triesPerCase]]) }, kind.id)?.kind, "cannot");
      assert.equal(
        stateOf({ ...FACTS, tries: new Map([[kind.id, 1]]), limits: { triesPerKind: 1, triesPerCase: 9 } }, kind.id)
          ?.kind,
        "cannot",
      );
      assert.equal(
        stateOf({ ...FACTS, tries: new Map([[kind.id, kind.triesPerCase - 1]]) }, kind.id)?.kind,
        "not-tried",
      );
    }
  });

  test("commands are shown while a challenge runs", () => {
    const { challenge } = SAMPLE_CONTEXT;
    assert.ok(challenge);
    const card = (challenges: BoardFacts["challenges"]) =>
      boardFor({ ...FACTS, challenges }).find(({ kindId }) => kindId === "api-token");
    assert.equal(card(new Map())?.needsChallenge, true);
    assert.equal(card(new Map())?.instructions.command, undefined);
    const running = card(new Map([["api-token", challenge]]));
    assert.equal(running?.needsChallenge, false);
    assert.match(
      running?.instructions.command ?? "",
      /curl -u "__token__:\$TOKEN" -X POST 'https:\/\/index\.example\/recovery\/proof\/api-token\/[\w-]{43}'$/,
    );
  });
});

describe("the board, loaded", () => {
  let world: EvidenceWorld;
  before(async () => {
    world = await evidenceWorld();
  });
  after(() => world.close());
  const board = (context: EvidenceContext) => loadBoard(world.db, world.runtime, context);

  test("is the same for an account with everything and for no account, and differs once something is proven", async () => {
    const alice = await world.register("alice", "alice@example.org");
    await world.setPassword(alice, "correct anvil battery");
    await world.makeToken(alice, "laptop");
    const context = world.openCase(alice);
    assert.deepEqual(await board(context), await board(world.openCase(null)));
    must(await prove(world.runtime, context, "password", { password: "correct anvil battery" }));
    const states = new Map((await board(context)).map(({ kindId, state }) => [kindId, state.kind]));
    assert.deepEqual(
      [states.get("password"), states.get("api-token"), states.get("ssh-signature")],
      ["proven", "not-tried", "cannot"],
    );
  });

  test("shows the same command again until the challenge is replaced or over", async () => {
    const context = world.openCase(null);
    const command = async (at: EvidenceContext) =>
      (await board(at)).find(({ kindId }) => kindId === "ssh-signature")?.instructions.command;
    assert.equal(await command(context), undefined);
    await world.challenge(context, "ssh-signature");
    const first = await command(context);
    assert.ok(first);
    assert.equal(await command(context), first);
    const { rows } = await world.db.pool.query<{ all: string }>(
      "select string_agg(row_to_json(one_time_secrets)::text, '') as all from one_time_secrets",
    );
    const value = / value (\S{43}) /.exec(first)?.[1];
    assert.ok(value);
    assert.equal(rows[0]?.all.includes(value), false, "the value is not stored");
    await world.challenge(context, "ssh-signature");
    assert.notEqual(await command(context), first);
    assert.equal(await command({ ...context, now: new Date(context.now.getTime() + DAY_MS) }), undefined);
  });
});
