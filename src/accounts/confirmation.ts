import { audit } from "../audit/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import type { AccountId, AddressId } from "../kernel/ids.ts";
import { digestToken, issueToken, oneTimeRefusals, peekUsable, revokeSecrets, spend } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { accountRefusals } from "./refusals.ts";
import { hasStanding } from "./standing.ts";
import { findAccountByVerifiedAddress, findAddress, listAddresses, setVerified } from "./store.ts";

const CONFIRM = "confirm-address";
const CONFIRM_HOURS = 24;

/** Mails the confirmation link; to an address that is verified elsewhere, a note to its owner in its place. */
export async function sendConfirmation(
  tx: Tx,
  runtime: Runtime,
  to: {
    readonly accountId: AccountId;
    readonly addressId: AddressId;
    readonly address: string;
    readonly folded: string;
    readonly username: string;
  },
): Promise<void> {
  const owner = await findAccountByVerifiedAddress(tx, to.folded);
  if (owner && owner.id !== to.accountId) {
    await queueMail(tx, runtime, {
      to: to.address,
      message: "address-taken-notice",
      params: { when: tx.now },
      accountId: owner.id,
    });
    return;
  }
  await revokeSecrets(tx, CONFIRM, to.addressId, "a newer link was sent");
  const expiresAt = new Date(tx.now.getTime() + CONFIRM_HOURS * 3600_000);
  const { token } = await issueToken(tx, runtime.random, { purpose: CONFIRM, subject: to.addressId, expiresAt });
  await queueMail(tx, runtime, {
    to: to.address,
    message: "confirm-address",
    params: {
      confirmUrl: new URL(`/confirm-address/${token.reveal()}`, runtime.publicUrl).href,
      username: to.username,
      expiresAt,
    },
    accountId: to.accountId,
  });
}

/** Sends the confirmation of the account's primary address again. Refuses when it is confirmed already. */
export async function resendConfirmation(
  runtime: Runtime,
  account: { readonly id: AccountId; readonly username: string },
  now: Date,
): Promise<Result<undefined>> {
  return transact(runtime.db, { now }, async (tx) => {
    const primary = (await listAddresses(tx, account.id)).find((one) => one.isPrimary);
    if (!primary || hasStanding(primary)) return refuse(accountRefusals["address-known"]());
    const { address, folded } = primary;
    await sendConfirmation(tx, runtime, {
      accountId: account.id,
      addressId: primary.id,
      username: account.username,
      address,
      folded,
    });
    audit(tx, runtime.random, {
      act: "accounts/confirmation-resent",
      actor: { kind: "subscriber", id: account.id },
      accountId: account.id,
    });
    return ok();
  });
}

/** What the page behind a confirmation link shows. Looking changes nothing: mail scanners follow links. */
export async function peekConfirmation(
  runtime: Runtime,
  token: string,
  now: Date,
): Promise<Result<{ readonly address: string }>> {
  const found = await peekUsable(runtime.db, { purpose: CONFIRM, digests: [digestToken(token)] }, now);
  if (!found.ok) return found;
  const address = await findAddress(runtime.db, found.value.subject as AddressId); // written by sendConfirmation
  return address ? ok({ address: address.address }) : refuse(oneTimeRefusals.unknown());
}

/** Marks the address as proven. Refuses used, old and replaced links, and an address proven elsewhere meanwhile. */
export async function confirmAddress(
  runtime: Runtime,
  token: string,
  source: Source,
  now: Date,
): Promise<Result<{ readonly address: string }>> {
  return transact(runtime.db, { now }, async (tx) => {
    const spent = await spend(tx, { purpose: CONFIRM, digests: [digestToken(token)] });
    if (!spent.ok) return spent;
    const address = await setVerified(tx, spent.value.subject as AddressId); // written by sendConfirmation
    if (!address) return refuse(oneTimeRefusals.revoked());
    audit(tx, runtime.random, {
      act: "accounts/address-confirmed",
      actor: { kind: "subscriber", id: address.accountId },
      accountId: address.accountId,
      facts: { address: address.id },
      personal: { ...source },
    });
    return ok({ address: address.address });
  });
}
