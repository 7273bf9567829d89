import { type Account, findAccount, freezeAccount, listAddresses, lockAccount } from "../accounts/index.ts";
import { audit, listAccountsActedOn, listEvents, type StoredAuditEvent } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";
import { errorFields } from "../kernel/log.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { holdAllApiTokens } from "../registry/index.ts";
import { endAllSessions, expireReauthentication, forgetDevices, listDevices } from "../sessions/index.ts";
import { networkBucket } from "../throttle/index.ts";
import {
  ASKED_AGAIN,
  CHANGES,
  FRESH_STARTS,
  judgeChanges,
  judgeHalfRight,
  judgeTokens,
  judgeUnconfirmed,
  PASSWORD_TOLD,
  type RecentAct,
  THRESHOLDS,
  TOKENS_TOLD,
} from "./rules.ts";

/*
 * Once a minute a worker looks at the accounts on which something happened lately, and lets the pure rules say what
 * follows. Each in a transaction of its own that holds the account and looks again: any number of sweeps may run at once.
 */

const DAY_MS = 24 * 3600_000;
const MOST_EVENTS = 300;
/** Where something happened since. The job runs every minute; a short outage of the workers is made up for. */
const LATELY_MS = 5 * 60_000;
/** Addresses removed this recently are told as well: a thief's first act is to remove the owner's. */
const FORMER_ADDRESS_DAYS = 180;

const COUNTED = [
  ...Object.keys(CHANGES),
  "sign-in/confirmation-asked",
  "sign-in/password-accepted",
  "registry/file-published",
];
const LOOKED_AT = [...COUNTED, ...FRESH_STARTS, "sign-in/succeeded", ASKED_AGAIN, PASSWORD_TOLD, TOKENS_TOLD];

export interface Watched {
  readonly asked: number;
  readonly frozen: number;
  readonly tokens: number;
  readonly password: number;
}

type What = "nothing" | "asked" | "frozen" | "tokens" | "password";

/** Looks at every account on which something happened in the last minutes. @returns how many of each kind were acted on */
export async function watchAccounts(runtime: Runtime, now: Date): Promise<Watched> {
  const count = { nothing: 0, asked: 0, frozen: 0, tokens: 0, password: 0 };
  const lately = { acts: COUNTED, since: new Date(now.getTime() - LATELY_MS) };
  for (const accountId of await listAccountsActedOn(runtime.db, lately)) {
    try {
      count[await watchOne(runtime, accountId, now)] += 1;
    } catch (error) {
      runtime.log.error("account not looked at", errorFields(error)); // the others are
    }
  }
  const { asked, frozen, tokens, password } = count;
  return { asked, frozen, tokens, password };
}

async function watchOne(runtime: Runtime, accountId: AccountId, now: Date): Promise<What> {
  const seen = await findAccount(runtime.db, accountId);
  if (!seen || seen.frozen || (await judge(runtime.db, runtime, seen, now)).what === "nothing") return "nothing";
  let done: What = "nothing";
  await transact(runtime.db, { now, bookkeeping: "nothing suspicious any more" }, async (tx) => {
    const account = await lockAccount(tx, accountId);
    if (!account || account.frozen) return ok();
    const { what, why } = await judge(tx, runtime, account, now);
    done = what;
    if (what === "frozen") await freeze(tx, runtime, account, why);
    if (what === "asked") await askAgain(tx, runtime, account);
    if (what === "password") await tellPasswordKnown(tx, runtime, account);
    if (what === "tokens" && !(await actOnTokens(tx, runtime, account, why === "held"))) done = "nothing";
    return ok();
  });
  return done;
}

type Why = "changes" | "unconfirmed" | "told" | "held";

/** What the rules say of one account now. */
async function judge(
  reader: Reader,
  runtime: Runtime,
  account: Account,
  now: Date,
): Promise<{ readonly what: What; readonly why: Why }> {
  const events = await listEvents(reader, { accountId: account.id, acts: LOOKED_AT, limit: MOST_EVENTS });
  const acts = events.map((event) => toAct(runtime, event)).toReversed();
  if (judgeUnconfirmed(acts, now) === "freeze") return { what: "frozen", why: "unconfirmed" };
  const devices = await listDevices(reader, account.id, now);
  const hasNewDevice = devices.some(({ firstSeenAt }) => now.getTime() - firstSeenAt.getTime() < DAY_MS);
  const changes = judgeChanges(acts, { createdAt: account.createdAt, hasNewDevice }, now);
  if (changes !== "nothing") return { what: changes === "freeze" ? "frozen" : "asked", why: "changes" };
  if (judgeHalfRight(acts, now)) return { what: "password", why: "told" };
  const tokens = judgeTokens(acts, now);
  return tokens === "nothing"
    ? { what: "nothing", why: "changes" }
    : { what: "tokens", why: tokens === "hold" ? "held" : "told" };
}

const toAct = (runtime: Runtime, { at, act, personal, facts }: StoredAuditEvent): RecentAct => ({
  at,
  act,
  network: typeof personal?.["ip"] === "string" ? networkBucket(runtime, personal["ip"]) : null,
  token: typeof facts["token"] === "string" ? facts["token"] : null,
});

/** The authenticators have to be shown again before the next change, on every session. */
async function askAgain(tx: Tx, runtime: Runtime, account: Account): Promise<void> {
  const { id: accountId } = account;
  await expireReauthentication(tx, accountId);
  audit(tx, runtime.random, { act: ASKED_AGAIN, actor: { kind: "clock" }, accountId });
  await tell(tx, runtime, account, "changes");
}

/**
 * Publishing with tokens from a new network: told, or held until the owner releases each of them.
 * @returns false where all are held already
 */
async function actOnTokens(tx: Tx, runtime: Runtime, account: Account, isHeld: boolean): Promise<boolean> {
  const { id: accountId } = account;
  const actor = { kind: "clock" } as const;
  const held = isHeld ? await holdAllApiTokens(tx, runtime.random, { accountId, actor }) : 0;
  if (isHeld && held === 0) return false;
  audit(tx, runtime.random, { act: TOKENS_TOLD, actor, accountId, facts: { held } });
  await tell(tx, runtime, account, isHeld ? "tokens-held" : "tokens");
  return true;
}

/** The second factor holds; but somebody has the password, and its owner should choose another. */
async function tellPasswordKnown(tx: Tx, runtime: Runtime, account: Account): Promise<void> {
  audit(tx, runtime.random, { act: PASSWORD_TOLD, actor: { kind: "clock" }, accountId: account.id });
  await tell(tx, runtime, account, "password");
}

async function tell(
  tx: Tx,
  runtime: Runtime,
  account: Account,
  what: "changes" | "password" | "tokens" | "tokens-held",
): Promise<void> {
  const params = { username: account.username, when: tx.now, what };
  for (const to of await addressesOf(tx, account))
    await queueMail(tx, runtime, { to, message: "unusual-activity", params, accountId: account.id });
}

/** Stops everything until a date, and says so to everybody who should know. */
async function freeze(tx: Tx, runtime: Runtime, account: Account, why: Why): Promise<void> {
  const { id: accountId, username } = account;
  const actor = { kind: "clock" } as const;
  const until = new Date(tx.now.getTime() + THRESHOLDS.freezeMs);
  await freezeAccount(tx, runtime.random, { accountId, because: "suspicious", caseId: null, actor, until });
  const sessions = await endAllSessions(tx, runtime.random, { accountId, because: "account frozen", actor });
  await forgetDevices(tx, accountId); // afterwards each browser is confirmed anew
  audit(tx, runtime.random, { act: "suspicion/frozen", actor, accountId, facts: { why, sessions } });
  const what = why === "unconfirmed" ? ("sign-ins" as const) : ("changes" as const);
  for (const to of await addressesOf(tx, account))
    await queueMail(tx, runtime, {
      to,
      message: "account-frozen",
      params: { username, when: tx.now, until, what },
      accountId,
    });
}

async function addressesOf(tx: Tx, account: Account): Promise<ReadonlySet<string>> {
  const lately = new Date(tx.now.getTime() - FORMER_ADDRESS_DAYS * DAY_MS);
  const addresses = await listAddresses(tx, account.id, lately);
  return new Set(addresses.filter((one) => one.verifiedAt).map((one) => one.address));
}
