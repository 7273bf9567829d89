import { constants } from "node:fs";
import { access, readFile, stat, statfs } from "node:fs/promises";
import { lookup } from "node:dns/promises";
import { dirname } from "node:path";
import { type Config, isLoopback } from "../../app/config.ts";
import { layoutOf } from "../../app/data-folder.ts";
import { loadKeyring } from "../../kernel/crypto/keyring.ts";
import { findPackage, packageFor } from "../../kernel/db/embedded/binaries.ts";
import { systemRandom } from "../../kernel/random.ts";
import { fail, fine, inMegabytes, type Look, warn } from "./check.ts";

const NODE_MAJOR = 26;

export const nodeVersion =
  (version: string): Look =>
  async () =>
    Number(version.split(".")[0]) >= NODE_MAJOR
      ? fine(`Node ${version}`)
      : fail(
          `Node ${version}; Locksmith needs ${NODE_MAJOR}`,
          "Run `npm ci` again without --omit=optional; it brings its own Node.",
        );

export const binaries =
  (config: Config | null): Look =>
  async () => {
    const name = packageFor(process.platform, process.arch);
    if (config?.databaseUrl) return fine("not needed with DATABASE_URL");
    return fine(`PostgreSQL of ${name} in ${findPackage(name)}`);
  };

const openTo = (mode: number): string => `0${(mode & 0o777).toString(8)}`;

export const dataFolder =
  ({ dataDirectory }: Config): Look =>
  async () => {
    const found = await stat(dataDirectory).catch(() => null);
    if (!found) {
      return warn(
        `${dataDirectory} is not there yet`,
        "The first start makes it. If there should be one, correct DATA_DIR.",
      );
    }
    if (!found.isDirectory()) return fail(`${dataDirectory} is not a folder`, "Set DATA_DIR to a folder.");
    await access(dataDirectory, constants.R_OK | constants.W_OK | constants.X_OK);
    // Folders inside are closed by themselves; this one may have to let PostgreSQL's account through.
    return (found.mode & 0o022) === 0
      ? fine(`${dataDirectory} (${openTo(found.mode)})`)
      : fail(
          `${dataDirectory} can be written to by other accounts (${openTo(found.mode)})`,
          `Run: chmod 700 ${dataDirectory}`,
        );
  };

export const keyFile =
  ({ dataDirectory }: Config): Look =>
  async () => {
    const { keyFile: path } = layoutOf(dataDirectory);
    const found = await stat(path).catch(() => null);
    if (!found) {
      return warn(
        `${path} is not there yet`,
        "The first start makes it. If this installation was used, put it back from a backup.",
      );
    }
    if (process.platform !== "win32" && (found.mode & 0o077) !== 0) {
      return fail(`${path} can be read by other accounts (${openTo(found.mode)})`, `Run: chmod 600 ${path}`);
    }
    await readFile(path); // says who may not read it, before the parser does
    await loadKeyring(path, systemRandom);
    return fine(`${path} is readable and whole; keep a copy with the backups`);
  };

const LEAST_BYTES = 200e6;
const LITTLE_BYTES = 1e9;

export const diskSpace =
  ({ dataDirectory }: Config): Look =>
  async () => {
    const free = await freeBytes(dataDirectory);
    const detail = `${inMegabytes(free)} free under ${dataDirectory}`;
    if (free < LEAST_BYTES) return fail(detail, "Make room: a full disk stops the database.");
    return free < LITTLE_BYTES ? warn(detail, "Make room soon: uploads and the database grow.") : fine(detail);
  };

/** Of the file system the folder is on, or will be. */
async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (!isMissing || dirname(path) === path) throw error;
    return freeBytes(dirname(path));
  }
}

const LOOKUP_MILLISECONDS = 3_000;

export const publicUrl =
  ({ publicUrl: url }: Config): Look =>
  async () => {
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    if (isLoopback(host)) {
      return warn(
        `${url.origin} is this machine only`,
        "For others, set PUBLIC_URL, for example PUBLIC_URL=https://accounts.example.org",
      );
    }
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), LOOKUP_MILLISECONDS).unref());
    const found = await Promise.race([lookup(host).catch(() => null), late]);
    return found
      ? fine(`${url.origin}, which is ${found.address}`)
      : warn(
          `${host} could not be looked up`,
          "Links in mails lead there: check the name, or the name servers of this machine.",
        );
  };
