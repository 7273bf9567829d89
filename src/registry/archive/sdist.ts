import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { posix } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { type Extract, extract, type Header } from "tar-stream";
import { refuse, type Result } from "../../kernel/result.ts";
import { type CoreMetadata, parseMetadata, printable } from "../metadata.ts";
import { registryRefusals } from "../refusals.ts";
import { ARCHIVE_LIMITS, type ArchiveLimits, pathFault, sizeFault } from "./limits.ts";

type Entry = Extract extends AsyncIterable<infer E> ? E : never;

/** Thrown inside and turned into a refusal at the one way out. */
class Fault extends Error {}

/**
 * Reads an uploaded source distribution (PEP 625): a gzip-compressed tar. Refuses what is not one; too many entries, too
 * large or too well packed (a bomb: it is counted while unpacking, and unpacking stops there); absolute, escaping or
 * doubled entries, devices, links that lead out of it; and an archive without exactly one top folder whose PKG-INFO
 * has the upload's name and version.
 * @param path the file on disk, not trusted
 */
export async function inspectSdist(
  path: string,
  expected: { readonly name: string; readonly version: string },
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Promise<Result<CoreMetadata>> {
  const { size } = await stat(path);
  const found: Found = { names: new Set(), top: null, pkgInfo: null, limits };
  const tar = extract();
  try {
    await Promise.all([
      pipeline(createReadStream(path), createGunzip(), countBytes(size, limits), tar),
      (async () => {
        for await (const entry of tar) await readEntry(entry, found);
      })(),
    ]);
    if (found.top === null) throw new Fault("It is empty.");
    if (found.pkgInfo === null) throw new Fault(`It has no ${printable(found.top)}/PKG-INFO.`);
    return parseMetadata(found.pkgInfo, expected);
  } catch (error) {
    if ((error as { syscall?: unknown } | null)?.syscall !== undefined) throw error; // the disk's fault, not the upload's
    const why = error instanceof Error ? error.message : String(error);
    const detail = error instanceof Fault ? why : `It is not a whole gzip-compressed tar archive (${printable(why)}).`;
    return refuse(registryRefusals["bad-sdist"]({ detail }));
  } finally {
    tar.destroy();
  }
}

interface Found {
  readonly names: Set<string>;
  readonly limits: ArchiveLimits;
  top: string | null;
  pkgInfo: Buffer | null;
}

function countBytes(packed: number, limits: ArchiveLimits): Transform {
  let unpacked = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      unpacked += chunk.length;
      const fault = sizeFault(limits, packed, unpacked);
      if (fault) done(new Fault(fault));
      else done(null, chunk);
    },
  });
}

async function readEntry(entry: Entry, found: Found): Promise<void> {
  const { header } = entry;
  const name = header.name.replace(/^\.\//, "").replace(/\/$/, "");
  if (name !== "" && name !== ".") {
    const fault = pathFault(name) ?? entryFault(header, name, found);
    if (fault) throw new Fault(fault);
    if (name === `${found.top}/PKG-INFO`) {
      if (header.type !== "file") throw new Fault("Its PKG-INFO is not a file.");
      if (header.size > found.limits.mostMetadataBytes) throw new Fault("Its PKG-INFO is too large.");
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      found.pkgInfo = Buffer.concat(chunks);
      return;
    }
  }
  await skip(entry);
}

function entryFault(header: Header, name: string, found: Found): string | null {
  const top = name.split("/", 1)[0] ?? "";
  found.top ??= top;
  if (top !== found.top) return `It has more than one top folder: ${printable(found.top)} and ${printable(top)}.`;
  if (name === top && header.type !== "directory") return `${printable(top)} is not in a folder.`;
  if (header.type !== "directory") {
    if (found.names.has(name)) return `It has two entries named ${printable(name)}.`;
    found.names.add(name);
    if (found.names.size > found.limits.mostEntries) return `It has more than ${found.limits.mostEntries} entries.`;
  }
  if (header.type === "symlink" || header.type === "link") return linkFault(header, name, top);
  const isPlain = header.type === "file" || header.type === "contiguous-file" || header.type === "directory";
  return isPlain ? null : `Its entry ${printable(name)} is neither a file nor a folder.`;
}

/** A symbolic link is relative to where it lies, a hard link to the archive's root (pax format, `linkpath`). */
function linkFault(header: Header, name: string, top: string): string | null {
  const target = header.linkname ?? "";
  const base = header.type === "symlink" ? posix.dirname(name) : ".";
  const resolved = posix.normalize(posix.join(base, target));
  const isInside = resolved === top || resolved.startsWith(`${top}/`);
  const isPlain = target !== "" && !target.startsWith("/") && !target.includes("\\");
  return isPlain && isInside ? null : `Its entry ${printable(name)} is a link that leads out of it.`;
}

const skip = (entry: Entry): Promise<void> =>
  new Promise((resolve, reject) => {
    entry.on("end", () => resolve());
    entry.on("close", () => resolve());
    entry.on("error", reject);
    entry.resume();
  });
