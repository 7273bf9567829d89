import { type Address, findAddress, hasStanding } from "../../../accounts/index.ts";
import type { Reader } from "../../../kernel/db/database.ts";
import type { Tx } from "../../../kernel/db/transact.ts";
import type { AccountId, AddressId, OneTimeId } from "../../../kernel/ids.ts";
import {
  digestToken,
  issueToken,
  type OneTimeSecret,
  oneTimeRefusals,
  peek,
  peekUsable,
  revokeSecrets,
  spend,
} from "../../../kernel/one-time.ts";
import type { Random } from "../../../kernel/random.ts";
import { ok, refuse, type Result } from "../../../kernel/result.ts";
import type { Secret } from "../../../kernel/secret.ts";
import { authenticatorRefusals } from "../../refusals.ts";

/*
 * A link that was mailed to a confirmed address of an account. It lets its holder choose a new password, or open a
 * recovery case in which that mailbox is shown, and is spent by either. It signs nobody in.
 */

const PURPOSE = "password-reset";
/** OWASP Forgot Password, Copenhagen Book: an hour. */
export const RESET_MINUTES = 60;

export interface ResetLink {
  readonly id: OneTimeId;
  readonly accountId: AccountId;
  /** Where the link was mailed to: whoever has it reads that mailbox. */
  readonly address: Address;
}

/** Issues a link; the one before it stops working. The token is returned this once. The caller audits. */
export async function issueResetLink(
  tx: Tx,
  random: Random,
  to: { readonly accountId: AccountId; readonly addressId: AddressId },
): Promise<{ readonly token: Secret<string>; readonly expiresAt: Date }> {
  await revokeResetLinks(tx, to.accountId, "a newer link was sent");
  const expiresAt = new Date(tx.now.getTime() + RESET_MINUTES * 60_000);
  const detail = { addressId: to.addressId };
  const { token } = await issueToken(tx, random, { purpose: PURPOSE, subject: to.accountId, detail, expiresAt });
  return { token, expiresAt };
}

const presented = (token: string) => ({ purpose: PURPOSE, digests: [digestToken(token)] });

/** Looks at a link without spending it. Refuses an unknown, used, old or ended one, each with its reason. */
export async function peekResetLink(reader: Reader, token: string, now: Date): Promise<Result<ResetLink>> {
  const found = await peekUsable(reader, presented(token), now);
  return found.ok ? toLink(reader, found.value) : refuse(await whyNot(reader, token, found.refusal));
}

/** Spends a link. Exactly one of any number of simultaneous callers succeeds. Refuses as `peekResetLink` does. */
export async function spendResetLink(tx: Tx, token: string): Promise<Result<ResetLink>> {
  const spent = await spend(tx, presented(token));
  return spent.ok ? toLink(tx, spent.value) : refuse(await whyNot(tx, token, spent.refusal));
}

/** A sign-in, a new password and a newer link end what was sent before. @returns how many there were */
export const revokeResetLinks = (tx: Tx, accountId: AccountId, because: string): Promise<number> =>
  revokeSecrets(tx, PURPOSE, accountId, because);

/** The address must still be a confirmed one of the account: a mailbox that was taken away has no say any more. */
async function toLink(reader: Reader, found: OneTimeSecret): Promise<Result<ResetLink>> {
  const accountId = found.subject as AccountId; // written by issueResetLink, as is the address
  const address = await findAddress(reader, found.detail["addressId"] as AddressId);
  const isStillTheirs = address?.accountId === accountId && hasStanding(address) && address.removedAt === null;
  return isStillTheirs ? ok({ id: found.id, accountId, address }) : refuse(authenticatorRefusals["reset-link-ended"]());
}

async function whyNot(reader: Reader, token: string, refusal: ReturnType<typeof oneTimeRefusals.unknown>) {
  const found = await peek(reader, presented(token));
  return found?.revokedAt ? authenticatorRefusals["reset-link-ended"]() : refusal;
}
