import { type Address, listAddresses, parseAddress } from "../../../accounts/index.ts";
import type { Reader } from "../../../kernel/db/database.ts";
import { isId, type MailId } from "../../../kernel/ids.ts";
import { type KeptDkimKey, listDkimKeys, listMails, type MailRecord } from "../../../notifications/index.ts";
import { pinnedMoment } from "../../targets/read.ts";
import type { EvidenceContext } from "../../types.ts";
import { wasUsedElsewhere } from "./store.ts";

/* Which mail of ours a kept one is, to whom it went, and whether that was early enough. */

const DAY_MS = 24 * 3600_000;
/** As long as lines of the delivery log are kept; older mails stand in no log, and speak by their signature alone. */
export const LOGGED_DAYS = 365;
/** A mail is tried for three days and dated anew at each try; machines' clocks differ. */
const LATE_MS = 5 * DAY_MS;
const EARLY_MS = 3600_000;
/** A key was noted an hour late at the most, and signed on while its successor was being published. */
const KEY_SLACK_MS = 2 * DAY_MS;
const EVER = new Date(0);

export const OUTCOMES = [
  "own",
  "too-new",
  "other-account",
  "no-such-address",
  "not-sent-by-us",
  "used-elsewhere",
  "key-not-of-its-time",
  "does-not-verify",
] as const;
export type MailOutcome = (typeof OUTCOMES)[number];

/** What a mail says of itself once its signature was found good, and the key it was made with. */
export interface SignedMail {
  readonly messageId: string;
  readonly mailId: MailId | null;
  /** As on the mail; or where it is looked at again, the address found for it then. */
  readonly to: string | { readonly addressId: string | null };
  readonly date: Date;
  readonly key: Pick<KeptDkimKey, "domain" | "selector">;
}

export interface Standing {
  readonly outcome: MailOutcome;
  readonly addressId: string | null;
  readonly verifiedAt: Date | null;
  readonly pinned: Date;
  /** What stands in the delivery log about it; null where it is too old to. */
  readonly logged: Pick<MailRecord, "message" | "queuedAt"> | null;
}

/** Looks a mail with a good signature up among what we have sent and among the addresses of the account. */
export async function whichMail(reader: Reader, context: EvidenceContext, mail: SignedMail): Promise<Standing> {
  const { pinned } = await pinnedMoment(reader, context);
  const [logged] = mail.mailId ? await listMails(reader, { id: mail.mailId, limit: 1 }) : [];
  const addresses = context.accountId ? await listAddresses(reader, context.accountId, EVER) : [];
  const address = addresses.find((one) => isAddressee(one, mail));
  const outcome = await outcomeOf(reader, context, mail, { logged, address, pinned });
  return {
    outcome,
    addressId: address?.id ?? null,
    verifiedAt: address?.verifiedAt ?? null,
    pinned,
    logged: logged ? { message: logged.message, queuedAt: logged.queuedAt } : null,
  };
}

/** It was the account's when the mail was sent, and was confirmed at some time. */
function isAddressee(one: Address, { to, date }: SignedMail): boolean {
  if (one.verifiedAt === null) return false;
  if (typeof to !== "string") return one.id === to.addressId;
  const parsed = parseAddress(to);
  if (!parsed.ok || parsed.value.folded !== one.folded) return false;
  return one.addedAt.getTime() - EARLY_MS <= date.getTime() && (one.removedAt === null || one.removedAt >= date);
}

async function outcomeOf(
  reader: Reader,
  context: EvidenceContext,
  mail: SignedMail,
  seen: { readonly logged: MailRecord | undefined; readonly address: Address | undefined; readonly pinned: Date },
): Promise<MailOutcome> {
  const { logged, address, pinned } = seen;
  if (!(await isKeyOfItsTime(reader, mail))) return "key-not-of-its-time";
  if (mail.mailId === null || !fitsLog(mail, logged, context.now)) return "not-sent-by-us";
  if (logged && logged.accountId !== null && logged.accountId !== context.accountId) return "other-account";
  if (!address?.verifiedAt) return "no-such-address";
  if (mail.date > pinned || address.verifiedAt > pinned || logged?.caseId === context.caseId) return "too-new";
  if (context.accountId && (await wasUsedElsewhere(reader, mail.messageId, context.accountId))) return "used-elsewhere";
  return "own";
}

async function isKeyOfItsTime(reader: Reader, { key, date }: SignedMail): Promise<boolean> {
  return (await listDkimKeys(reader, key)).some(
    ({ firstUsedAt, lastUsedAt }) =>
      date.getTime() >= firstUsedAt.getTime() - KEY_SLACK_MS && date.getTime() <= lastUsedAt.getTime() + KEY_SLACK_MS,
  );
}

/** A mail in the log went where it says, when it says. One that is not there is too old for the log, or never was. */
function fitsLog({ date, to }: SignedMail, logged: MailRecord | undefined, now: Date): boolean {
  if (!logged) return now.getTime() - date.getTime() > LOGGED_DAYS * DAY_MS;
  const late = date.getTime() - logged.queuedAt.getTime();
  const isAddressee = typeof to !== "string" || to.toLowerCase() === logged.toAddress.toLowerCase();
  return isAddressee && late >= -EARLY_MS && late <= LATE_MS;
}

export const asMailId = (text: string | null): MailId | null => (text !== null && isId("mail", text) ? text : null);
