import {
  type Account,
  foldUsername,
  findAccountByName,
  findAccountByVerifiedAddress,
  findAccount,
  listAddresses,
  parseAddress,
  type ParsedAddress,
} from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { findPasswordFacts, spendResetLink } from "../authenticators/index.ts";
import {
  type EvidenceContext,
  listFindings,
  observeContactMailbox,
  observeNetwork,
  passwordObservation,
  recordFinding,
  takeTexts,
} from "../evidence/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import { type AccountId, type CaseId, newId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Secret } from "../kernel/secret.ts";
import { queueMail } from "../notifications/index.ts";
import { advance } from "./advance.ts";
import { countCodeTry, issueCaseAccess, issueContactCode, spendContactCode, startCasePage } from "./case-page.ts";
import type { RecoveryRuntime } from "./context.ts";
import { evaluate } from "./evaluate.ts";
import { evidenceContext } from "./evidence-context.ts";
import { matchAccount } from "./matching.ts";
import { tellEverybody } from "./notices.ts";
import { makeCaseNumber } from "./numbers.ts";
import { recoveryRefusals } from "./refusals.ts";
import { findCase, findOpenCaseOf, insertCase, lockCase, lockOpenCaseOf, updateCase } from "./store/cases.ts";
import { insertMessage } from "./store/thread.ts";
import { cutOut } from "./typed.ts";
import type { Cause, RecoveryCase } from "./types.ts";

export interface OpenedCase {
  readonly recoveryCase: RecoveryCase;
  /** Shown this once: opens the case page from any browser. */
  readonly code: Secret<string>;
  /** The case page for the browser that opened the case. */
  readonly pageToken: Secret<string>;
  /** What was cut out of what they wrote, and what became of it; null where nothing was. */
  readonly told: string | null;
}

export interface Opening {
  readonly cause: Cause;
  /** Where the claimant can be written to; need not be on the account. */
  readonly contact: string;
  readonly story: string;
  readonly source: Source;
  readonly now: Date;
}

/**
 * Opens a case from the screen where somebody is stuck, whose password was right a moment ago: that is the first
 * finding. Everybody who should know is told in the same transaction. Where the account has an open case already, the
 * claimant is not let into it, since a thief may have typed the password: refuses `case-open-already`.
 */
export async function openFromStuckScreen(
  runtime: RecoveryRuntime,
  opening: Opening & { readonly account: Account; readonly passwordAt: Date; readonly shown?: readonly string[] },
): Promise<Result<OpenedCase>> {
  const contact = parseAddress(opening.contact);
  if (!contact.ok) return contact;
  const taken = await takeStory(runtime, opening);
  return transact(runtime.db, { now: opening.now }, async (tx): Promise<Result<OpenedCase>> => {
    const { account } = opening;
    const facts = await findPasswordFacts(tx, account.id);
    if (!(await makeWay(tx, runtime, account.id, facts && !facts.leakedAt ? 1 : 0)))
      return refuse(recoveryRefusals["case-open-already"]());
    const opened = await open(tx, runtime, taken, contact.value, {
      origin: "stuck-screen",
      account,
      claimedName: account.username,
    });
    if (!opened.ok) return opened;
    if (facts) {
      const context = evidenceContext(runtime, opened.value.recoveryCase, account, opening.now);
      const primary = (await listAddresses(tx, account.id)).find((one) => one.isPrimary);
      await recordFinding(tx, runtime, context, "password", passwordObservation(facts, primary?.domain ?? null));
    }
    if (opening.shown?.includes("totp")) await noteApp(tx, runtime, opened.value.recoveryCase.id, opening.source);
    await tellEverybody(tx, runtime, opened.value.recoveryCase, "opened");
    return evaluated(tx, runtime, opened.value);
  });
}

/** For the desk, and worth no bits: whoever phished the password may have passed on the six digits as well. */
const noteApp = (tx: Tx, runtime: RecoveryRuntime, caseId: CaseId, source: Source): Promise<void> =>
  insertMessage(tx, runtime, caseId, {
    id: newId("msg", tx.now, runtime.random),
    authorKind: "system",
    authorId: null,
    isInternal: true,
    body: `Whoever opened this case, at ${source.ip}, had shown the password and a right code of the authenticator app, and could not confirm the new browser.`,
  });

/**
 * Opens a case with the link that was mailed for a new password: the second factor is gone too. The mailbox was shown by
 * it, which is the first finding; the link is spent. Refuses a used or old link, and `case-open-already`.
 */
export async function openFromResetLink(
  runtime: RecoveryRuntime,
  opening: Omit<Opening, "contact"> & { readonly token: string },
): Promise<Result<OpenedCase>> {
  const taken = await takeStory(runtime, opening);
  return transact(runtime.db, { now: opening.now }, async (tx): Promise<Result<OpenedCase>> => {
    const spent = await spendResetLink(tx, opening.token);
    if (!spent.ok) return spent;
    const { address, accountId } = spent.value;
    const account = await findAccount(tx, accountId);
    if (!account) return refuse(recoveryRefusals["no-such-case"]());
    if (!(await makeWay(tx, runtime, account.id, 1))) return refuse(recoveryRefusals["case-open-already"]());
    const about = { ...taken, contact: address.address };
    const who = { origin: "reset-link", account, claimedName: account.username } as const;
    const opened = await open(tx, runtime, about, address, who);
    if (!opened.ok) return opened;
    await tellEverybody(tx, runtime, opened.value.recoveryCase, "opened");
    const settled = await settleContact(tx, runtime, opened.value.recoveryCase);
    return settled.ok ? ok({ ...opened.value, recoveryCase: settled.value }) : settled;
  });
}

/**
 * Opens a case from the public form. The answer is the same whatever the name: whether it is an account's is looked up
 * only when the claimant has shown that the mailbox they wrote is theirs.
 */
export async function openFromForm(
  runtime: RecoveryRuntime,
  opening: Opening & { readonly claimedName: string },
): Promise<Result<OpenedCase>> {
  const contact = parseAddress(opening.contact);
  if (!contact.ok) return contact;
  const taken = await takeStory(runtime, opening, opening.claimedName);
  const { claimedName } = taken;
  return transact(runtime.db, { now: opening.now }, (tx) =>
    open(tx, runtime, taken, contact.value, { origin: "form", account: null, claimedName }),
  );
}

/** What somebody wrote who opens a case: secrets are cut out and ended, whatever becomes of the case. */
export async function takeStory<O extends { readonly story: string; readonly now: Date }>(
  runtime: RecoveryRuntime,
  opening: O,
  claimedName = "",
): Promise<O & { readonly claimedName: string; readonly told: string | null }> {
  const typedIn = { actor: { kind: "anyone" }, caseId: null, now: opening.now } as const;
  const { clean, told } = await takeTexts(runtime, { story: opening.story, claimedName }, typedIn);
  return { ...opening, ...clean, told };
}

async function evaluated(tx: Tx, runtime: RecoveryRuntime, opened: OpenedCase): Promise<Result<OpenedCase>> {
  const recoveryCase = await evaluate(tx, runtime, opened.recoveryCase);
  return recoveryCase.ok ? ok({ ...opened, recoveryCase: recoveryCase.value }) : recoveryCase;
}

/** Opens a case, in the caller's transaction: its row, its codes, the mail to its claimant. */
export async function open(
  tx: Tx,
  runtime: RecoveryRuntime,
  opening: Opening & { readonly told: string | null },
  contact: ParsedAddress,
  who: { readonly origin: RecoveryCase["origin"]; readonly account: Account | null; readonly claimedName: string },
): Promise<Result<OpenedCase>> {
  const id = newId("case", opening.now, runtime.random);
  const number = makeCaseNumber(runtime.random);
  const isNew = await insertCase(tx, runtime, {
    id,
    number,
    state: who.account ? "collecting" : "unconfirmed",
    origin: who.origin,
    cause: opening.cause,
    accountId: who.account?.id ?? null,
    claimedName: who.claimedName,
    claimedNameFolded: foldUsername(who.claimedName),
    contactAddress: contact.address,
    contactFolded: contact.folded,
    openedFrom: opening.source,
    policyVersion: runtime.policy.version,
    expiresAt: new Date(opening.now.getTime() + runtime.policy.limits.caseIdleMs),
    story: opening.story,
  });
  if (!isNew) return refuse(recoveryRefusals["case-open-already"]());
  if (opening.told !== null) {
    await insertMessage(tx, runtime, id, {
      id: newId("msg", tx.now, runtime.random),
      authorKind: "system",
      authorId: null,
      isInternal: false,
      body: cutOut(opening.told),
    });
  }
  const { link, code } = await issueCaseAccess(tx, runtime, id);
  const contactCode = await issueContactCode(tx, runtime, id);
  const pageToken = await startCasePage(tx, runtime, id, "opening");
  await queueMail(tx, runtime, {
    to: contact.address,
    message: "case-opened-claimant",
    params: {
      caseNumber: number,
      casePageUrl: link.reveal(),
      code: contactCode.code.reveal(),
      codeExpiresAt: contactCode.expiresAt,
      wasShownCode: who.origin !== "mail",
    },
    caseId: id,
  });
  audit(tx, runtime.random, {
    act: "recovery/case-opened",
    actor: { kind: "claimant", id },
    accountId: who.account?.id ?? null,
    caseId: id,
    facts: { origin: who.origin, cause: opening.cause, policy: runtime.policy.version },
    personal: { ...opening.source, claimedName: who.claimedName, contact: contact.address },
  });
  const recoveryCase = await findCase(tx, id);
  if (!recoveryCase) throw new Error("A case that was just opened is not there.");
  return ok({ recoveryCase, code, pageToken, told: opening.told });
}

/**
 * The claimant types the code we mailed to the contact address. From then on the case is matched to an account, whose
 * owner is told. If the address is on the account, that is a finding. Refuses a wrong or old code; tries are counted first.
 */
export async function confirmContact(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  typed: string,
  now: Date,
): Promise<Result<RecoveryCase>> {
  const counted = await countCodeTry(runtime, caseId, now);
  if (!counted.ok) return counted;
  return transact(runtime.db, { now }, async (tx): Promise<Result<RecoveryCase>> => {
    const before = await lockCase(tx, caseId);
    if (!before) return refuse(recoveryRefusals["no-such-case"]());
    if (before.contactConfirmedAt) return ok(before); // the form was sent twice: what it asks for has happened
    const spent = await spendContactCode(tx, runtime, caseId, typed);
    if (!spent.ok) return spent;
    return settleContact(tx, runtime, before);
  });
}

/** What follows from a proven contact mailbox: matching, finding, telling, weighing. */
export async function settleContact(
  tx: Tx,
  runtime: RecoveryRuntime,
  before: RecoveryCase,
): Promise<Result<RecoveryCase>> {
  if (!before.contactConfirmedAt) {
    await updateCase(tx, before.id, { contact_confirmed_at: tx.now });
    audit(tx, runtime.random, {
      act: "recovery/contact-confirmed",
      actor: { kind: "claimant", id: before.id },
      accountId: before.accountId,
      caseId: before.id,
    });
  }
  const confirmed: RecoveryCase = { ...before, contactConfirmedAt: before.contactConfirmedAt ?? tx.now };
  const matched = before.accountId ? ok(confirmed) : await match(tx, runtime, confirmed);
  if (!matched.ok) return matched;
  const account = matched.value.accountId && (await findAccount(tx, matched.value.accountId));
  if (!account) return matched;
  const context = evidenceContext(runtime, matched.value, account, tx.now);
  const observation = await observeContactMailbox(tx, context, matched.value.contactAddress);
  if (observation) await recordFinding(tx, runtime, context, "mailbox", observation);
  await noteNetwork(tx, runtime, context, matched.value);
  return evaluate(tx, runtime, matched.value);
}

/** Notes where the case was opened from, once: nobody is asked for it, and opening another case does not change it. */
async function noteNetwork(
  tx: Tx,
  runtime: RecoveryRuntime,
  context: EvidenceContext,
  { id, openedFrom }: RecoveryCase,
): Promise<void> {
  if ((await listFindings(tx, id)).some(({ kind }) => kind === "network")) return;
  await recordFinding(tx, runtime, context, "network", await observeNetwork(tx, context, openedFrom.ip));
}

/** Looks for the account, now that the mailbox is proven. Without one the case stays unconfirmed, and a mail says so. */
async function match(tx: Tx, runtime: RecoveryRuntime, recoveryCase: RecoveryCase): Promise<Result<RecoveryCase>> {
  const contact = parseAddress(recoveryCase.contactAddress);
  const account = matchAccount({
    claimedName: recoveryCase.claimedName,
    byName: await findAccountByName(tx, recoveryCase.claimedName),
    byMailbox: contact.ok ? await findAccountByVerifiedAddress(tx, contact.value.folded) : null,
  });
  if (!account) {
    await queueMail(tx, runtime, {
      to: recoveryCase.contactAddress,
      message: "account-not-found-for-case",
      params: { caseNumber: recoveryCase.number, claimedName: recoveryCase.claimedName },
      caseId: recoveryCase.id,
    });
    return ok(recoveryCase);
  }
  const isTheirMailbox =
    contact.ok && (await findAccountByVerifiedAddress(tx, contact.value.folded))?.id === account.id;
  const isFree = await makeWay(tx, runtime, account.id, isTheirMailbox ? 1 : 0);
  const open = isFree ? null : await findOpenCaseOf(tx, account.id);
  if (open) return join(tx, runtime, recoveryCase, open);
  const moved = await advance(tx, runtime, recoveryCase, {
    event: "confirm-contact",
    as: "claimant",
    actor: { kind: "claimant", id: recoveryCase.id },
    patch: {
      account_id: account.id,
      ...(recoveryCase.claimedName === ""
        ? { claimed_name: account.username, claimed_name_folded: foldUsername(account.username) }
        : {}),
    },
  });
  if (moved.ok) await tellEverybody(tx, runtime, moved.value, "opened");
  return moved;
}

/**
 * An account has one open case. Whoever opens one without proving anything must not keep the owner out: a case that
 * rests on fewer roots of trust than the newcomer has just shown makes way, as long as nobody has decided about it.
 * @returns whether the account has no open case now
 */
async function makeWay(tx: Tx, runtime: RecoveryRuntime, accountId: AccountId, rootsShown: number): Promise<boolean> {
  const open = await lockOpenCaseOf(tx, accountId);
  if (!open) return true;
  if ((open.decision?.rootsReached ?? 0) >= rootsShown) return false;
  const moved = await advance(tx, runtime, open, {
    event: "supersede",
    as: "machine",
    actor: { kind: "clock" },
    patch: { ended_because: "somebody with more proof opened a case" },
  });
  return moved.ok;
}

/**
 * The account has an open case: this one ends and, if both were written from the same mailbox, its page is mailed there
 * again. Somebody else's mailbox learns only that the case was closed.
 */
async function join(
  tx: Tx,
  runtime: RecoveryRuntime,
  late: RecoveryCase,
  open: RecoveryCase,
): Promise<Result<RecoveryCase>> {
  const actor = { kind: "claimant", id: late.id } as const;
  const ended = await advance(tx, runtime, late, {
    event: "withdraw",
    as: "claimant",
    actor,
    patch: { ended_because: "joined" },
    facts: { joined: open.id },
  });
  if (!ended.ok) return ended;
  if (open.contactAddress === late.contactAddress) {
    const { link } = await issueCaseAccess(tx, runtime, open.id);
    const { code, expiresAt } = await issueContactCode(tx, runtime, open.id);
    await queueMail(tx, runtime, {
      to: open.contactAddress,
      message: "case-opened-claimant",
      params: { caseNumber: open.number, casePageUrl: link.reveal(), code: code.reveal(), codeExpiresAt: expiresAt },
      caseId: open.id,
    });
  }
  return ended;
}
