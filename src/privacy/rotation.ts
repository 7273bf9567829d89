import { audit } from "../audit/index.ts";
import { countPasswordsUnder, sealedAuthenticatorColumns } from "../authenticators/index.ts";
import type { Clock } from "../kernel/clock.ts";
import {
  addKey,
  LOOK_EVERY_MS,
  makeKeyCurrent,
  makeKeyId,
  readKeyFile,
  removeKeys,
} from "../kernel/crypto/key-file.ts";
import { makeKeyring } from "../kernel/crypto/keyring.ts";
import type { Database } from "../kernel/db/database.ts";
import { countUnder, resealSome, type SealedColumn } from "../kernel/db/sealed.ts";
import { transact } from "../kernel/db/transact.ts";
import { countLiveSecrets } from "../kernel/one-time.ts";
import type { Random } from "../kernel/random.ts";
import { ok } from "../kernel/result.ts";
import { sealedCaseColumns } from "../recovery/index.ts";
import { sealedDeskColumns } from "../desk/index.ts";
import { sealedMailRequestColumns } from "../sign-in/index.ts";
import { sealedMailColumns } from "../mail-in/index.ts";
import { before } from "./periods.ts";
import { alone, insertRotation, type KeyRotation, listRotations, noteMoment } from "./rotation-store.ts";

/*
 * A new master key, in steps of which each can be cut off and is taken up by the next run:
 *   1. the key is in the file and reads; every running process takes it up within seconds
 *   2. it makes, everywhere; the older keys still read
 *   3. everything sealed is sealed anew with it, in small transactions
 * Passwords move when their owner signs in, codes when they are replaced. An old key is taken away in a run of its own, and
 * only when nothing needs it any more.
 */

/** Everything that is sealed. A test compares it with what the code seals. */
export const sealedColumns: readonly SealedColumn[] = [
  ...sealedAuthenticatorColumns,
  ...sealedMailRequestColumns,
  ...sealedCaseColumns,
  ...sealedDeskColumns,
  ...sealedMailColumns,
];

/** What a rotation works with. */
export interface RotationSetting {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Random;
  /** The path of the key file. */
  readonly keyFile: string;
  /** Lets a time pass, in milliseconds. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** Says how far it is. */
  readonly progress: (line: string) => void;
}

export interface RotationWork {
  readonly keyId: string;
  /** `prepared`: the key reads everywhere on this machine, and does not make yet. */
  readonly reached: "prepared" | "finished";
  /** How many values were sealed anew in this run. */
  readonly sealedAnew: number;
}

/** Long enough for every process to have looked at the file. */
const TAKEN_UP_MS = 3 * LOOK_EVERY_MS;
const AT_ONCE = 100;
/** For so long after a key was replaced, in days, pages opened before are sent and mails sent before come back. */
const STRAGGLERS_DAYS = 15;

/**
 * Makes a new master key and moves everything sealed to it, or goes on where a run was cut off. Safe beside running
 * servers, twice, and after a crash. @returns null where another one is at it
 * @param options.onlyPrepare stops when the key can be read, for copies of the file on other machines
 */
export const rotateKeys = (
  setting: RotationSetting,
  options: { readonly onlyPrepare: boolean },
): Promise<RotationWork | null> =>
  alone(setting.db, async () => {
    const { keyFile, random, progress, wait } = setting;
    const keyId = await beginOrResume(setting);
    await addKey(keyFile, keyId, random);
    if (options.onlyPrepare) return { keyId, reached: "prepared", sealedAnew: 0 };
    if ((await readKeyFile(keyFile)).current !== keyId) {
      progress(`key ${keyId}: waiting until every process can read it`);
      await wait(TAKEN_UP_MS);
      await makeKeyCurrent(keyFile, keyId, random);
    }
    progress(`key ${keyId}: waiting until every process makes with it`);
    await wait(TAKEN_UP_MS);
    await note(setting, keyId, "current_since");
    const sealedAnew = await resealAll(setting);
    await transact(setting.db, { now: setting.clock.now() }, async (tx) => {
      await noteMoment(tx, [keyId], "finished_at");
      audit(tx, random, {
        act: "operator/keys-rotated",
        actor: { kind: "operator" },
        facts: { key: keyId, sealedAnew },
      });
      return ok();
    });
    return { keyId, reached: "finished", sealedAnew };
  });

/** The key of the rotation that is not finished; of a new one where every one is. */
async function beginOrResume(setting: RotationSetting): Promise<string> {
  const unfinished = (await listRotations(setting.db)).find((one) => one.finishedAt === null);
  if (unfinished) return unfinished.keyId;
  const keyId = makeKeyId(setting.random);
  const bookkeeping = "a rotation is put on the log when it is done";
  await transact(setting.db, { now: setting.clock.now(), bookkeeping }, async (tx) => {
    await insertRotation(tx, keyId);
    return ok();
  });
  return keyId;
}

async function note(setting: RotationSetting, keyId: string, moment: "current_since"): Promise<void> {
  const bookkeeping = "a rotation is put on the log when it is done";
  await transact(setting.db, { now: setting.clock.now(), bookkeeping }, async (tx) => {
    await noteMoment(tx, [keyId], moment);
    return ok();
  });
}

async function resealAll({ db, clock, random, keyFile, progress }: RotationSetting): Promise<number> {
  const keys = makeKeyring(await readKeyFile(keyFile));
  const bookkeeping = "the same secrets under a newer key";
  let total = 0;
  for (const column of sealedColumns) {
    for (let count = AT_ONCE; count === AT_ONCE; ) {
      await transact(db, { now: clock.now(), bookkeeping }, async (tx) => {
        count = await resealSome(tx, column, { keys, random }, AT_ONCE);
        return ok();
      });
      total += count;
      if (count > 0) progress(`${total} values sealed anew`);
    }
  }
  return total;
}

/** What still needs an old key. */
export interface KeyNeed {
  readonly keyId: string;
  /** Passwords whose owners have not signed in since. */
  readonly passwords: number;
  /** Codes and links handed out while it was current that still work. */
  readonly codes: number;
  /** It was replaced lately: pages opened before may still be sent, and mails sent before may come back. */
  readonly isRecent: boolean;
}

export interface Retirement {
  readonly retired: readonly string[];
  readonly kept: readonly KeyNeed[];
}

/**
 * Takes away old master keys that nothing needs. Seals anew what a late process has sealed with one.
 * @returns null where a rotation is under way
 */
export const retireKeys = (setting: RotationSetting): Promise<Retirement | null> =>
  alone(setting.db, async () => {
    const { db, clock, random, keyFile } = setting;
    const rotations = await listRotations(db);
    if (rotations.some((one) => one.finishedAt === null)) return null;
    await resealAll(setting);
    const file = await readKeyFile(keyFile);
    const old = Object.keys(file.keys).filter((id) => id !== file.current);
    const needs = await Promise.all(old.map((id) => needOf(setting, rotations, id)));
    const isNeeded = ({ passwords, codes, isRecent }: KeyNeed) => passwords > 0 || codes > 0 || isRecent;
    const retired = needs.filter((need) => !isNeeded(need)).map((need) => need.keyId);
    if (retired.length > 0) {
      // The file last: a key that is noted as gone and still there is taken away by the next run, and hurts nobody.
      await transact(db, { now: clock.now() }, async (tx) => {
        await noteMoment(tx, retired, "retired_at");
        const facts = { keys: retired };
        audit(tx, random, { act: "operator/key-retired", actor: { kind: "operator" }, facts });
        return ok();
      });
      await removeKeys(keyFile, retired, random);
    }
    return { retired, kept: needs.filter(isNeeded) };
  });

async function needOf(
  { db, clock }: RotationSetting,
  rotations: readonly KeyRotation[],
  keyId: string,
): Promise<KeyNeed> {
  const now = clock.now();
  const made = rotations.find((one) => one.keyId === keyId);
  const later = rotations.filter((one) => !made || one.beganAt > made.beganAt);
  const until = later.find((one) => one.currentSince !== null)?.currentSince ?? now;
  const sealed = await Promise.all(sealedColumns.map((column) => countUnder(db, column, keyId)));
  if (sealed.some((count) => count > 0)) throw new Error(`Something is still sealed with key ${keyId}.`);
  return {
    keyId,
    passwords: await countPasswordsUnder(db, keyId),
    codes: await countLiveSecrets(db, { from: made?.beganAt ?? new Date(0), until }, now),
    isRecent: until > before(now, STRAGGLERS_DAYS),
  };
}
