import { execFile } from "node:child_process";
import { chown, mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { systemRandom } from "../../random.ts";
import { type Secret, secret } from "../../secret.ts";
import { type Account, serverEnvironment } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { EmbeddedError, systemCode } from "./error.ts";

const run = promisify(execFile);

/** The superuser that initdb makes. Only this folder's code connects as it. */
export const SUPERUSER = "postgres";

/** What lies in the data folder. All of it is inside, so that the folder may be a mounted volume. */
export interface Layout {
  readonly root: string;
  /** PostgreSQL's own folder (PGDATA). */
  readonly cluster: string;
  readonly password: string;
  readonly lock: string;
  readonly owner: string;
  /** What PostgreSQL says before its own log is open; written anew at each start. */
  readonly startupLog: string;
  readonly logs: string;
  readonly libraries: string;
}

/**
 * Makes the data folder if need be. Refuses `not-writable`, and `not-ours` for a folder that is itself a PostgreSQL
 * data folder.
 * @param path as configured; relative to the working directory
 */
export async function openDataFolder(path: string): Promise<Layout> {
  let root: string;
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    root = await realpath(path);
    // Asks what a permission check cannot: root passes those, and a read-only file system as well.
    const trial = join(root, `.trial-${process.pid}`);
    await writeFile(trial, "");
    await rm(trial, { force: true });
  } catch (cause) {
    throw new EmbeddedError(
      "not-writable",
      `The data folder ${path} cannot be written to (${systemCode(cause) ?? String(cause)}). Give this account the ` +
        "right to, or name another folder.",
      { cause },
    );
  }
  if (await exists(join(root, "PG_VERSION"))) {
    throw new EmbeddedError(
      "not-ours",
      `${root} is the data folder of a PostgreSQL that something else made. Name another folder, or start that server ` +
        "and set DATABASE_URL.",
    );
  }
  const within = (name: string) => join(root, name);
  return {
    root,
    cluster: within("cluster"),
    password: within("password"),
    lock: within("lock"),
    owner: within("owner"),
    startupLog: within("startup.log"),
    logs: join(root, "cluster", "log"),
    libraries: within("lib"),
  };
}

export interface ClusterOptions {
  readonly layout: Layout;
  readonly binaries: Binaries;
  readonly account: Account;
  readonly isDurable: boolean;
  readonly log: (line: string) => void;
}

/**
 * The password of the database cluster in the folder, which is made first if there is none. An earlier attempt that was
 * cut off is removed. Refuses `other-major`, `password-missing` and `initdb-failed`. The caller holds the lock.
 */
export async function ensureCluster(options: ClusterOptions): Promise<Secret<string>> {
  const { layout, binaries } = options;
  await removeUnfinished(layout);
  const version = await readFile(join(layout.cluster, "PG_VERSION"), "utf8").catch(() => undefined);
  if (version === undefined) return createCluster(options);
  if (version.trim() !== binaries.major) {
    throw new EmbeddedError(
      "other-major",
      `${layout.root} holds data of PostgreSQL ${version.trim()}, and this Locksmith brings ${binaries.major}, which ` +
        "cannot read it. Start the Locksmith that wrote it, export there, and import into a new folder.",
    );
  }
  const password = await readPassword(layout);
  if (password !== undefined) return password;
  throw new EmbeddedError(
    "password-missing",
    `${layout.password} is missing, and the database beside it opens to no other password. Put it back from a backup.`,
  );
}

const UNFINISHED = "cluster.new-";

/** Best effort: a cut-off initdb may still be writing there. Its folder is not used again, so it does no harm. */
async function removeUnfinished({ root }: Layout): Promise<void> {
  for (const name of await readdir(root)) {
    if (name.startsWith(UNFINISHED))
      await rm(join(root, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function createCluster({ layout, binaries, account, isDurable, log }: ClusterOptions): Promise<Secret<string>> {
  log("Making a new database; this happens once.");
  const password = (await readPassword(layout)) ?? (await createPassword(layout, account));
  const unfinished = join(layout.root, `${UNFINISHED}${process.pid}-${systemRandom.bytes(4).toString("hex")}`);
  // The built-in locale is the same on every platform and never changes with the system's libraries, so indexes on
  // text stay valid.
  const [command, args] = account.wrap(binaries.initdb, [
    `--pgdata=${unfinished}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${layout.password}`,
    "--auth=scram-sha-256",
    "--data-checksums",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
    ...(isDurable ? [] : ["--no-sync"]),
  ]);
  try {
    await run(command, [...args], { env: serverEnvironment(binaries), cwd: layout.root, ...account.ids });
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    const reason = (cause as { stderr?: string }).stderr?.trim() || String(cause); // execFile's error
    throw new EmbeddedError("initdb-failed", `PostgreSQL could not make its data folder: ${reason}`, { cause });
  }
  await rename(unfinished, layout.cluster);
  if (isDurable) await syncFolder(layout.root);
  return password;
}

async function readPassword({ password }: Layout): Promise<Secret<string> | undefined> {
  const text = await readFile(password, "utf8").catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return "";
    throw error;
  });
  return text.trim() === "" ? undefined : secret(text.trim());
}

/** 192 bits, in letters that need no escaping in an address. */
async function createPassword({ password: path }: Layout, account: Account): Promise<Secret<string>> {
  const password = systemRandom.bytes(24).toString("base64url");
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  const file = await open(fresh, "wx", 0o600);
  try {
    await file.writeFile(`${password}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  // initdb reads it.
  if (account.ids.uid !== undefined) await chown(fresh, account.ids.uid, account.ids.gid ?? account.ids.uid);
  await rename(fresh, path);
  await syncFolder(dirname(path));
  return secret(password);
}

/** Makes a rename last through a power cut. Windows cannot open folders and needs no such thing. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const LOGS_KEPT = 5;

/** Removes all but the newest of PostgreSQL's own log files, each of at most about 10 MB. */
export async function pruneLogs({ logs }: Layout): Promise<void> {
  const names = await readdir(logs).catch((): string[] => []); // made by PostgreSQL at its first start
  // The names carry their time, so they sort by age.
  const old = names
    .filter((name) => name.startsWith("server-"))
    .sort()
    .slice(0, -LOGS_KEPT);
  for (const name of old) await rm(join(logs, name), { force: true });
}

/** The end of what PostgreSQL said at its start, for an error message. */
export async function startupTail(layout: Layout): Promise<string> {
  const read = async (path: string) => (await readFile(path, "utf8").catch(() => "")).trim();
  let text = await read(layout.startupLog);
  if (text.includes("redirecting log output")) {
    const newest = (await readdir(layout.logs).catch((): string[] => [])).sort().at(-1);
    if (newest !== undefined) text = await read(join(layout.logs, newest));
  }
  return text.split("\n").slice(-6).join("\n");
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
