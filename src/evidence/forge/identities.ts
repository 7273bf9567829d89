import { findAccount } from "../../accounts/index.ts";
import { audit, type AuditActor } from "../../audit/index.ts";
import { type SshPublicKey, sshsigRefusals, verifySshSignature } from "../../kernel/crypto/sshsig.ts";
import type { Reader } from "../../kernel/db/database.ts";
import { lockName, transact, type Tx } from "../../kernel/db/transact.ts";
import { type AccountId, type ForgeIdentityId, newId } from "../../kernel/ids.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { requireNoHold } from "../../registry/index.ts";
import { tellOfKey } from "../key-mails.ts";
import { readSigner } from "../kinds/ssh-signature/signer.ts";
import { evidenceRefusals } from "../refusals.ts";
import { refusePasted } from "../secrets-in-text/end.ts";
import { type Forges, isForgeName } from "./list.ts";
import {
  type BoundForge,
  deletePendingForge,
  type PendingForge,
  type PinnedKey,
  selectForges,
  selectPendingForge,
  selectPinned,
  setForgeBound,
  setForgeRemoved,
  setPendingForge,
  setSeen,
} from "./store.ts";

/*
 * A forge account is bound by a signature with one of the keys that the forge lists for it: whoever can make it is the one
 * whom the forge lets push. From then on the list is looked at every night (`pin.ts`).
 */

const MOST_FORGES = 5;
const HOUR_MS = 3600_000;
const NONCE_BYTES = 24;
/** What `ssh-keygen -n` is given here; not that of recovery, nor that of the drill. */
export const FORGE_NAMESPACE = "locksmith-forge";
/** A shell that is not asked kindly adds a line end; with the nonce in the text that gives nothing away. */
const LINE_ENDS = ["", "\n", "\r\n"];

interface ByOwner {
  readonly accountId: AccountId;
  readonly actor: AuditActor;
  readonly now: Date;
}

const isSame = (a: { host: string; name: string }, b: { host: string; name: string }): boolean =>
  a.host === b.host && a.name.toLowerCase() === b.name.toLowerCase();

/** Begins binding a forge account: it waits an hour for the signature. Nothing is asked of the forge yet. */
export async function nameForge(
  runtime: Runtime,
  forges: Forges,
  input: ByOwner & { readonly host: string; readonly name: string },
): Promise<Result<undefined>> {
  const { accountId, host, name, now } = input;
  if (!forges.hosts.includes(host)) return refuse(evidenceRefusals["unknown-forge"]());
  if (!isForgeName(name)) return refuse(evidenceRefusals["forge-name"]());
  return transact(runtime.db, { now, bookkeeping: "a forge account that waits for its signature" }, async (tx) => {
    const free = await requireNoHold(tx, accountId, "keys", now);
    if (!free.ok) return free;
    const bound = await selectForges(tx, accountId);
    if (bound.some((one) => isSame(one, input))) return refuse(evidenceRefusals["forge-known"]());
    if (bound.length >= MOST_FORGES) return refuse(evidenceRefusals["too-many-forges"]());
    await setPendingForge(tx, {
      id: newId("frg", now, runtime.random),
      accountId,
      host,
      name,
      nonce: runtime.random.bytes(NONCE_BYTES).toString("base64url"),
      nonceUntil: new Date(now.getTime() + HOUR_MS),
    });
    return ok();
  });
}

/** The one line to sign. Only letters, digits and `- _ . : [ ]`, so that it stands between single quotes in any shell. */
export const forgeText = (publicUrl: URL, username: string, pending: PendingForge): string =>
  `${FORGE_NAMESPACE} account ${pending.name} of ${pending.host} for ${username} at ${publicUrl.host} value ${pending.nonce} until ${pending.nonceUntil.toISOString()}`;

/** The forge account that waits for its signature, with the text to sign; null where none does. */
export async function pendingForge(
  runtime: Runtime,
  account: { readonly id: AccountId; readonly username: string },
  now: Date,
): Promise<{ readonly forge: PendingForge; readonly text: string } | null> {
  const forge = await selectPendingForge(runtime.db, account.id, now);
  return forge && { forge, text: forgeText(runtime.publicUrl, account.username, forge) };
}

/**
 * Binds the waiting forge account: asks the forge for its list, and checks the signature with the key of the list that
 * made it. Every key of the list is pinned as first seen now, and every confirmed address is told. Refuses where nothing
 * waits, where the forge does not answer or knows no such name, a key that is not on its list, and a signature that fails.
 */
export async function confirmForge(
  runtime: Runtime,
  forges: Forges,
  input: ByOwner & { readonly signature: string },
): Promise<Result<undefined>> {
  const { accountId, actor, now } = input;
  const signer = readSigner(input.signature);
  if (!signer.ok) return refusePasted(runtime, signer.refusal, input.signature, input);
  const account = await findAccount(runtime.db, accountId);
  const pending = account && (await pendingForge(runtime, account, now));
  if (!pending) return refuse(evidenceRefusals["no-pending-forge"]());
  const { forge, text } = pending;
  const listed = await forges.keysOf(forge.host, forge.name);
  if (!listed.ok) return listed;
  const key = listed.value.find((one) => one.fingerprint === signer.value.fingerprint);
  if (!key) return refuse(evidenceRefusals["not-on-the-list"]());
  const checked = checkSignature(input.signature, text, key);
  if (!checked.ok) return checked;
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const free = await requireNoHold(tx, accountId, "keys", now);
    if (!free.ok) return free;
    await lockName(tx.as<unknown>(), `forges ${accountId}`); // the limit counts what others add now
    const bound = await selectForges(tx, accountId);
    if (bound.some((one) => isSame(one, forge))) return refuse(evidenceRefusals["forge-known"]());
    if (bound.length >= MOST_FORGES) return refuse(evidenceRefusals["too-many-forges"]());
    if (!(await setForgeBound(tx, forge, key.fingerprint))) return refuse(evidenceRefusals["no-pending-forge"]());
    for (const one of listed.value) await setSeen(tx, forge.id, one, true);
    await tellOfKey(tx, runtime, accountId, "forge-account-added", { forge: `${forge.host}/${forge.name}` });
    audit(tx, runtime.random, {
      act: "evidence/forge-bound",
      actor,
      accountId,
      facts: { forge: forge.id, host: forge.host, keys: listed.value.length },
      personal: { name: forge.name, fingerprint: key.fingerprint },
    });
    return ok();
  });
}

function checkSignature(armored: string, text: string, key: SshPublicKey): Result<undefined> {
  for (const end of LINE_ENDS) {
    const checked = verifySshSignature({ armored, message: text + end, namespace: FORGE_NAMESPACE, key });
    if (checked.ok) return ok();
    if (checked.refusal.code !== "sshsig/bad-signature") return checked;
  }
  return refuse(sshsigRefusals["bad-signature"]());
}

/** Forgets a forge account that waits for its signature. */
export const forgetPendingForge = (runtime: Runtime, accountId: AccountId, now: Date): Promise<Result<undefined>> =>
  transact(runtime.db, { now, bookkeeping: "a forge account that waits for its signature" }, async (tx) => {
    await deletePendingForge(tx, accountId);
    return ok();
  });

export interface ForgeWithKeys extends BoundForge {
  readonly keys: readonly PinnedKey[];
}

/** The forge accounts that are bound, each with the keys that were ever on its list. */
export async function listForges(reader: Reader, accountId: AccountId): Promise<readonly ForgeWithKeys[]> {
  const forges = await selectForges(reader, accountId);
  const keys = await selectPinned(
    reader,
    forges.map(({ id }) => id),
  );
  return forges.map((forge) => ({ ...forge, keys: keys.filter(({ identityId }) => identityId === forge.id) }));
}

/** Takes a forge account away for good, and tells every confirmed address; its keys count no more. */
export const removeForge = (
  runtime: Runtime,
  input: ByOwner & { readonly id: ForgeIdentityId },
): Promise<Result<undefined>> => transact(runtime.db, { now: input.now }, (tx) => dropForge(tx, runtime, input));

/** As `removeForge`, in the caller's transaction. */
export async function dropForge(
  tx: Tx,
  runtime: Runtime,
  input: Omit<ByOwner, "now"> & { readonly id: ForgeIdentityId },
): Promise<Result<undefined>> {
  const removed = await setForgeRemoved(tx, input, "removed");
  if (!removed) return refuse(evidenceRefusals["no-such-forge"]());
  const { accountId } = input;
  const name = `${removed.host}/${removed.name}`;
  await tellOfKey(tx, runtime, accountId, "recovery-key-removed", { what: "forge account", name, why: "removed" });
  audit(tx, runtime.random, {
    act: "evidence/forge-removed",
    actor: input.actor,
    accountId,
    facts: { forge: input.id, host: removed.host },
    personal: { name: removed.name },
  });
  return ok();
}
