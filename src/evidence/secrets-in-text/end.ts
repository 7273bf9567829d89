import { findAccount, listAddresses } from "../../accounts/index.ts";
import { audit, type AuditActor } from "../../audit/index.ts";
import { burnCode } from "../../authenticators/index.ts";
import { fingerprintsOfOpenpgpPrivateKey } from "../../kernel/crypto/openpgp-private.ts";
import { fingerprintOfPrivateKey } from "../../kernel/crypto/private-key.ts";
import { transact, type Tx } from "../../kernel/db/transact.ts";
import type { CaseId } from "../../kernel/ids.ts";
import type { Refusal } from "../../kernel/refusal.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { queueMail } from "../../notifications/index.ts";
import { revokeLeakedToken } from "../../registry/index.ts";
import { setLeaked } from "../forge/store.ts";
import { tellOfKey } from "../key-mails.ts";
import { selectOpenpgpBySigner, setOpenpgpKeyRevoked } from "../openpgp-store.ts";
import { selectKeysByFingerprint, setKeyRevoked } from "../store.ts";
import { type FoundSecret, scanText, type SecretKind } from "./scan.ts";

/** Where a text was typed. */
export interface TypedIn {
  readonly actor: AuditActor;
  readonly caseId: CaseId | null;
  readonly now: Date;
}

export interface TakenText {
  /** What may be kept. */
  readonly clean: string;
  /** What was cut out, what became of it, and what to do; null where nothing was. */
  readonly told: string | null;
}

const WHERE = "a text that was sent to us and not kept";
const LEAKED = "its private part was pasted into a text";
/** Each is looked up; whoever pastes more of them is told of all. */
const MOST_ENDED = 40;

type What = SecretKind | "unread-key";

/** One sentence or two for each: what it was, what became of it, what to do. Says nothing of whose it is. */
const SENTENCES: Readonly<Record<What, string>> = {
  "private-key":
    "A private key: if it is registered here, it counts for nothing any more. Replace it wherever else you use it.",
  "unread-key":
    "A private key that we cannot open, because it is locked or cut off: replace it wherever you use it, and remove it here if it is registered.",
  "api-token": "An API token of this index: it can publish nothing any more.",
  "recovery-code": "A recovery code: it opens nothing any more. The others of its set still do.",
  "foreign-token": "A token of another service, or a damaged one: revoke it where it was made.",
  "app-secret": "The secret of an authenticator app: set that app up anew wherever it is used.",
  "own-link": "A link of ours that opens something: it still works, and is for you alone.",
};

/**
 * Takes in what somebody typed: looks for secrets, makes those of ours worthless whoever's they are, tells their owners,
 * and gives the text without them. The ending is committed before it returns, whatever becomes of the text. Costs one
 * reading of the text where there is nothing to find.
 */
export async function takeText(runtime: Runtime, text: string, typedIn: TypedIn): Promise<TakenText> {
  const taken = await takeTexts(runtime, { text }, typedIn);
  return { clean: taken.clean.text, told: taken.told };
}

/** A refusal of what was pasted on a page of keys; where a secret was, it ends, and the refusal says what became of it. */
export async function refusePasted(
  runtime: Runtime,
  refusal: Refusal,
  text: string,
  by: { readonly actor: AuditActor; readonly now: Date },
): Promise<Result<never>> {
  const { told } = await takeText(runtime, text, { actor: by.actor, caseId: null, now: by.now });
  return refuse(told === null ? refusal : { ...refusal, detail: told });
}

/** `takeText` for several fields of one form. */
export async function takeTexts<K extends string>(
  runtime: Runtime,
  texts: Readonly<Record<K, string>>,
  typedIn: TypedIn,
): Promise<{ readonly clean: Readonly<Record<K, string>>; readonly told: string | null }> {
  const clean: Record<string, string> = {};
  const found: FoundSecret[] = [];
  for (const [name, text] of Object.entries<string>(texts)) {
    const scanned = scanText(text);
    clean[name] = scanned.clean;
    found.push(...scanned.found);
  }
  const told = found.length === 0 ? null : await endSecrets(runtime, found, typedIn);
  return { clean: clean as Record<K, string>, told }; // one for each of the given names
}

async function endSecrets(runtime: Runtime, found: readonly FoundSecret[], typedIn: TypedIn): Promise<string> {
  const whats = new Set<What>();
  for (const one of found.slice(0, MOST_ENDED)) {
    const keys = one.kind === "private-key" ? await keysOf(one.value) : [];
    whats.add(one.kind === "private-key" && keys.length === 0 ? "unread-key" : one.kind);
    await transact(runtime.db, { now: typedIn.now }, async (tx) => {
      await endOne(tx, runtime, one, keys, typedIn);
      audit(tx, runtime.random, {
        act: "evidence/secret-pasted",
        actor: typedIn.actor,
        caseId: typedIn.caseId,
        facts: { kind: one.kind },
      });
      return ok();
    });
  }
  for (const { kind } of found.slice(MOST_ENDED)) whats.add(kind === "private-key" ? "unread-key" : kind);
  return [...whats].map((what) => SENTENCES[what]).join(" ");
}

/** Fingerprints of the keys whose private part this is, as far as it can be opened. */
async function keysOf(text: string): Promise<readonly string[]> {
  const ssh = fingerprintOfPrivateKey(text);
  return ssh === null ? fingerprintsOfOpenpgpPrivateKey(text) : [ssh];
}

async function endOne(
  tx: Tx,
  runtime: Runtime,
  { kind, value }: FoundSecret,
  keys: readonly string[],
  typedIn: TypedIn,
): Promise<void> {
  if (kind === "api-token") await endToken(tx, runtime, value);
  if (kind === "recovery-code") await endCode(tx, runtime, value, typedIn);
  for (const fingerprint of keys) await endKey(tx, runtime, fingerprint, typedIn);
}

async function endToken(tx: Tx, runtime: Runtime, text: string): Promise<void> {
  const ended = await revokeLeakedToken(tx, runtime.random, { text, foundAt: WHERE });
  if (!ended?.wasLive) return;
  const { account, token } = ended;
  const params = { username: account.username, name: token.name, where: WHERE, when: tx.now };
  for (const { address, verifiedAt } of await listAddresses(tx, account.id)) {
    if (verifiedAt)
      await queueMail(tx, runtime, { to: address, message: "api-token-leaked", params, accountId: account.id });
  }
}

async function endCode(tx: Tx, runtime: Runtime, text: string, { actor, caseId }: TypedIn): Promise<void> {
  const burned = await burnCode(tx, runtime, text);
  const account = burned && (await findAccount(tx, burned.accountId));
  if (!account) return;
  audit(tx, runtime.random, {
    act: "authenticators/recovery-code-burned",
    actor,
    accountId: account.id,
    caseId,
    facts: { left: burned.unused },
    personal: { where: WHERE },
  });
  const params = { username: account.username, when: tx.now, where: WHERE, left: burned.unused };
  for (const { address, verifiedAt } of await listAddresses(tx, account.id)) {
    if (verifiedAt)
      await queueMail(tx, runtime, { to: address, message: "recovery-code-burned", params, accountId: account.id });
  }
}

/** Ends the registration of a key on every account that has it: whoever typed the private part, it has been on its way. */
async function endKey(tx: Tx, runtime: Runtime, fingerprint: string, typedIn: TypedIn): Promise<void> {
  const isSsh = fingerprint.startsWith("SHA256:");
  const known = isSsh
    ? await selectKeysByFingerprint(tx, fingerprint)
    : await selectOpenpgpBySigner(tx, { fingerprint, id: fingerprint.slice(-16) });
  if (isSsh) await endForgeKeys(tx, runtime, fingerprint, typedIn);
  for (const key of known) {
    if (key.revokedAt !== null) continue;
    const ended = isSsh ? await setKeyRevoked(tx, key, LEAKED) : await setOpenpgpKeyRevoked(tx, key, LEAKED);
    if (!ended) continue;
    await tellOfKey(tx, runtime, key.accountId, "recovery-key-removed", {
      what: isSsh ? "SSH key" : "OpenPGP key",
      name: key.fingerprint,
      why: "leaked",
    });
    audit(tx, runtime.random, {
      act: isSsh ? "evidence/signing-key-revoked" : "evidence/openpgp-key-revoked",
      actor: typedIn.actor,
      accountId: key.accountId,
      caseId: typedIn.caseId,
      facts: { key: key.id, because: LEAKED },
      personal: { fingerprint: key.fingerprint },
    });
  }
}

/** The same for keys that are pinned from a forge's list: they stay on the list, and never count here again. */
async function endForgeKeys(tx: Tx, runtime: Runtime, fingerprint: string, typedIn: TypedIn): Promise<void> {
  for (const accountId of await setLeaked(tx, fingerprint)) {
    await tellOfKey(tx, runtime, accountId, "recovery-key-removed", {
      what: "SSH key",
      name: fingerprint,
      why: "leaked",
    });
    audit(tx, runtime.random, {
      act: "evidence/forge-key-leaked",
      actor: typedIn.actor,
      accountId,
      caseId: typedIn.caseId,
      personal: { fingerprint },
    });
  }
}
