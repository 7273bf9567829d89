import { findAccount, listAddresses } from "../accounts/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import { type AccountId, newId } from "../kernel/ids.ts";
import { issueToken } from "../kernel/one-time.ts";
import { queueMail } from "../notifications/index.ts";
import { listContactsOf } from "../recovery-contacts/index.ts";
import { listCoOwners } from "../registry/index.ts";
import { listLiveSessions } from "../sessions/index.ts";
import type { RecoveryRuntime } from "./context.ts";
import { insertNotice } from "./store/thread.ts";
import type { NoticeMoment, NoticeRelation, RecoveryCase } from "./types.ts";

/** Addresses removed this recently are still told: the thief's first act is to remove the owner's. */
const FORMER_ADDRESS_DAYS = 180;
const DAY_MS = 24 * 3600 * 1000;
export const OBJECTION = "objection";

interface Recipient {
  readonly relation: NoticeRelation;
  /** Address id, account id or session id. */
  readonly id: string;
  /** Null for a live session, which shows a banner instead. */
  readonly address: string | null;
}

/** Everybody who should know: every present address, those removed lately, co-owners, contacts, live sessions. */
async function recipients(tx: Tx, recoveryCase: RecoveryCase): Promise<readonly Recipient[]> {
  const { accountId } = recoveryCase;
  if (!accountId) return [];
  const since = new Date(tx.now.getTime() - FORMER_ADDRESS_DAYS * DAY_MS);
  const addresses = (await listAddresses(tx, accountId, since)).filter((one) => one.verifiedAt);
  const coOwners = await listCoOwners(tx, accountId);
  const sessions = await listLiveSessions(tx, accountId, tx.now);
  const contacts = (await listContactsOf(tx, accountId)).filter((one) => one.acceptedAt);
  const others = new Map<AccountId, "co-owner" | "recovery-contact">([
    ...contacts.map((one) => [one.contactId, "recovery-contact"] as const),
    ...coOwners.map((one) => [one.accountId, "co-owner"] as const), // who is both is told once
  ]);
  const theirs = await Promise.all(
    [...others].map(async ([id, relation]) => {
      const primary = (await listAddresses(tx, id)).find((one) => one.isPrimary && one.verifiedAt);
      return primary ? [{ relation, id, address: primary.address }] : [];
    }),
  );
  return [
    ...addresses.map((one) => ({
      relation: one.removedAt ? ("former-address" as const) : ("address" as const),
      id: one.id,
      address: one.address,
    })),
    ...theirs.flat(),
    ...sessions.map((one) => ({ relation: "session" as const, id: one.id, address: null })),
  ];
}

/**
 * Tells everybody, once a moment, with an objection link of their own each. Written in the transaction of the act that
 * is told of. Returns how many were told.
 */
export async function tellEverybody(
  tx: Tx,
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
  moment: NoticeMoment,
): Promise<number> {
  const account = recoveryCase.accountId && (await findAccount(tx, recoveryCase.accountId));
  if (!account) return 0;
  let told = 0;
  for (const recipient of await recipients(tx, recoveryCase)) {
    const { id: objectionId, token } = await issueToken(tx, runtime.random, {
      purpose: OBJECTION,
      subject: recoveryCase.id,
      detail: { relation: recipient.relation, recipient: recipient.id },
      expiresAt: new Date(tx.now.getTime() + runtime.policy.limits.objectionLinkLifetimeMs),
    });
    const mailId =
      recipient.address === null
        ? null
        : await queueMail(tx, runtime, {
            to: recipient.address,
            message: `case-notice-${moment}`,
            params: {
              username: account.username,
              caseNumber: recoveryCase.number,
              openedAt: recoveryCase.openedAt,
              fromWhere: recoveryCase.openedFrom.ip,
              waitEndsAt: recoveryCase.waitEndsAt,
              objectUrl: new URL(`/objection/${token.reveal()}`, runtime.publicUrl).href,
              relation: recipient.relation,
            },
            accountId:
              recipient.relation === "co-owner" || recipient.relation === "recovery-contact" ? null : account.id,
            caseId: recoveryCase.id,
          });
    const isNew = await insertNotice(tx, recoveryCase.id, {
      id: newId("not", tx.now, runtime.random),
      moment,
      relation: recipient.relation,
      recipient: recipient.id,
      mailId,
      objectionId,
    });
    if (isNew) told += 1;
  }
  return told;
}
