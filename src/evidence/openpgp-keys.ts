import { findAccount } from "../accounts/index.ts";
import { audit, type AuditActor } from "../audit/index.ts";
import {
  checkOpenpgpSignature,
  type OpenpgpKey,
  readOpenpgpKey,
  readOpenpgpSignature,
} from "../kernel/crypto/openpgp.ts";
import type { Reader } from "../kernel/db/database.ts";
import { lockName, transact, type Tx } from "../kernel/db/transact.ts";
import { type AccountId, newId, type SigningKeyId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { requireNoHold } from "../registry/index.ts";
import { tellOfKey } from "./key-mails.ts";
import {
  deletePendingKey,
  selectOpenpgpKeys,
  selectPendingKey,
  setKeyBound,
  setKeyRefreshed,
  setOpenpgpKeyRevoked,
  setPendingKey,
} from "./openpgp-store.ts";
import { evidenceRefusals } from "./refusals.ts";
import { refusePasted } from "./secrets-in-text/end.ts";
import type { BoundOpenpgpKey, PendingOpenpgpKey } from "./types.ts";

/*
 * Binding an OpenPGP key takes two steps: the public key is pasted, then a text is signed with it. Without the signature
 * somebody could bind the public key of another person, and a thief a key that he hopes to get.
 */

const MOST_KEYS = 10;
const HOUR_MS = 3600_000;
const NONCE_BYTES = 24;
/** Not the word of recovery: a signature given here must never be worth anything in a case. */
const PURPOSE = "locksmith-key-binding";

interface ByOwner {
  readonly accountId: AccountId;
  readonly actor: AuditActor;
  readonly now: Date;
}

const rowOf = (key: OpenpgpKey) => ({
  fingerprint: key.fingerprint,
  signers: [...key.signers],
  blob: key.blob,
  user_ids: [...key.userIds],
  algorithm: key.algorithm,
  made_at: key.madeAt,
  expires_at: key.expiresAt,
});

/**
 * Takes a pasted public key. A new one then waits an hour for its signature; a newer export of one that the account has
 * takes its place at once, and counts as changed today. Refuses what `readOpenpgpKey` refuses, a key that is bound and
 * unchanged, more than 10, and everything while a hold stands.
 */
export async function pasteOpenpgpKey(
  runtime: Runtime,
  input: ByOwner & { readonly armored: string },
): Promise<Result<"waits" | "refreshed">> {
  const { accountId, actor, now } = input;
  const read = await readOpenpgpKey(input.armored, now);
  if (!read.ok) return refusePasted(runtime, read.refusal, input.armored, input);
  const key = read.value;
  const audited = (await selectOpenpgpKeys(runtime.db, accountId)).some((one) => one.fingerprint === key.fingerprint);
  const how = audited ? { now } : { now, bookkeeping: "a key that waits for its signature" };
  return transact(runtime.db, how, async (tx): Promise<Result<"waits" | "refreshed">> => {
    const free = await requireNoHold(tx, accountId, "keys", now);
    if (!free.ok) return free;
    await lockName(tx.as<unknown>(), `openpgp-keys ${accountId}`); // the limit counts what others add now
    const bound = await selectOpenpgpKeys(tx, accountId);
    const same = bound.find((one) => one.fingerprint === key.fingerprint);
    if (!same || !audited) {
      if (same) return refuse(evidenceRefusals["key-known"]());
      if (bound.length >= MOST_KEYS) return refuse(evidenceRefusals["too-many-openpgp-keys"]());
      await setPendingKey(tx, {
        ...rowOf(key),
        id: newId("key", tx.now, runtime.random),
        account_id: accountId,
        nonce: runtime.random.bytes(NONCE_BYTES).toString("base64url"),
        nonce_until: new Date(tx.now.getTime() + HOUR_MS),
      });
      return ok("waits");
    }
    if (same.blob.equals(key.blob)) return refuse(evidenceRefusals["key-known"]());
    await setKeyRefreshed(tx, same.id, rowOf(key));
    await tellOfKey(tx, runtime, accountId, "openpgp-key-added", { fingerprint: key.fingerprint, isNew: false });
    audit(tx, runtime.random, {
      act: "evidence/openpgp-key-refreshed",
      actor,
      accountId,
      facts: { key: same.id },
      personal: { fingerprint: key.fingerprint },
    });
    return ok("refreshed");
  });
}

/** The one line to sign. Only letters, digits and `- _ . : [ ]`, so that it stands between single quotes in any shell. */
export const bindingText = (publicUrl: URL, username: string, key: PendingOpenpgpKey): string =>
  `${PURPOSE} key ${key.fingerprint} of ${username} at ${publicUrl.host} value ${key.nonce} until ${key.nonceUntil.toISOString()}`;

/** The key that waits for its signature, with the text to sign; null where none does. */
export async function pendingOpenpgpKey(
  runtime: Runtime,
  account: { readonly id: AccountId; readonly username: string },
  now: Date,
): Promise<{ readonly key: PendingOpenpgpKey; readonly text: string } | null> {
  const key = await selectPendingKey(runtime.db, account.id, now);
  return key && { key, text: bindingText(runtime.publicUrl, account.username, key) };
}

/**
 * Binds the waiting key by a signature over its text, and tells every confirmed address. Refuses where no key waits, what
 * is no sound signature, one that does not fit, and everything while a hold stands.
 */
export async function confirmOpenpgpKey(
  runtime: Runtime,
  input: ByOwner & { readonly signature: string },
): Promise<Result<undefined>> {
  const { accountId, actor, now } = input;
  const signature = await readOpenpgpSignature(input.signature);
  if (!signature.ok) return refusePasted(runtime, signature.refusal, input.signature, input);
  const account = await findAccount(runtime.db, accountId);
  const pending = account && (await pendingOpenpgpKey(runtime, account, now));
  if (!pending) return refuse(evidenceRefusals["no-pending-key"]());
  const { key, text } = pending;
  const fits = await checkOpenpgpSignature(signature.value, text, key.blob, now);
  if (!fits.ok) return fits;
  if (!fits.value) return refuse(evidenceRefusals["binding-does-not-fit"]());
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const free = await requireNoHold(tx, accountId, "keys", now);
    if (!free.ok) return free;
    await lockName(tx.as<unknown>(), `openpgp-keys ${accountId}`);
    const bound = await selectOpenpgpKeys(tx, accountId);
    if (bound.some((one) => one.fingerprint === key.fingerprint)) return refuse(evidenceRefusals["key-known"]());
    if (bound.length >= MOST_KEYS) return refuse(evidenceRefusals["too-many-openpgp-keys"]());
    if (!(await setKeyBound(tx, key))) return refuse(evidenceRefusals["no-pending-key"]());
    await tellOfKey(tx, runtime, accountId, "openpgp-key-added", { fingerprint: key.fingerprint, isNew: true });
    audit(tx, runtime.random, {
      act: "evidence/openpgp-key-bound",
      actor,
      accountId,
      facts: { key: key.id, algorithm: key.algorithm },
      personal: { fingerprint: key.fingerprint, userIds: key.userIds.join(", ").slice(0, 500) },
    });
    return ok();
  });
}

/** Forgets a key that waits for its signature. */
export const forgetPendingOpenpgpKey = (
  runtime: Runtime,
  accountId: AccountId,
  now: Date,
): Promise<Result<undefined>> =>
  transact(runtime.db, { now, bookkeeping: "a key that waits for its signature" }, async (tx) => {
    await deletePendingKey(tx, accountId);
    return ok();
  });

/** The OpenPGP keys of an account that count, oldest first. */
export const listOpenpgpKeys = (reader: Reader, accountId: AccountId): Promise<readonly BoundOpenpgpKey[]> =>
  selectOpenpgpKeys(reader, accountId);

/** Takes a key away for good, and tells every confirmed address. Refuses a key the account does not have. */
export const revokeOpenpgpKey = (
  runtime: Runtime,
  input: ByOwner & { readonly id: SigningKeyId },
): Promise<Result<undefined>> => transact(runtime.db, { now: input.now }, (tx) => dropOpenpgpKey(tx, runtime, input));

/** As `revokeOpenpgpKey`, in the caller's transaction. */
export async function dropOpenpgpKey(
  tx: Tx,
  runtime: Runtime,
  input: Omit<ByOwner, "now"> & { readonly id: SigningKeyId },
): Promise<Result<undefined>> {
  const revoked = await setOpenpgpKeyRevoked(tx, input, "removed");
  if (!revoked) return refuse(evidenceRefusals["no-such-key"]());
  const { fingerprint } = revoked;
  await tellOfKey(tx, runtime, input.accountId, "recovery-key-removed", {
    what: "OpenPGP key",
    name: fingerprint,
    why: "removed",
  });
  audit(tx, runtime.random, {
    act: "evidence/openpgp-key-revoked",
    actor: input.actor,
    accountId: input.accountId,
    facts: { key: input.id },
    personal: { fingerprint },
  });
  return ok();
}
