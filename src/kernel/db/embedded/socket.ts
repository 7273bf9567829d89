import { createHash } from "node:crypto";
import { chmod, chown, lstat, mkdir, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account } from "./account.ts";
import { EmbeddedError, systemCode } from "./error.ts";

/** Bytes in a socket's path: 107 on Linux, 103 on macOS (sun_path, less its end). */
const SOCKET_PATH_LIMIT = 103;

const isShortEnough = (folder: string): boolean =>
  Buffer.byteLength(join(folder, ".s.PGSQL.65535")) <= SOCKET_PATH_LIMIT;

/**
 * Where the socket goes: in the data folder, or when that path is too long for one, a folder in the temporary one whose
 * name follows from the data folder's. Refuses `socket-folder` when that is too long too.
 */
export function socketFolderFor(root: string, temporary: string = tmpdir()): string {
  const inside = join(root, "socket");
  if (isShortEnough(inside)) return inside;
  const name = createHash("sha256").update(root).digest("hex").slice(0, 16);
  const outside = join(temporary, `locksmith-${name}`);
  if (isShortEnough(outside)) return outside;
  throw new EmbeddedError(
    "socket-folder",
    `Neither ${root} nor ${temporary} leaves room for a socket's path (${SOCKET_PATH_LIMIT} bytes). Set TMPDIR to a ` +
      "shorter folder, or name a shorter data folder.",
  );
}

/**
 * Makes the folder, for its owner alone, and empties it of what a killed server left. Refuses `socket-folder` when
 * somebody else made it first: in a shared temporary folder anybody can.
 */
export async function prepareSocketFolder(folder: string, account: Account): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
    if (account.ids.uid !== undefined) await chown(folder, account.ids.uid, account.ids.gid ?? account.ids.uid);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
  const found = await lstat(folder);
  if (!found.isDirectory() || (account.uid !== undefined && found.uid !== account.uid)) {
    throw new EmbeddedError(
      "socket-folder",
      `${folder} belongs to somebody else, or is not a folder. Look at it, and remove it if it is a left-over; ` +
        "or set TMPDIR to a folder of your own.",
    );
  }
  if ((found.mode & 0o077) !== 0) await chmod(folder, 0o700);
  for (const name of await readdir(folder)) {
    if (name.startsWith(".s.PGSQL.")) await rm(join(folder, name), { force: true });
  }
}

/** A port of 127.0.0.1 that was free a moment ago. For Windows, which is not tested. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("A listening server has no port.");
  return address.port;
}
