import { audit } from "../audit/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import {
  type DkimKey,
  type DkimPublicKey,
  dropDkimKey,
  keepDkimKey,
  type KeptDkimKey,
  listDkimKeys,
  makeDkimKey,
  noteDkimKey,
  publicDkimKey,
  readDkimKey,
  writeDkimKey,
} from "../notifications/index.ts";

/*
 * The key that signs mails, and the memory of all that ever did: a mail that its addressee has kept proves something years
 * later, when DNS has long had another key.
 */

type Keeper = Pick<Runtime, "db" | "clock" | "random">;

const nameOf = ({ domain, selector, algorithm }: DkimPublicKey) => ({ domain, selector, algorithm });

/**
 * The key in the file; where there is none and there never was one for this domain, a new one is made and written there.
 * Null where the file is gone that other mails were signed with: it is somewhere else, or was taken away on purpose.
 */
export async function openMailKey(keeper: Keeper, path: string, domain: string): Promise<DkimKey | null> {
  const present = await readDkimKey(path);
  if (present) return present;
  const kept = await listDkimKeys(keeper.db);
  if (kept.some((key) => key.origin === "server" && key.domain === domain)) return null;
  await writeDkimKey(path, makeDkimKey(domain).file); // where two start at once, one writes and both read
  return readDkimKey(path);
}

/** Notes that mails are signed with this key from now on. New ones stand in the audit log. */
export async function noteMailKey(keeper: Keeper, key: DkimKey): Promise<void> {
  const now = keeper.clock.now();
  const part = publicDkimKey(key);
  await transact(keeper.db, { now, bookkeeping: "a mail key is still in use" }, async (tx) => {
    if (await noteDkimKey(tx, part)) {
      audit(tx, keeper.random, {
        act: "operator/mail-key-used",
        actor: { kind: "operator" },
        facts: nameOf(part),
      });
    }
    return ok();
  });
}

/** Keeps a key that mails were signed with earlier. @returns false where it was kept already */
export async function addMailKey(keeper: Keeper, key: Omit<KeptDkimKey, "origin">): Promise<boolean> {
  let isNew = false;
  await transact(keeper.db, { now: keeper.clock.now(), bookkeeping: "known already" }, async (tx) => {
    isNew = await keepDkimKey(tx, { ...key, origin: "operator" });
    const facts = { ...nameOf(key), from: key.firstUsedAt.toISOString(), until: key.lastUsedAt.toISOString() };
    if (isNew) audit(tx, keeper.random, { act: "operator/mail-key-added", actor: { kind: "operator" }, facts });
    return ok();
  });
  return isNew;
}

/** Takes a key away: what it signed proves nothing any more. @returns how many there were of that name */
export async function dropMailKey(keeper: Keeper, which: Pick<DkimPublicKey, "domain" | "selector">): Promise<number> {
  let count = 0;
  await transact(keeper.db, { now: keeper.clock.now(), bookkeeping: "there was none" }, async (tx) => {
    count = await dropDkimKey(tx, which);
    const facts = { domain: which.domain, selector: which.selector };
    if (count > 0) audit(tx, keeper.random, { act: "operator/mail-key-dropped", actor: { kind: "operator" }, facts });
    return ok();
  });
  return count;
}
