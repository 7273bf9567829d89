import { unwatchFile, watchFile } from "node:fs";
import { chmod, readFile, rename, rm, writeFile } from "node:fs/promises";
import type { Random } from "../random.ts";
import { type KeyFile, type LiveKeyring, makeKeyFile, parseKeyFile } from "./keyring.ts";

/** How often a running process looks whether the key file has changed, in milliseconds. */
export const LOOK_EVERY_MS = 1_000;

export const readKeyFile = async (path: string): Promise<KeyFile> => parseKeyFile(await readFile(path, "utf8"), path);

/** Replaces the file as a whole: whoever reads it finds the old one or the new one (mode 0600), after a crash as well. */
async function replaceKeyFile(path: string, file: KeyFile, random: Random): Promise<void> {
  const draft = `${path}.${random.bytes(6).toString("hex")}.new`;
  try {
    await writeFile(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flush: true });
    await chmod(draft, 0o600);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** The id of a key yet to be made. */
export const makeKeyId = (random: Random): string => makeKeyFile(random).current;

/** Puts a new key in front of the others, that reads and does not make yet. Leaves one that is there as it is. */
export async function addKey(path: string, id: string, random: Random): Promise<void> {
  const file = await readKeyFile(path);
  if (id in file.keys) return;
  const [fresh = ""] = Object.values(makeKeyFile(random).keys);
  await replaceKeyFile(path, { ...file, keys: { [id]: fresh, ...file.keys } }, random);
}

/** From now on this key makes. Throws where it is not in the file. */
export async function makeKeyCurrent(path: string, id: string, random: Random): Promise<void> {
  const file = await readKeyFile(path);
  if (!(id in file.keys)) throw new Error(`Key ${id} is not in the key file.`);
  if (file.current !== id) await replaceKeyFile(path, { ...file, current: id }, random);
}

/** Takes old keys out of the file. What they made cannot be read afterwards. Throws for the current one. */
export async function removeKeys(path: string, ids: readonly string[], random: Random): Promise<void> {
  const file = await readKeyFile(path);
  if (ids.includes(file.current)) throw new Error("The current key cannot be taken away.");
  const kept = Object.entries(file.keys).filter(([id]) => !ids.includes(id));
  await replaceKeyFile(path, { ...file, keys: Object.fromEntries(kept) }, random);
}

/**
 * Keeps a keyring in step with its file, so that new keys need no restart. A file that cannot be read is reported, and the
 * keys at hand stay. Does not keep the process alive. @returns what ends it
 */
export function watchKeyFile(path: string, keys: LiveKeyring, onError: (error: unknown) => void): () => void {
  const look = (): void => {
    readKeyFile(path).then((file) => keys.replace(file), onError);
  };
  watchFile(path, { interval: LOOK_EVERY_MS, persistent: false }, look);
  return () => unwatchFile(path, look);
}
