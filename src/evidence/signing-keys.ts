import { audit, type AuditActor } from "../audit/index.ts";
import { parseSshPublicKey } from "../kernel/crypto/sshsig.ts";
import type { Reader } from "../kernel/db/database.ts";
import { lockName, transact, type Tx } from "../kernel/db/transact.ts";
import { type AccountId, newId, type SigningKeyId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { requireNoHold } from "../registry/index.ts";
import { tellOfKey } from "./key-mails.ts";
import { evidenceRefusals } from "./refusals.ts";
import { refusePasted } from "./secrets-in-text/end.ts";
import { insertSigningKey, selectSigningKeys, setKeyRevoked } from "./store.ts";
import type { SigningKey } from "./types.ts";

const MOST_KEYS = 20;

export interface NewSigningKey {
  readonly accountId: AccountId;
  /** The one line of a `.pub` file, as pasted. */
  readonly line: string;
  readonly actor: AuditActor;
  readonly now: Date;
}

/**
 * Registers an SSH public key for later recovery, and tells every confirmed address. Refuses what is no such line, weak
 * keys, certificates, a pasted private key (which is kept nowhere), a key the account has, more than 20, and everything
 * while a hold stands.
 */
export async function registerSigningKey(runtime: Runtime, input: NewSigningKey): Promise<Result<SigningKey>> {
  const parsed = parseSshPublicKey(input.line);
  if (!parsed.ok) return refusePasted(runtime, parsed.refusal, input.line, input);
  const { type, blob, fingerprint, comment, hardware } = parsed.value;
  return transact(runtime.db, { now: input.now }, async (tx) => {
    const free = await requireNoHold(tx, input.accountId, "keys", tx.now);
    if (!free.ok) return free;
    await lockName(tx.as<unknown>(), `signing-keys ${input.accountId}`); // the limit counts what others add now
    if ((await selectSigningKeys(tx, input.accountId)).length >= MOST_KEYS)
      return refuse(evidenceRefusals["too-many-keys"]());
    const { accountId } = input;
    const key = {
      id: newId("key", tx.now, runtime.random),
      accountId,
      type,
      blob,
      fingerprint,
      comment,
      isHardware: hardware,
    };
    if (!(await insertSigningKey(tx, key))) return refuse(evidenceRefusals["key-known"]());
    await tellOfKey(tx, runtime, accountId, "ssh-key-added", { name: comment || type, fingerprint });
    audit(tx, runtime.random, {
      act: "evidence/signing-key-registered",
      actor: input.actor,
      accountId,
      facts: { key: key.id, type },
      personal: { comment, fingerprint },
    });
    return ok({ ...key, boundAt: tx.now, revokedAt: null });
  });
}

/** The keys of an account that count, oldest first. */
export const listSigningKeys = (reader: Reader, accountId: AccountId): Promise<readonly SigningKey[]> =>
  selectSigningKeys(reader, accountId);

interface OneKey {
  readonly id: SigningKeyId;
  readonly accountId: AccountId;
  readonly actor: AuditActor;
}

/** Takes a key away for good, and tells every confirmed address; signatures by it count no more. Refuses a key the account does not have. */
export const revokeSigningKey = (
  runtime: Runtime,
  input: OneKey & { readonly now: Date },
): Promise<Result<undefined>> => transact(runtime.db, { now: input.now }, (tx) => dropSigningKey(tx, runtime, input));

/** As `revokeSigningKey`, in the caller's transaction. */
export async function dropSigningKey(tx: Tx, runtime: Runtime, input: OneKey): Promise<Result<undefined>> {
  const revoked = await setKeyRevoked(tx, input, "removed");
  if (!revoked) return refuse(evidenceRefusals["no-such-key"]());
  await tellOfKey(tx, runtime, input.accountId, "recovery-key-removed", {
    what: "SSH key",
    name: revoked.fingerprint,
    why: "removed",
  });
  audit(tx, runtime.random, {
    act: "evidence/signing-key-revoked",
    actor: input.actor,
    accountId: input.accountId,
    facts: { key: input.id },
    personal: { fingerprint: revoked.fingerprint },
  });
  return ok();
}
