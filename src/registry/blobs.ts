import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../kernel/random.ts";

/*
 * The files folder. A distribution lies under its SHA-256, `<first two digits>/<digest>`, and is never changed; what is
 * being received lies in `tmp/` and is moved, whole and on disk, in one step.
 */

const TEMPORARY = "tmp";
const SHA256 = /^[0-9a-f]{64}$/;

/** Where the bytes with this digest lie. Throws on what is no digest, so that no path is ever built from it. */
export function blobPath(filesFolder: string, sha256: string): string {
  if (!SHA256.test(sha256)) throw new Error("A blob is named by its SHA-256.");
  return join(filesFolder, sha256.slice(0, 2), sha256);
}

export interface TemporaryFile {
  readonly path: string;
  readonly handle: FileHandle;
}

/** A new empty file that nobody else has, to receive into. Close the handle; move it or remove it. */
export async function openTemporary(filesFolder: string, random: Random): Promise<TemporaryFile> {
  const folder = join(filesFolder, TEMPORARY);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${random.bytes(16).toString("hex")}.part`);
  return { path, handle: await open(path, "wx", 0o600) };
}

export const removeFile = (path: string): Promise<void> => rm(path, { force: true });

/**
 * Moves a received file, already synced, to its place; the move itself is on disk when this returns. Done a second time
 * it changes nothing. Throws when the bytes are neither here nor there.
 */
export async function keepBlob(filesFolder: string, temporaryPath: string, sha256: string): Promise<void> {
  const path = blobPath(filesFolder, sha256);
  const folder = join(filesFolder, sha256.slice(0, 2));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rename(temporaryPath, path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    await stat(path); // moved before, or lost
  });
  await utimes(path, new Date(), new Date()); // the sweep goes by this: what was kept just now is not left over
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error; // Windows cannot sync a folder
  } finally {
    await handle.close();
  }
}

/** Removes what uploads left in the temporary folder and has not been written to since `before`. Returns how many. */
export async function removeStaleTemporaries(filesFolder: string, before: Date): Promise<number> {
  const folder = join(filesFolder, TEMPORARY);
  const stale = await listOlder(folder, before, (name) => name.endsWith(".part"));
  for (const name of stale) await removeFile(join(folder, name));
  return stale.length;
}

/** Digests of the blobs kept before a moment, one prefix folder at a time. */
export async function* listBlobs(filesFolder: string, before: Date): AsyncGenerator<readonly string[]> {
  const folders = await readdir(filesFolder).catch(absent);
  for (const prefix of folders.filter((name) => /^[0-9a-f]{2}$/.test(name))) {
    const names = await listOlder(join(filesFolder, prefix), before, (name) => SHA256.test(name));
    if (names.length > 0) yield names;
  }
}

async function listOlder(folder: string, before: Date, isOurs: (name: string) => boolean): Promise<readonly string[]> {
  const names = (await readdir(folder).catch(absent)).filter(isOurs);
  const older: string[] = [];
  for (const name of names) {
    const found = await stat(join(folder, name)).catch(() => null); // removed meanwhile
    if (found && found.mtime < before) older.push(name);
  }
  return older;
}

function absent(error: NodeJS.ErrnoException): string[] {
  if (error.code === "ENOENT") return [];
  throw error;
}
