import { ok, refuse, type Result } from "../kernel/result.ts";
import { registryRefusals } from "./refusals.ts";
import type { FileType } from "./types.ts";
import { normalizeVersion } from "./versions.ts";

/* Names of projects and of their files. Pure. Sources: PEP 503, PEP 508, PEP 427, PEP 625. */

const MOST_NAME_CHARACTERS = 128;
const MOST_FILENAME_CHARACTERS = 255;
const PROJECT_NAME = /^(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])$/; // PEP 508, "name"

/** The name by which a project is found: lower case, runs of `-`, `_` and `.` as one `-`. PEP 503. */
export const normalizeName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-");

/**
 * The form in which project names are unique: separators dropped, look-alikes folded (l, i, 1 and o, 0), so that
 * `requests` and `re-quests`, `pillow` and `pi1l0w` cannot both exist.
 */
export const foldName = (name: string): string =>
  name.toLowerCase().replace(/[-_.]/g, "").replace(/[li]/g, "1").replace(/o/g, "0");

/** Whether text is a project name: 1 to 128 ASCII letters, digits, `.`, `_`, `-`, starting and ending with one of the first two. */
export const isProjectName = (text: string): boolean => text.length <= MOST_NAME_CHARACTERS && PROJECT_NAME.test(text);

export interface ParsedFilename {
  readonly filename: string;
  readonly filetype: FileType;
  /** What is unique in the index: the same distribution under another spelling of its name has the same identity. */
  readonly identity: string;
}

// PEP 427: name, version, an optional build tag that starts with a digit, and three tags.
const WHEEL =
  /^([A-Za-z0-9_.]+)-([A-Za-z0-9_.!+]+)(?:-(\d[A-Za-z0-9_.]*))?-([A-Za-z0-9_.]+)-([A-Za-z0-9_.]+)-([A-Za-z0-9_.]+)\.whl$/;
// PEP 625, and the older spellings of the name that builders before it wrote.
const SDIST = /^([A-Za-z0-9_.-]+)-([A-Za-z0-9_.!+]+)\.tar\.gz$/;

/**
 * Reads the name of an uploaded file and holds it against what the form says. Refuses: what is not a plain file name
 * (folders, control characters), what is neither a wheel's nor an sdist's name, and a name or version that differs.
 * @param expected the project's name and the version as the form gives them
 */
export function parseFilename(
  filename: string,
  filetype: FileType,
  expected: { readonly name: string; readonly version: string },
): Result<ParsedFilename> {
  if (filename.length > MOST_FILENAME_CHARACTERS) return refuse(badName("It is longer than 255 characters."));
  if (/[/\\]/.test(filename) || filename.split(/[/\\]/).includes("..")) {
    return refuse(badName("A file name has no folders in it."));
  }
  if (!/^[\x21-\x7e]+$/.test(filename)) {
    return refuse(badName("It has spaces, control characters or other characters that file names here do not have."));
  }
  const parts = filetype === "bdist_wheel" ? WHEEL.exec(filename) : SDIST.exec(filename);
  if (!parts) return refuse(badName(EXPECTED_SHAPE[filetype]));
  const [, name = "", version = "", ...tags] = parts;
  if (normalizeName(name) !== normalizeName(expected.name)) {
    return refuse(
      registryRefusals["filename-differs"]({
        detail: `The file is named for "${name}", the upload for "${expected.name}".`,
      }),
    );
  }
  // PEP 427 writes `_` for the `-` that a version may contain; PEP 440 reads both alike.
  if (normalizeVersion(version) !== normalizeVersion(expected.version)) {
    return refuse(
      registryRefusals["filename-differs"]({
        detail: `The file is named for version ${version}, the upload is ${expected.version}.`,
      }),
    );
  }
  const stem = `${normalizeName(name)}-${normalizeVersion(version)}`;
  // One sdist a release (PEP 527): its identity has no more to it.
  const rest =
    filetype === "sdist"
      ? ".tar.gz"
      : `-${tags
          .filter((tag) => tag !== undefined)
          .join("-")
          .toLowerCase()}.whl`;
  return ok({ filename, filetype, identity: `${stem}${rest}` });
}

const badName = (detail: string) => registryRefusals["bad-filename"]({ detail });

const EXPECTED_SHAPE: Readonly<Record<FileType, string>> = {
  bdist_wheel: "A wheel is named like name-1.0-py3-none-any.whl (PEP 427).",
  sdist: "An sdist is named like name-1.0.tar.gz (PEP 625); .zip and other formats are not taken.",
};
