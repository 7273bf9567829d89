import { ok, refuse, type Result } from "../kernel/result.ts";
import { linksOf, type MetadataLink } from "./links.ts";
import { isProjectName, normalizeName } from "./names.ts";
import { registryRefusals } from "./refusals.ts";
import { normalizeVersion } from "./versions.ts";

/* Core metadata: METADATA of a wheel, PKG-INFO of an sdist. Pure. Source: PyPA core metadata specification, PEP 566. */

export interface CoreMetadata {
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  readonly description: string;
  readonly descriptionContentType: string;
  readonly requiresPython: string;
  /** Normalised names of what it needs, without duplicates; what only an extra needs is left out. */
  readonly dependsOn: readonly string[];
  /** Where the project lives, by this file: plain https addresses. */
  readonly links: readonly MetadataLink[];
  /** Shown on pages as the file gives them. */
  readonly shown: {
    readonly requiresDist: readonly string[];
    readonly classifiers: readonly string[];
    readonly projectUrls: readonly string[];
    readonly keywords: string;
    readonly license: string;
  };
}

const MOST_SUMMARY = 512;
const MOST_VALUES = 1000;

type Headers = ReadonlyMap<string, readonly string[]>;

/**
 * Reads core metadata and holds its Name and Version against the upload's. Refuses bytes that are not UTF-8, control
 * characters, a missing or different name or version, and a Requires-Python that is no specifier.
 */
export function parseMetadata(
  bytes: Buffer,
  expected: { readonly name: string; readonly version: string },
): Result<CoreMetadata> {
  const text = decodeUtf8(bytes);
  if (text === null || hasControls(text)) return bad("It is not plain UTF-8 text.");
  const { headers, body } = splitMessage(text);
  const first = (name: string): string => headers.get(name)?.[0] ?? "";
  const all = (name: string): readonly string[] => headers.get(name)?.slice(0, MOST_VALUES) ?? [];
  if (first("metadata-version") === "") return bad("It has no Metadata-Version.");
  const name = first("name");
  const version = first("version");
  if ((headers.get("name")?.length ?? 0) > 1 || (headers.get("version")?.length ?? 0) > 1) {
    return bad("It has more than one Name or Version.");
  }
  if (!isProjectName(name) || normalizeName(name) !== normalizeName(expected.name)) {
    return bad(`Its Name is "${printable(name)}", the upload is for "${expected.name}".`);
  }
  if (normalizeVersion(version) !== normalizeVersion(expected.version)) {
    return bad(`Its Version is "${printable(version)}", the upload is ${expected.version}.`);
  }
  const requiresPython = first("requires-python");
  if (!isSpecifierSet(requiresPython))
    return bad(`Requires-Python "${printable(requiresPython)}" is no version specifier.`);
  const summary = first("summary").replace(/\s+/g, " ");
  if (summary.length > MOST_SUMMARY) return bad(`Its Summary is longer than ${MOST_SUMMARY} characters.`);
  return ok({
    name,
    version,
    summary,
    description: body.trim() === "" ? first("description") : body,
    descriptionContentType: first("description-content-type").slice(0, 200),
    requiresPython,
    dependsOn: dependenciesOf(all("requires-dist")),
    links: linksOf(all("project-url"), first("home-page")),
    shown: {
      requiresDist: all("requires-dist"),
      classifiers: all("classifier"),
      projectUrls: all("project-url"),
      keywords: first("keywords"),
      license: first("license-expression") || first("license"),
    },
  });
}

const bad = (detail: string) => refuse(registryRefusals["bad-metadata"]({ detail }));

/** At most 80 characters of somebody's text, printable ASCII only, for a one-line answer. */
export const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, "?").slice(0, 80);

export function decodeUtf8(bytes: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const hasControls = (text: string): boolean => /[\u0000-\u0008\u000e-\u001f\u007f]/.test(text);

/** Header lines, each with the lines folded under it, up to the first empty line; then the body. Names in lower case. */
function splitMessage(text: string): { readonly headers: Headers; readonly body: string } {
  const lines = text.split(/\r\n|\r|\n/);
  const end = lines.indexOf("");
  const headers = new Map<string, string[]>();
  let last: string[] | null = null;
  for (const line of end < 0 ? lines : lines.slice(0, end)) {
    const folded = /^[ \t]+(?:\|)?(.*)$/.exec(line);
    if (folded && last) {
      last.push(`${last.pop() ?? ""}\n${folded[1] ?? ""}`);
      continue;
    }
    const header = /^([A-Za-z][A-Za-z0-9-]*):(.*)$/.exec(line);
    if (!header) continue;
    const name = (header[1] ?? "").toLowerCase();
    last = headers.get(name) ?? [];
    last.push(header[2] ?? "");
    headers.set(name, last);
  }
  const trimmed = new Map([...headers].map(([name, values]) => [name, values.map((value) => value.trim())]));
  return { headers: trimmed, body: end < 0 ? "" : lines.slice(end + 1).join("\n") };
}

const CLAUSE = /^(?:===|~=|==|!=|<=|>=|<|>)\s*[A-Za-z0-9][A-Za-z0-9.*+!_-]*$/;

/** Whether text is a set of version specifiers (PEP 440): empty, or clauses between commas. */
const isSpecifierSet = (text: string): boolean =>
  text === "" ||
  (text.length <= 256 && text.split(",").every((clause) => clause.trim() === "" || CLAUSE.test(clause.trim())));

/** The projects that requirements name (PEP 508), without those behind an extra. */
function dependenciesOf(requirements: readonly string[]): readonly string[] {
  const names = requirements.flatMap((requirement) => {
    const name = /^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)/.exec(requirement)?.[1];
    const isForExtra = /;.*\bextra\s*==/.test(requirement);
    return name !== undefined && !isForExtra && isProjectName(name) ? [normalizeName(name)] : [];
  });
  return [...new Set(names)];
}
