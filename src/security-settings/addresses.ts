import {
  accountRefusals,
  type Address,
  findAccount,
  findAddress,
  hasStanding,
  insertAddress,
  listAddresses,
  maskAddress,
  parseAddress,
  restoreAddress,
  rewriteAddress,
  sendConfirmation,
  setPrimary,
  setRemoved,
} from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import { type AccountId, type AddressId, newId } from "../kernel/ids.ts";
import { digestToken, issueToken, oneTimeRefusals, peekUsable, spend } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { placeHold, requireNoHold } from "../registry/index.ts";
import { endAllSessions } from "../sessions/index.ts";
import { type Self, selfActor } from "./enrol.ts";

const MOST_ADDRESSES = 10;
const UNDO = "undo-address-change";
const UNDO_MS = 72 * 3600_000;

/** Adds an address, which counts once its link was opened. Refuses while addresses are held after a recovery. */
export async function addAddress(runtime: Runtime, self: Self, typed: string): Promise<Result<undefined>> {
  const parsed = parseAddress(typed);
  if (!parsed.ok) return parsed;
  const { id: accountId, username } = self.account;
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Result<undefined>> => {
    const free = await requireNoHold(tx, accountId, "addresses", self.now);
    if (!free.ok) return free;
    if ((await listAddresses(tx, accountId)).length >= MOST_ADDRESSES)
      return refuse(accountRefusals["address-limit"]());
    const addressId = newId("adr", tx.now, runtime.random);
    const isNew = await insertAddress(tx, { id: addressId, accountId, ...parsed.value, isPrimary: false });
    if (!isNew) return refuse(accountRefusals["address-known"]());
    await sendConfirmation(tx, runtime, { accountId, addressId, username, ...parsed.value });
    note(tx, runtime, self, "accounts/address-added", addressId);
    await tell(tx, runtime, self, { what: "added", address: parsed.value.address });
    return ok();
  });
}

/** Sends the confirmation of an address that is not confirmed yet once more. */
export async function confirmAgain(runtime: Runtime, self: Self, id: AddressId): Promise<Result<undefined>> {
  const { id: accountId, username } = self.account;
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Result<undefined>> => {
    const found = await findAddress(tx, id);
    if (found?.accountId !== accountId || found.removedAt) return refuse(accountRefusals["no-such-address"]());
    if (hasStanding(found)) return refuse(accountRefusals["address-known"]());
    const { address, folded } = found;
    await sendConfirmation(tx, runtime, { accountId, addressId: id, username, address, folded });
    note(tx, runtime, self, "accounts/confirmation-resent", id);
    return ok();
  });
}

/**
 * Corrects a mistyped address before any of the account's was confirmed, and mails the link to the right one; the link
 * that went to the wrong one ends. Refuses once an address is confirmed: from then on addresses are added.
 */
export async function correctAddress(runtime: Runtime, self: Self, typed: string): Promise<Result<undefined>> {
  const parsed = parseAddress(typed);
  if (!parsed.ok) return parsed;
  const { id: accountId, username } = self.account;
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Result<undefined>> => {
    const all = await listAddresses(tx, accountId);
    const primary = all.find((one) => one.isPrimary);
    if (!primary || all.some((one) => one.verifiedAt)) return refuse(accountRefusals["address-known"]());
    if (!(await rewriteAddress(tx, primary.id, parsed.value))) return refuse(accountRefusals["address-known"]());
    await sendConfirmation(tx, runtime, { accountId, addressId: primary.id, username, ...parsed.value });
    note(tx, runtime, self, "accounts/address-corrected", primary.id);
    return ok();
  });
}

/**
 * Makes a confirmed address the main one. Every address is told, and those of before get a link that takes it back for
 * 72 hours without signing in. Refuses while addresses are held, and an address that is not confirmed.
 */
export async function makePrimary(runtime: Runtime, self: Self, id: AddressId): Promise<Result<undefined>> {
  const accountId = self.account.id;
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Result<undefined>> => {
    const free = await requireNoHold(tx, accountId, "addresses", self.now);
    if (!free.ok) return free;
    const before = (await listAddresses(tx, accountId)).find((one) => one.isPrimary);
    const chosen = await findAddress(tx, id);
    if (chosen?.accountId !== accountId || chosen.removedAt) return refuse(accountRefusals["no-such-address"]());
    if (chosen.isPrimary) return ok();
    if (!(await setPrimary(tx, accountId, id))) return refuse(accountRefusals["address-others"]());
    note(tx, runtime, self, "accounts/primary-address-changed", id, before && { before: before.id });
    const undo = before && hasStanding(before) ? { before, chosen } : null;
    await tell(tx, runtime, self, { what: "made the main one", address: chosen.address, undo });
    return ok();
  });
}

/**
 * Removes an address; it and all others are told, and it gets a link that takes it back for 72 hours. Refuses the main
 * one, the last confirmed one, and while addresses are held.
 */
export async function removeAddress(runtime: Runtime, self: Self, id: AddressId): Promise<Result<undefined>> {
  const accountId = self.account.id;
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Result<undefined>> => {
    const free = await requireNoHold(tx, accountId, "addresses", self.now);
    if (!free.ok) return free;
    const all = await listAddresses(tx, accountId);
    const found = all.find((one) => one.id === id);
    if (!found) return refuse(accountRefusals["no-such-address"]());
    const counts = hasStanding(found) ? hasStanding : (one: Address) => one.verifiedAt !== null;
    const isLastConfirmed = counts(found) && all.filter(counts).length === 1;
    if (found.isPrimary || isLastConfirmed) return refuse(accountRefusals["address-last"]());
    if (!(await setRemoved(tx, accountId, id))) return refuse(accountRefusals["no-such-address"]());
    note(tx, runtime, self, "accounts/address-removed", id);
    const undo = hasStanding(found) ? { before: found, chosen: null } : null;
    await tell(tx, runtime, self, { what: "removed", address: found.address, undo });
    return ok();
  });
}

interface Change {
  readonly what: "added" | "made the main one" | "removed" | "put back";
  readonly address: string;
  /** The address that may take the change back, and the one that took its place. */
  readonly undo?: { readonly before: Address; readonly chosen: Address | null } | null;
}

/** Tells every confirmed address, the one that was just removed too; the link to take it back goes to that of before alone. */
export async function tell(tx: Tx, runtime: Runtime, self: Self, change: Change): Promise<void> {
  const { id: accountId, username } = self.account;
  const { what, undo } = change;
  const present = (await listAddresses(tx, accountId)).filter((one) => one.verifiedAt);
  const told = undo && !present.some((one) => one.id === undo.before.id) ? [...present, undo.before] : present;
  for (const one of told) {
    const isBefore = undo?.before.id === one.id;
    const undoUrl = isBefore ? await undoLink(tx, runtime, accountId, undo) : undefined;
    await queueMail(tx, runtime, {
      to: one.address,
      message: "addresses-changed",
      params: {
        username,
        what,
        address: maskAddress(change.address),
        when: self.now,
        source: self.source.ip,
        ...(undoUrl === undefined ? {} : { undoUrl }),
      },
      accountId,
    });
  }
}

async function undoLink(
  tx: Tx,
  runtime: Runtime,
  accountId: AccountId,
  undo: { readonly before: Address; readonly chosen: Address | null },
): Promise<string> {
  const { token } = await issueToken(tx, runtime.random, {
    purpose: UNDO,
    subject: accountId,
    detail: { before: undo.before.id, chosen: undo.chosen?.id ?? null },
    expiresAt: new Date(tx.now.getTime() + UNDO_MS),
  });
  return new URL(`/undo-address/${token.reveal()}`, runtime.publicUrl).href;
}

export const note = (
  tx: Tx,
  runtime: Runtime,
  self: Self,
  act: string,
  address: AddressId,
  more: { readonly before?: AddressId } = {},
): void =>
  audit(tx, runtime.random, {
    act,
    actor: selfActor(self),
    accountId: self.account.id,
    facts: { address, ...more },
    personal: { ...self.source },
  });

/** What the page behind an undo link shows. Looking changes nothing. */
export async function peekAddressUndo(
  runtime: Runtime,
  token: string,
  now: Date,
): Promise<Result<{ readonly username: string; readonly address: string }>> {
  const found = await peekUsable(runtime.db, { purpose: UNDO, digests: [digestToken(token)] }, now);
  if (!found.ok) return found;
  const account = await findAccount(runtime.db, found.value.subject as AccountId); // written by undoLink
  const before = await findAddress(runtime.db, found.value.detail["before"] as AddressId); // written by undoLink
  return account && before
    ? ok({ username: account.username, address: before.address })
    : refuse(oneTimeRefusals.unknown());
}

/**
 * Takes an address change back, by whoever reads the address of before: it is the main address again, the one that took
 * its place is removed, every session ends, and addresses are held for 72 hours, so that nobody changes them to and fro.
 * Refuses used and old links, and where the address is somebody else's by now.
 */
export async function undoAddressChange(
  runtime: Runtime,
  token: string,
  source: Source,
  now: Date,
): Promise<Result<{ readonly username: string }>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<{ readonly username: string }>> => {
    const spent = await spend(tx, { purpose: UNDO, digests: [digestToken(token)] });
    if (!spent.ok) return spent;
    const accountId = spent.value.subject as AccountId; // this and both ids below were written by undoLink
    const before = spent.value.detail["before"] as AddressId;
    const chosen = spent.value.detail["chosen"] as AddressId | null;
    const account = await findAccount(tx, accountId);
    if (!account || !(await restoreAddress(tx, before)) || !(await setPrimary(tx, accountId, before)))
      return refuse(oneTimeRefusals.revoked());
    if (chosen) await setRemoved(tx, accountId, chosen);
    const actor = { kind: "anyone" } as const;
    await endAllSessions(tx, runtime.random, { accountId, because: "an address change was taken back", actor });
    await placeHold(tx, runtime.random, {
      accountId,
      powers: ["addresses"],
      caseId: null,
      until: new Date(now.getTime() + UNDO_MS),
      because: "an address change was taken back",
      actor,
    });
    audit(tx, runtime.random, {
      act: "accounts/address-change-undone",
      actor,
      accountId,
      facts: { before, chosen },
      personal: { ...source },
    });
    const restored = await findAddress(tx, before);
    for (const one of (await listAddresses(tx, accountId)).filter((address) => address.verifiedAt)) {
      const params = {
        username: account.username,
        what: "put back" as const,
        address: maskAddress(restored?.address ?? ""),
        when: now,
        source: source.ip,
      };
      await queueMail(tx, runtime, { to: one.address, message: "addresses-changed", params, accountId });
    }
    return ok({ username: account.username });
  });
}
