import { accessSync, appendFileSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/*
 * Outside clients that tests use where they are installed: twine, pip, ssh-keygen, postfix and the like. A client that
 * is not there is noted, so that the closing lines of a test run can name it; under REQUIRE_ALL=1 its absence fails.
 */

const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

/**
 * The full path of an installed program, or null when it is not on PATH or in the system folders.
 * Notes a missing one in the file that LOCKSMITH_MISSING_CLIENTS names, one name a line.
 * Throws instead when REQUIRE_ALL=1.
 */
export function client(name: string): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean), ...SYSTEM_FOLDERS];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found !== undefined) return found;
  if (process.env["REQUIRE_ALL"] === "1") throw new Error(`The client ${name} is required and not installed.`);
  const list = process.env["LOCKSMITH_MISSING_CLIENTS"];
  if (list !== undefined && list !== "") appendFileSync(list, `${name}\n`);
  return null;
}
