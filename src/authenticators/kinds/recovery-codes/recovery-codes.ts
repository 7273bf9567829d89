import type { Reader } from "../../../kernel/db/database.ts";
import type { Tx } from "../../../kernel/db/transact.ts";
import { type AccountId, type AuthenticatorId, newId, type OneTimeId } from "../../../kernel/ids.ts";
import {
  listSecrets,
  type OneTimeSecret,
  peek,
  revokeOne,
  revokeSecrets,
  spend,
  storeSecret,
} from "../../../kernel/one-time.ts";
import { refuse, ok, type Result } from "../../../kernel/result.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import { type Secret, secret } from "../../../kernel/secret.ts";
import { authenticatorRefusals } from "../../refusals.ts";
import {
  countAuthenticatorAttempt,
  findAuthenticator,
  insertAuthenticator,
  type Lane,
  noteSuccess,
  revokeAuthenticators,
} from "../../store.ts";
import type { Authenticator } from "../../types.ts";
import { makeCode, readCode } from "./code.ts";

const PURPOSE = "recovery-code";
export const CODES_PER_SET = 10;

/** What may be shown about a set without showing a code. */
export interface CodeSet {
  readonly madeAt: Date;
  readonly unused: number;
  readonly used: number;
  /** The file the owner was offered for download, to help find it. */
  readonly fileName: string;
  /** When the owner last typed one back to show they have them. */
  readonly checkedAt: Date | null;
}

const SEEN_IN_PUBLIC = "seen in public";

export interface BurnedCode {
  readonly accountId: AccountId;
  /** How many unused ones the account has left. */
  readonly unused: number;
}

const digestsOf = (runtime: Runtime, symbols: string): readonly Buffer[] => runtime.keys.macs("recovery-code", symbols);

const store = (tx: Tx, runtime: Runtime, accountId: AccountId, setId: AuthenticatorId, code: string) => {
  const read = readCode(code);
  if (!read.ok) throw new Error("A code that was just made does not read.");
  const digest = runtime.keys.mac("recovery-code", read.value);
  return storeSecret(tx, runtime.random, {
    purpose: PURPOSE,
    subject: accountId,
    digest,
    detail: { set: setId },
    expiresAt: null,
  });
};

export const codesFileName = (indexName: string, username: string, madeAt: Date): string =>
  `${indexName}-recovery-codes-${username}-${madeAt.toISOString().slice(0, 10)}.txt`
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, "-");

/** Makes a new set of ten; an older set stops working. The codes are returned this once. The caller audits and tells. */
export async function makeCodes(
  tx: Tx,
  runtime: Runtime,
  account: { readonly id: AccountId; readonly username: string },
): Promise<Secret<readonly string[]>> {
  await revokeSecrets(tx, PURPOSE, account.id, "a newer set was made");
  await revokeAuthenticators(tx, account.id, ["recovery-codes"], "replaced");
  const setId = newId("aut", tx.now, runtime.random);
  const fileName = codesFileName(runtime.indexName, account.username, tx.now);
  await insertAuthenticator(tx, {
    id: setId,
    accountId: account.id,
    kind: "recovery-codes",
    name: "Recovery codes",
    state: "active",
    detail: { fileName },
    sealed: null,
  });
  const codes: string[] = [];
  while (codes.length < CODES_PER_SET) {
    const code = makeCode(runtime.random);
    await store(tx, runtime, account.id, setId, code);
    codes.push(code);
  }
  return secret(codes);
}

/** Counts an attempt on the account's set; must be committed before the code is spent. */
export async function countCodeAttempt(
  runtime: Runtime,
  accountId: AccountId,
  now: Date,
  lane?: Lane,
): Promise<Result<Authenticator>> {
  const set = await findAuthenticator(runtime.db, accountId, "recovery-codes");
  if (!set) return refuse(authenticatorRefusals["not-bound"]());
  const counted = await countAuthenticatorAttempt(runtime.db, set, now, lane);
  return counted.ok ? ok(set) : counted;
}

/**
 * Spends one code and issues the one that replaces it (SP 800-63B-4 §4.2.1.1), which is returned this once. Found by
 * index in one read. Refuses mistyped, foreign, used, replaced and unknown codes, each with its reason.
 */
export async function redeemCode(
  tx: Tx,
  runtime: Runtime,
  set: Authenticator,
  typed: string,
): Promise<Result<{ readonly replacement: Secret<string>; readonly unused: number }>> {
  const read = readCode(typed);
  if (!read.ok) return read;
  const presented = { purpose: PURPOSE, subject: set.accountId, digests: digestsOf(runtime, read.value) };
  const spent = await spend(tx, presented);
  if (!spent.ok) return refuse(await whyNot(tx, presented));
  const code = makeCode(runtime.random);
  await store(tx, runtime, set.accountId, set.id, code);
  await noteSuccess(tx, set.id);
  return ok({ replacement: secret(code), unused: await countUnused(tx, set.accountId) });
}

async function whyNot(reader: Reader, presented: Parameters<typeof peek>[1]) {
  const found = await peek(reader, presented);
  if (!found) return authenticatorRefusals["recovery-code-unknown"]();
  const on = (date: Date) => date.toISOString().slice(0, 10);
  if (found.spentAt)
    return authenticatorRefusals["recovery-code-used"]({ detail: `It was used on ${on(found.spentAt)}.` });
  if (found.revokedBecause === SEEN_IN_PUBLIC && found.revokedAt)
    return authenticatorRefusals["recovery-code-burned"]({ detail: `That was on ${on(found.revokedAt)}.` });
  return authenticatorRefusals["recovery-code-replaced"](
    found.revokedAt ? { detail: `The newer set was made on ${on(found.revokedAt)}.` } : {},
  );
}

/**
 * Makes one code worthless that was seen where it should not be. Whose it is is found by the code; the other codes of the
 * set are not touched, and nothing of them is shown. The caller audits and tells. @returns null where it is no unused code
 */
export async function burnCode(tx: Tx, runtime: Runtime, typed: string): Promise<BurnedCode | null> {
  const read = readCode(typed);
  if (!read.ok) return null;
  const presented = { purpose: PURPOSE, digests: digestsOf(runtime, read.value) };
  const burned = await revokeOne(tx, presented, SEEN_IN_PUBLIC);
  if (!burned) return null;
  const accountId = burned.subject as AccountId; // written by store
  return { accountId, unused: await countUnused(tx, accountId) };
}

/** Whether a typed-back code is an unused one of the set; nothing is used up. The attempt must have been counted. */
export async function checkCode(runtime: Runtime, set: Authenticator, typed: string): Promise<Result<undefined>> {
  const read = readCode(typed);
  if (!read.ok) return read;
  const presented = { purpose: PURPOSE, subject: set.accountId, digests: digestsOf(runtime, read.value) };
  const found = await peek(runtime.db, presented);
  return found && !found.spentAt && !found.revokedAt ? ok() : refuse(await whyNot(runtime.db, presented));
}

const countUnused = async (reader: Reader, accountId: AccountId): Promise<number> =>
  (await listSecrets(reader, PURPOSE, accountId)).filter((one) => !one.spentAt && !one.revokedAt).length;

/** The present set, for the screens that help to find it; null where none was made. */
export async function describeCodes(reader: Reader, accountId: AccountId): Promise<CodeSet | null> {
  const set = await findAuthenticator(reader, accountId, "recovery-codes", ["active", "disabled"]);
  if (!set) return null;
  const { fileName, checkedAt } = set.detail;
  const ofSet = (await listSecrets(reader, PURPOSE, accountId)).filter((one) => one.detail["set"] === set.id);
  return {
    madeAt: set.boundAt,
    unused: ofSet.filter((one) => !one.spentAt && !one.revokedAt).length,
    used: ofSet.filter((one) => one.spentAt).length,
    fileName: typeof fileName === "string" ? fileName : "",
    checkedAt: typeof checkedAt === "string" ? new Date(checkedAt) : null,
  };
}

/** Makes every unused code of the account worthless. @returns how many there were */
export async function revokeCodes(tx: Tx, accountId: AccountId, because: string): Promise<number> {
  await revokeAuthenticators(tx, accountId, ["recovery-codes"], because);
  return revokeSecrets(tx, PURPOSE, accountId, because);
}

/** What a code is to the account it was made for. */
export interface SavedCode {
  readonly id: OneTimeId;
  readonly accountId: AccountId;
  readonly state: "unused" | "used" | "replaced" | "seen-in-public";
  readonly madeAt: Date;
  /** Since when it is no longer unused. */
  readonly since: Date | null;
}

const toSavedCode = (one: OneTimeSecret): SavedCode => ({
  id: one.id,
  accountId: one.subject as AccountId, // written by store
  state:
    one.revokedBecause === SEEN_IN_PUBLIC
      ? "seen-in-public"
      : one.spentAt
        ? "used"
        : one.revokedAt
          ? "replaced"
          : "unused",
  madeAt: one.issuedAt,
  since: one.spentAt ?? one.revokedAt,
});

/**
 * Looks a code up among all that were ever made, of every account, in one indexed read; nothing is used up. For a claimant
 * who shows that they have the sheet: the caller counts the try. @returns null where it is no code of ours
 */
export async function findSavedCode(reader: Reader, runtime: Runtime, typed: string): Promise<SavedCode | null> {
  const read = readCode(typed);
  const found = read.ok ? await peek(reader, { purpose: PURPOSE, digests: digestsOf(runtime, read.value) }) : null;
  return found ? toSavedCode(found) : null;
}

/** The same code again, by its id; null where it is gone with its account. */
export async function findSavedCodeById(reader: Reader, accountId: AccountId, id: string): Promise<SavedCode | null> {
  const found = (await listSecrets(reader, PURPOSE, accountId)).find((one) => one.id === id);
  return found ? toSavedCode(found) : null;
}

/** Whether any code was ever made for the account. */
export const hasHadCodes = async (reader: Reader, accountId: AccountId): Promise<boolean> =>
  (await listSecrets(reader, PURPOSE, accountId)).length > 0;
