/* Versions of releases. Pure. Source: PEP 440, grammar of appendix B and ordering of "Summary of permitted suffixes". */

const MOST_CHARACTERS = 128;

const VERSION = new RegExp(
  [
    "^v?",
    "(?:(?<epoch>[0-9]+)!)?",
    "(?<release>[0-9]+(?:\\.[0-9]+)*)",
    "(?:[-_.]?(?<pre>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?<preNumber>[0-9]+)?)?",
    "(?:-(?<implicitPost>[0-9]+)|[-_.]?(?<post>post|rev|r)[-_.]?(?<postNumber>[0-9]+)?)?",
    "(?:[-_.]?(?<dev>dev)[-_.]?(?<devNumber>[0-9]+)?)?",
    "(?:\\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?$",
  ].join(""),
);

const PRE: Readonly<Record<string, "a" | "b" | "rc">> = {
  a: "a",
  alpha: "a",
  b: "b",
  beta: "b",
  c: "rc",
  rc: "rc",
  pre: "rc",
  preview: "rc",
};

export interface Version {
  readonly epoch: bigint;
  readonly release: readonly bigint[];
  readonly pre: { readonly phase: "a" | "b" | "rc"; readonly number: bigint } | null;
  readonly post: bigint | null;
  readonly dev: bigint | null;
  readonly local: string | null;
}

/** Reads a version as people write it (case, `v`, separators and leading zeros are forgiven); null where it is none. */
export function parseVersion(text: string): Version | null {
  if (text.length > MOST_CHARACTERS) return null;
  const groups = VERSION.exec(text.trim().toLowerCase())?.groups;
  if (!groups) return null;
  const { epoch, release = "", pre, preNumber, implicitPost, post, postNumber, dev, devNumber, local } = groups;
  const phase = pre === undefined ? undefined : PRE[pre];
  return {
    epoch: BigInt(epoch ?? 0),
    release: release.split(".").map(BigInt),
    pre: phase ? { phase, number: BigInt(preNumber ?? 0) } : null,
    post: implicitPost !== undefined ? BigInt(implicitPost) : post === undefined ? null : BigInt(postNumber ?? 0),
    dev: dev === undefined ? null : BigInt(devNumber ?? 0),
    local: local === undefined ? null : local.replace(/[-_]/g, "."),
  };
}

/** The one spelling of a version. PEP 440, "Normalization". */
export function formatVersion(version: Version): string {
  const { epoch, release, pre, post, dev, local } = version;
  return [
    epoch > 0n ? `${epoch}!` : "",
    release.join("."),
    pre ? `${pre.phase}${pre.number}` : "",
    post === null ? "" : `.post${post}`,
    dev === null ? "" : `.dev${dev}`,
    local === null ? "" : `+${local}`,
  ].join("");
}

/**
 * The one spelling of a version as it was typed; null where it is none. A `_` stands for the `-` that a wheel's file
 * name cannot have (PEP 427, "Escaping and Unicode").
 */
export function normalizeVersion(text: string): string | null {
  const version = parseVersion(text) ?? parseVersion(text.replaceAll("_", "-"));
  return version ? formatVersion(version) : null;
}

/** Below, at or above zero as `a` comes before, with or after `b`. Local parts are not compared: none is published. */
export function compareVersions(a: Version, b: Version): number {
  return compare(a.epoch, b.epoch) || compareReleases(a.release, b.release) || compareLists(suffixKey(a), suffixKey(b));
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** 1.0 and 1.0.0 are the same release. */
function compareReleases(a: readonly bigint[], b: readonly bigint[]): number {
  const length = Math.max(a.length, b.length);
  const padded = (parts: readonly bigint[]) => Array.from({ length }, (_, at) => parts[at] ?? 0n);
  return compareLists(padded(a), padded(b));
}

function compareLists(a: readonly bigint[], b: readonly bigint[]): number {
  for (const [at, part] of a.entries()) {
    const order = compare(part, b[at] ?? 0n);
    if (order !== 0) return order;
  }
  return 0;
}

const PHASE = { a: 1n, b: 2n, rc: 3n } as const;

/** Order within one release number: .devN, then aN, bN, rcN, then the release itself, then .postN; each .devN before its own. */
function suffixKey({ pre, post, dev }: Version): bigint[] {
  const isOnlyDev = dev !== null && pre === null && post === null;
  const phase = pre ? PHASE[pre.phase] : isOnlyDev ? 0n : 4n;
  return [phase, pre?.number ?? 0n, post === null ? -1n : post, dev === null ? 1n : 0n, dev ?? 0n];
}

/** The highest of some normalised versions, releases before pre-releases; null for none. */
export function newestVersion(versions: readonly string[]): string | null {
  const parsed = versions.flatMap((text) => {
    const version = parseVersion(text);
    return version ? [{ text, version, isFinal: version.pre === null && version.dev === null }] : [];
  });
  const finals = parsed.filter((one) => one.isFinal);
  const candidates = finals.length > 0 ? finals : parsed;
  return candidates.toSorted((a, b) => compareVersions(b.version, a.version))[0]?.text ?? null;
}
