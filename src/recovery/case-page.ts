import type { Kysely } from "kysely";
import { audit } from "../audit/index.ts";
import { makeShortCode, readShortCode } from "../kernel/crypto/short-code.ts";
import type { Reader } from "../kernel/db/database.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { Guard } from "../kernel/http/index.ts";
import { type CaseId, type Id, newId } from "../kernel/ids.ts";
import { digestToken, issueToken, peekUsable, revokeSecrets, spend, storeSecret } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { type Secret, secret } from "../kernel/secret.ts";
import { queueMail } from "../notifications/index.ts";
import { countAttempt } from "../throttle/index.ts";
import { makeCaseCode, readCaseCode } from "./numbers.ts";
import { recoveryRefusals } from "./refusals.ts";
import { findCase } from "./store/cases.ts";
import type { RecoveryCase } from "./types.ts";

/*
 * The case page needs no account: a link by mail names the case, a code opens it. The code shown once when the case was
 * opened gives full access; a code mailed to the contact address shows the page, but cannot withdraw the case, since a
 * thief in the mailbox could have asked for it.
 */

const LINK = "case-link";
const CODE = "case-code";
const MAIL_CODE = "case-mail-code";
const SESSION_HOURS = 12;
const MAIL_CODE_MINUTES = 15;
/** A code issued by mail is good for a day at most (SP 800-63B-4 §4.2.1.2). */
const CONTACT_CODE_MINUTES = 24 * 60;
const TRIES = { limit: 20, windowSeconds: 3600 };
export const CASE_COOKIE = "case";

export type OpenedWith = "opening" | "case-code" | "mail-code";

interface PageTables {
  case_page_sessions: {
    id: Id<"cps">;
    case_id: CaseId;
    digest: Buffer;
    opened_with: OpenedWith;
    started_at: Date;
    expires_at: Date;
  };
}
const own = (reader: Reader): Kysely<PageTables> => reader.as<PageTables>();

/** Somebody at the case page of one case. */
export interface CaseHolder {
  readonly recoveryCase: RecoveryCase;
  /** Not for a code from the mailbox: that may be a thief's. */
  readonly hasFullAccess: boolean;
}

export const caseLinkPath = (token: string): string => `/recovery/open/${token}`;

/** Issues what opens the case page: the link that is mailed and the code that is shown. */
export async function issueCaseAccess(
  tx: Tx,
  runtime: Runtime,
  caseId: CaseId,
): Promise<{ readonly link: Secret<string>; readonly code: Secret<string> }> {
  const { token } = await issueToken(tx, runtime.random, { purpose: LINK, subject: caseId, expiresAt: null });
  const code = makeCaseCode(runtime.random);
  const canonical = readCaseCode(code);
  if (!canonical) throw new Error("A case code that was just made does not read.");
  const digest = runtime.keys.mac("short-code", `${caseId}\n${canonical}`);
  await storeSecret(tx, runtime.random, { purpose: CODE, subject: caseId, digest, expiresAt: null });
  return { link: secret(new URL(caseLinkPath(token.reveal()), runtime.publicUrl).href), code: secret(code) };
}

/** A further link to the same page, for a later mail. */
export async function issueCaseLink(tx: Tx, runtime: Runtime, caseId: CaseId): Promise<string> {
  const { token } = await issueToken(tx, runtime.random, { purpose: LINK, subject: caseId, expiresAt: null });
  return new URL(caseLinkPath(token.reveal()), runtime.publicUrl).href;
}

/** The case a link names. Links are not spent: the page is visited again and again, and the code protects it. */
export async function findCaseByLink(runtime: Runtime, token: string, now: Date): Promise<RecoveryCase | null> {
  const found = await peekUsable(runtime.db, { purpose: LINK, digests: [digestToken(token)] }, now);
  return found.ok ? findCase(runtime.db, found.value.subject as CaseId) : null; // the subject was written by issueCaseAccess
}

const mailDigest = (keys: Runtime["keys"], caseId: CaseId, code: string): readonly Buffer[] =>
  keys.macs("short-code", `${caseId}\nmail\n${code}`);

/** Makes the code that a mail to the contact address carries; it replaces the one before. */
export async function issueContactCode(
  tx: Tx,
  runtime: Runtime,
  caseId: CaseId,
  minutes: number = CONTACT_CODE_MINUTES,
): Promise<{ readonly code: Secret<string>; readonly expiresAt: Date }> {
  const code = makeShortCode(runtime.random);
  const expiresAt = new Date(tx.now.getTime() + minutes * 60_000);
  await revokeSecrets(tx, MAIL_CODE, caseId, "a newer code was sent");
  const [digest = Buffer.alloc(0)] = mailDigest(runtime.keys, caseId, code);
  await storeSecret(tx, runtime.random, { purpose: MAIL_CODE, subject: caseId, digest, expiresAt });
  return { code: secret(code), expiresAt };
}

/** Spends the code of the last mail to the contact address. Refuses every wrong one alike. */
export async function spendContactCode(
  tx: Tx,
  runtime: Runtime,
  caseId: CaseId,
  typed: string,
): Promise<Result<undefined>> {
  const code = readShortCode(typed);
  if (!code) return refuse(recoveryRefusals["wrong-code"]());
  const spent = await spend(tx, {
    purpose: MAIL_CODE,
    subject: caseId,
    digests: mailDigest(runtime.keys, caseId, code),
  });
  return spent.ok ? ok() : refuse(recoveryRefusals["wrong-code"]());
}

/** Counts a try at any code of a case, committed before the code is looked at. */
export const countCodeTry = (runtime: Runtime, caseId: CaseId, now: Date): Promise<Result<number>> =>
  countAttempt(runtime.db, { bucket: `case-code:${caseId}`, ...TRIES }, now);

/** Sends a fresh code to the case's contact address; at most five an hour. */
export async function mailCaseCode(
  runtime: Runtime,
  recoveryCase: RecoveryCase,
  now: Date,
): Promise<Result<undefined>> {
  const counted = await countAttempt(
    runtime.db,
    { bucket: `case-mail-code:${recoveryCase.id}`, limit: 5, windowSeconds: 3600 },
    now,
  );
  if (!counted.ok) return counted;
  return transact(runtime.db, { now }, async (tx) => {
    const { code, expiresAt } = await issueContactCode(tx, runtime, recoveryCase.id, MAIL_CODE_MINUTES);
    await queueMail(tx, runtime, {
      to: recoveryCase.contactAddress,
      message: "case-code",
      params: { caseNumber: recoveryCase.number, code: code.reveal(), expiresAt },
      caseId: recoveryCase.id,
    });
    audit(tx, runtime.random, { act: "recovery/case-code-mailed", actor: { kind: "anyone" }, caseId: recoveryCase.id });
    return ok();
  });
}

export interface OpenedPage {
  readonly token: Secret<string>;
  readonly openedWith: OpenedWith;
}

/**
 * Opens the page with the code shown at opening, or with a mailed one, which is spent. Tries are counted per case and
 * committed first. Refuses every wrong code with one answer.
 */
export async function openCasePage(
  runtime: Runtime,
  recoveryCase: RecoveryCase,
  typed: string,
  now: Date,
  onContactProven: (tx: Tx) => Promise<Result<unknown>>,
): Promise<Result<OpenedPage>> {
  const counted = await countCodeTry(runtime, recoveryCase.id, now);
  if (!counted.ok) return counted;
  return transact(runtime.db, { now }, async (tx): Promise<Result<OpenedPage>> => {
    const isShown = await isCaseCode(tx, runtime, recoveryCase.id, typed);
    if (!isShown) {
      const spent = await spendContactCode(tx, runtime, recoveryCase.id, typed);
      if (!spent.ok) return spent;
      const settled = await onContactProven(tx);
      if (!settled.ok) return settled;
    }
    const openedWith = isShown ? "case-code" : "mail-code";
    return ok({ token: await opened(tx, runtime, recoveryCase, openedWith), openedWith });
  });
}

/** Opens the page with the code shown at opening, and with no other. Tries are counted per case and committed first. */
export async function openWithCaseCode(
  runtime: Runtime,
  recoveryCase: RecoveryCase,
  typed: string,
  now: Date,
): Promise<Result<Secret<string>>> {
  const counted = await countCodeTry(runtime, recoveryCase.id, now);
  if (!counted.ok) return counted;
  return transact(runtime.db, { now }, async (tx): Promise<Result<Secret<string>>> => {
    if (!(await isCaseCode(tx, runtime, recoveryCase.id, typed))) return refuse(recoveryRefusals["wrong-code"]());
    return ok(await opened(tx, runtime, recoveryCase, "case-code"));
  });
}

async function opened(
  tx: Tx,
  runtime: Runtime,
  recoveryCase: RecoveryCase,
  openedWith: OpenedWith,
): Promise<Secret<string>> {
  const token = await startCasePage(tx, runtime, recoveryCase.id, openedWith);
  audit(tx, runtime.random, {
    act: "recovery/case-page-opened",
    actor: { kind: "claimant", id: recoveryCase.id },
    accountId: recoveryCase.accountId,
    caseId: recoveryCase.id,
    facts: { openedWith },
  });
  return token;
}

async function isCaseCode(tx: Tx, runtime: Runtime, caseId: CaseId, typed: string): Promise<boolean> {
  const code = readCaseCode(typed);
  if (!code) return false;
  const digests = runtime.keys.macs("short-code", `${caseId}\n${code}`);
  return (await peekUsable(tx, { purpose: CODE, subject: caseId, digests }, tx.now)).ok;
}

/** Gives this browser the case page. The caller audits. */
export async function startCasePage(
  tx: Tx,
  runtime: Runtime,
  caseId: CaseId,
  openedWith: OpenedWith,
): Promise<Secret<string>> {
  const token = runtime.random.bytes(32).toString("base64url");
  await own(tx)
    .insertInto("case_page_sessions")
    .values({
      id: newId("cps", tx.now, runtime.random),
      case_id: caseId,
      digest: digestToken(token),
      opened_with: openedWith,
      started_at: tx.now,
      expires_at: new Date(tx.now.getTime() + SESSION_HOURS * 3600_000),
    })
    .execute();
  return secret(token);
}

/** Closes the page for good: a copy of the cookie opens it no more. */
export const closeCasePage = (runtime: Runtime, token: string, now: Date): Promise<Result<undefined>> =>
  transact(runtime.db, { now, bookkeeping: "case page closed" }, async (tx) => {
    await own(tx)
      .updateTable("case_page_sessions")
      .set({ expires_at: now })
      .where("digest", "=", digestToken(token))
      .where("expires_at", ">", now)
      .execute();
    return ok();
  });

/** Whose page the cookie opens; null where it opens none. */
export async function findCaseHolder(
  runtime: Runtime,
  token: string | undefined,
  now: Date,
): Promise<CaseHolder | null> {
  if (!token) return null;
  const row = await own(runtime.db)
    .selectFrom("case_page_sessions")
    .selectAll()
    .where("digest", "=", digestToken(token))
    .where("expires_at", ">", now)
    .executeTakeFirst();
  const recoveryCase = row && (await findCase(runtime.db, row.case_id));
  return row && recoveryCase ? { recoveryCase, hasFullAccess: row.opened_with !== "mail-code" } : null;
}

/** Holds a case page open: `who` of every route of the claimant's. */
export const caseHolderGuard: Guard<CaseHolder> = {
  name: "claimant with the case page open",
  authorize: async (runtime, incoming) => {
    const holder = await findCaseHolder(runtime, incoming.cookies[CASE_COOKIE], incoming.now);
    return holder ? ok(holder) : refuse(recoveryRefusals["case-page-closed"]());
  },
};
