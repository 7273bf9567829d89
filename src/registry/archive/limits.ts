import { printable } from "../metadata.ts";

/* What an archive may be, before anybody unpacks it. Pure. */

export interface ArchiveLimits {
  readonly mostEntries: number;
  readonly mostUnpackedBytes: number;
  /** How many times larger than the file its contents may be; small archives are let be. */
  readonly mostRatio: number;
  readonly ratioFromBytes: number;
  readonly mostMetadataBytes: number;
}

const MIB = 1024 * 1024;

/** The largest wheels known have some 30,000 entries, and source text packs about 10 to 1. */
export const ARCHIVE_LIMITS: ArchiveLimits = {
  mostEntries: 50_000,
  mostUnpackedBytes: 2048 * MIB,
  mostRatio: 50,
  ratioFromBytes: 64 * MIB,
  mostMetadataBytes: 2 * MIB,
};

/** What is wrong with the contents' size, if anything. Both sizes in bytes. */
export function sizeFault(limits: ArchiveLimits, packed: number, unpacked: number): string | null {
  if (unpacked > limits.mostUnpackedBytes) return `It unpacks to more than ${limits.mostUnpackedBytes / MIB} MiB.`;
  const isBomb = unpacked > limits.ratioFromBytes && unpacked > packed * limits.mostRatio;
  return isBomb ? `It unpacks to more than ${limits.mostRatio} times its size.` : null;
}

const MOST_PATH_BYTES = 1024;

/** What is wrong with the path of an entry, if anything: only plain relative paths that stay inside. */
export function pathFault(path: string): string | null {
  const shown = printable(path);
  // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
  if (/[\u0000-\u001f\u007f]/.test(path)) return `It has an entry with control characters in its name: ${shown}.`;
  if (path === "" || Buffer.byteLength(path) > MOST_PATH_BYTES)
    return `It has an entry whose name is empty or too long: ${shown}.`;
  if (path.includes("\\")) return `It has an entry with a backslash in its name: ${shown}.`;
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return `It has an entry with an absolute path: ${shown}.`;
  const segments = path.replace(/\/$/, "").split("/");
  if (segments.some((segment) => segment === ".." || segment === "." || segment === "")) {
    return `It has an entry whose path leads out of it or is not plain: ${shown}.`;
  }
  return null;
}
