import { audit } from "../../audit/index.ts";
import type { SshPublicKey } from "../../kernel/crypto/sshsig.ts";
import { transact } from "../../kernel/db/transact.ts";
import { ok, type Result } from "../../kernel/result.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { evidenceRefusals } from "../refusals.ts";
import type { Forges } from "./list.ts";
import {
  type BoundForge,
  noteAsked,
  type PinnedKey,
  selectDueForges,
  selectPinned,
  setGone,
  setSeen,
} from "./store.ts";

/*
 * The nightly look at every bound forge account. A key counts from the night on which it was first seen, so that a thief
 * who gets into the forge account, by the same mailbox perhaps, finds that the key he puts there is worth nothing in time.
 */

const NIGHT_MS = 20 * 3600_000;
/** Identities of one run; the job repeats it through the night. */
const AT_ONCE = 500;
const ASKED_TOGETHER = 8;
/** Nights in a row after which a name that the forge does not know is gone: one may be a mistake of the forge. */
const MISSING_NIGHTS = 3;

/** What a night's list changes. */
export interface ListChanges {
  /** New, or back after it was away: first seen now. */
  readonly appeared: readonly SshPublicKey[];
  readonly stayed: readonly SshPublicKey[];
  /** Fingerprints. */
  readonly vanished: readonly string[];
}

/** Compares a list with what was pinned. Pure. */
export function compareLists(pinned: readonly PinnedKey[], listed: readonly SshPublicKey[]): ListChanges {
  const there = new Set(pinned.filter(({ goneAt }) => goneAt === null).map(({ fingerprint }) => fingerprint));
  const now = new Set(listed.map(({ fingerprint }) => fingerprint));
  return {
    appeared: listed.filter(({ fingerprint }) => !there.has(fingerprint)),
    stayed: listed.filter(({ fingerprint }) => there.has(fingerprint)),
    vanished: [...there].filter((fingerprint) => !now.has(fingerprint)),
  };
}

/**
 * Asks about the forge accounts that were not asked about in the last 20 hours, at most 500, eight at a time. A forge that
 * does not answer says nothing: its keys stay as they were. After three nights without the name its keys are gone.
 */
export async function pinForgeKeys(
  runtime: Runtime,
  forges: Forges,
  now: Date,
): Promise<{ readonly asked: number; readonly changed: number }> {
  const due = await selectDueForges(runtime.db, new Date(now.getTime() - NIGHT_MS), AT_ONCE);
  let changed = 0;
  for (let at = 0; at < due.length; at += ASKED_TOGETHER) {
    const group = due.slice(at, at + ASKED_TOGETHER);
    const answers = await Promise.all(
      group.map(async (forge) => ({ forge, listed: await forges.keysOf(forge.host, forge.name) })),
    );
    for (const { forge, listed } of answers) changed += (await noteList(runtime, forge, listed, now)) ? 1 : 0;
  }
  return { asked: due.length, changed };
}

/** @returns whether anything is different from now on */
async function noteList(
  runtime: Runtime,
  forge: BoundForge,
  listed: Result<readonly SshPublicKey[]>,
  now: Date,
): Promise<boolean> {
  const isMissing = !listed.ok && listed.refusal.code === evidenceRefusals["no-such-forge-name"]().code;
  const missingNights = isMissing ? forge.missingNights + 1 : listed.ok ? 0 : forge.missingNights;
  const list = listed.ok ? listed.value : missingNights >= MISSING_NIGHTS ? [] : null;
  let isChanged = false;
  await transact(runtime.db, { now, bookkeeping: "a forge's list was as before" }, async (tx) => {
    isChanged = false; // a transaction may be run again
    if (!(await noteAsked(tx, forge.id, { missingNights, isAnswered: listed.ok }))) return ok();
    if (list === null) return ok();
    const { appeared, stayed, vanished } = compareLists(await selectPinned(tx, [forge.id]), list);
    for (const key of appeared) await setSeen(tx, forge.id, key, true);
    for (const key of stayed) await setSeen(tx, forge.id, key, false);
    await setGone(tx, forge.id, vanished);
    isChanged = appeared.length + vanished.length > 0;
    if (!isChanged) return ok();
    audit(tx, runtime.random, {
      act: "evidence/forge-keys-changed",
      actor: { kind: "clock" },
      accountId: forge.accountId,
      facts: { forge: forge.id, host: forge.host, appeared: appeared.length, vanished: vanished.length },
      personal: { name: forge.name, appeared: appeared.map(({ fingerprint }) => fingerprint).join(" ") },
    });
    return ok();
  });
  return isChanged;
}
