import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { confirmAddress, findAccountByName } from "../../src/accounts/index.ts";
import {
  authenticatorRefusals,
  describeCodes,
  findAuthenticator,
  redeemCode,
  spendTotp,
  verifyTotp,
} from "../../src/authenticators/index.ts";
import { issueAdministratorLink } from "../../src/app/first-administrator.ts";
import { audit } from "../../src/audit/index.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { createApiToken, listApiTokens, revokeApiToken } from "../../src/registry/index.ts";
import {
  createAdministrator,
  register,
  submitPassword,
  submitRecoveryCode,
  submitTotp,
} from "../../src/sign-in/index.ts";
import { act, must } from "../world/registry.ts";
import { acts, codeOf, mailsTo, MANY, openGround, PASSWORD, SOURCE, tally, times } from "./ground.ts";

/*
 * Everything around an account that works once, raced by many connections. In each race one wins, everybody else is told
 * the right thing, and rows, log and mail show one act.
 */

const ground = await openGround("sign-in races");
const { runtime } = ground;

const now = () => runtime.clock.now();
const nothing = async () => {};
const codeNow = () => codeOf(now());

/** Ten browsers where the password was right and the second factor is to come, one after the other. */
async function tenBrowsers(username: string): Promise<readonly string[]> {
  const tokens: string[] = [];
  while (tokens.length < 10) tokens.push(await passwordStep(username));
  return tokens;
}

/** The ceremony's token, after the right password. */
async function passwordStep(username: string): Promise<string> {
  const step = must(
    await submitPassword(runtime, {
      name: username,
      password: PASSWORD,
      purpose: "subscriber",
      source: SOURCE,
      now: now(),
    }),
  );
  assert.equal(step.next, "second-factor");
  return step.next === "second-factor" ? step.ceremonyToken.reveal() : "";
}

describe("what works once, raced", () => {
  after(() => ground.close()); // within the suite: the server itself ends after it

  describe("a recovery code", () => {
    test("is spent by one of a hundred transactions, and replaced once", async () => {
      const { account, codes } = await ground.subscriber("code-spender");
      const set = await findAuthenticator(runtime.db, account.id, "recovery-codes");
      assert(set);
      const outcomes = await ground.collide(
        "one_time_secrets",
        times(
          MANY,
          () => () =>
            transact(runtime.db, { now: now() }, async (tx) => {
              audit(tx, runtime.random, { act: "test/redeemed", actor: { kind: "anyone" }, accountId: account.id });
              return redeemCode(tx, runtime, set, codes[3] ?? "");
            }),
        ),
      );
      assert.deepEqual(tally(outcomes), { ok: 1, "authenticators/recovery-code-used": MANY - 1 });
      assert.equal((await describeCodes(runtime.db, account.id))?.unused, 10);
      assert.equal(await ground.count("one_time_secrets", "purpose = 'recovery-code' and subject", account.id), 11);
      assert.equal(await acts(ground, account, "test/redeemed"), 1);
    });

    test("signs in once, from ten browsers with five tries each", async () => {
      const { account, codes } = await ground.subscriber("code-browser");
      const tokens = await tenBrowsers("code-browser");
      const outcomes = await ground.collide(
        "one_time_secrets",
        times(
          50,
          (at) => () =>
            submitRecoveryCode(
              runtime,
              { ceremonyToken: tokens[at % 10], typed: codes[0] ?? "", source: SOURCE, now: now() },
              nothing,
            ),
        ),
        { meet: 4 }, // an authenticator lets five tries through, then it is the wait that refuses
      );
      const found = tally(outcomes);
      assert.equal(found["ok"], 1);
      const others = [
        "ok",
        "authenticators/recovery-code-used",
        authenticatorRefusals.wait().code,
        "sign-in/start-again",
      ];
      assert.deepEqual(
        Object.keys(found).filter((code) => !others.includes(code)),
        [],
        JSON.stringify(found),
      );
      assert.equal(await ground.count("sessions", "ended_at is null and account_id", account.id), 1);
      assert.equal(await acts(ground, account, "sign-in/succeeded"), 1);
      assert.equal((await describeCodes(runtime.db, account.id))?.used, 1);
    });
  });

  describe("a TOTP step", () => {
    test("is spent by one of a hundred transactions", async () => {
      const { account } = await ground.subscriber("step-spender");
      const match = must(await verifyTotp(runtime, account.id, codeNow(), now()));
      const outcomes = await ground.collide(
        "one_time_counters",
        times(
          MANY,
          () => () =>
            transact(runtime.db, { now: now() }, async (tx) => {
              audit(tx, runtime.random, { act: "test/stepped", actor: { kind: "anyone" }, accountId: account.id });
              return spendTotp(tx, match);
            }),
        ),
      );
      assert.deepEqual(tally(outcomes), { ok: 1, "authenticators/code-used": MANY - 1 });
      assert.equal(await acts(ground, account, "test/stepped"), 1);
    });

    test("signs in once, from ten browsers at once", async () => {
      const { account } = await ground.subscriber("step-browser");
      const tokens = await tenBrowsers("step-browser");
      const deviceToken = await ground.knownBrowser(account);
      const typed = codeNow();
      const outcomes = await ground.collide(
        "one_time_counters",
        times(
          10,
          (at) => () =>
            submitTotp(runtime, { ceremonyToken: tokens[at], typed, source: SOURCE, deviceToken, now: now() }, nothing),
        ),
        { meet: 4 },
      );
      const found = tally(outcomes);
      assert.equal(found["ok"], 1);
      assert.equal(
        (found["authenticators/code-used"] ?? 0) + (found["authenticators/wait"] ?? 0),
        9,
        JSON.stringify(found),
      );
      assert.equal(await ground.count("sessions", "ended_at is null and account_id", account.id), 1);
      assert.equal(await acts(ground, account, "sign-in/succeeded"), 1);
    });
  });

  describe("registering", () => {
    const asked = (username: string, address: string) => ({
      username,
      address,
      password: PASSWORD,
      source: SOURCE,
      now: now(),
    });

    test("one name, written in look-alike ways, becomes one account", async () => {
      const spellings = ["millie", "Millie", "mi11ie", "m-i-l-l-i-e", "rnillie", "MILL1E", "mil.lie", "mil_lie"];
      const outcomes = await ground.collide(
        "accounts",
        times(40, (at) => () => register(runtime, asked(spellings[at % 8] ?? "", `millie${at}@mail.example`))),
      );
      assert.deepEqual(tally(outcomes), { ok: 1, "accounts/username-taken": 39 });
      assert.equal(await ground.count("accounts", "username_folded", "mlllle"), 1);
      assert.equal(
        await ground.count("audit_events", "personal->>'username' is not null and act", "accounts/registered"),
        1,
      );
      assert.equal(await ground.count("outbox_mails", "to_address like 'millie%' and message", "confirm-address"), 1);
    });

    test("of many who register one address, the one whose link is opened first has it", async () => {
      const address = "shared@mail.example";
      const names = Array.from({ length: 12 }, (_, at) => `sharer-${"abcdefghjkmn"[at]}`);
      const made = await ground.collide(
        "accounts",
        names.map((name) => () => register(runtime, asked(name, address))),
      );
      assert.deepEqual(tally(made), { ok: 12 }, "an address that is not confirmed keeps nobody out");
      const links = await linksTo(address);
      assert.equal(links.length, 12);
      const outcomes = await ground.collide(
        "addresses",
        links.map((token) => () => confirmAddress(runtime, token, SOURCE, now())),
      );
      assert.deepEqual(tally(outcomes), { ok: 1, "one-time/revoked": 11 });
      assert.equal(await ground.count("addresses", "verified_at is not null and address_folded", address), 1);
      const { rows } = await runtime.db.pool.query(
        "select count(*)::int as n from audit_events where act = 'accounts/address-confirmed' and account_id in (select account_id from addresses where address = $1)",
        [address],
      );
      assert.deepEqual(rows, [{ n: 1 }]);
    });

    test("a confirmation link is spent by one of a hundred", async () => {
      must(await register(runtime, asked("single-link", "single@mail.example")));
      const [token = ""] = await linksTo("single@mail.example");
      const outcomes = await ground.collide(
        "one_time_secrets",
        times(MANY, () => () => confirmAddress(runtime, token, SOURCE, now())),
      );
      assert.deepEqual(tally(outcomes), { ok: 1, "one-time/spent": MANY - 1 });
      const account = await findAccountByName(runtime.db, "single-link");
      assert(account);
      assert.equal(await acts(ground, account, "accounts/address-confirmed"), 1);
      assert.deepEqual(await mailsTo(ground, "single@mail.example"), ["confirm-address"]);
    });

    test("the link for the first administrator makes one of forty who hold it", async () => {
      const link = await issueAdministratorLink(runtime);
      const token = link.url.reveal().split("/").at(-1) ?? "";
      const outcomes = await ground.collide(
        "one_time_secrets",
        times(
          40,
          (at) => () =>
            createAdministrator(
              runtime,
              token,
              asked(`chief-${"abcdefghjkmnpqrtuvwxyz"[at % 22]}${at}`, `chief${at}@mail.example`),
            ),
        ),
      );
      assert.deepEqual(tally(outcomes), { ok: 1, "one-time/spent": 39 });
      assert.equal(await ground.count("staff_roles", "role", "administrator"), 1);
      assert.equal(await ground.count("audit_events", "act", "accounts/administrator-created"), 1);
      assert.equal(await ground.count("outbox_mails", "to_address like 'chief%' and message", "confirm-address"), 1);
    });

    async function linksTo(address: string): Promise<readonly string[]> {
      const { rows } = await runtime.db.pool.query<{ text_body: string }>(
        "select text_body from outbox_mails where to_address = $1 and message = 'confirm-address'",
        [address],
      );
      return rows.map((row) => /\/confirm-address\/([\w-]+)/.exec(row.text_body)?.[1] ?? "");
    }
  });

  test("an API token that is revoked a hundred times at once is revoked once", async () => {
    const { account } = await ground.subscriber("revoker");
    const actor = { kind: "subscriber", id: account.id } as const;
    const { id } = await act(runtime, (tx) =>
      createApiToken(tx, runtime.random, {
        accountId: account.id,
        name: "laptop",
        projects: null,
        expiresAt: null,
        actor,
      }),
    );
    const outcomes = await ground.collide(
      "api_tokens",
      times(
        MANY,
        () => () =>
          transact(runtime.db, { now: now() }, (tx) =>
            revokeApiToken(tx, runtime.random, { id, accountId: account.id, because: "removed", actor }),
          ),
      ),
    );
    assert.deepEqual(tally(outcomes), { ok: MANY });
    assert.equal(await acts(ground, account, "registry/api-token-revoked"), 1);
    assert.equal((await listApiTokens(runtime.db, account.id))[0]?.revoked?.because, "removed");
  });
});
