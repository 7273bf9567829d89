import type { Readable } from "node:stream";
import { type Entry, getFileNameLowLevel, openPromise, type ZipFile } from "yauzl";
import { refuse, ok, type Result } from "../../kernel/result.ts";
import { type CoreMetadata, decodeUtf8, parseMetadata, printable } from "../metadata.ts";
import { normalizeName } from "../names.ts";
import { registryRefusals } from "../refusals.ts";
import { normalizeVersion } from "../versions.ts";
import { ARCHIVE_LIMITS, type ArchiveLimits, pathFault, sizeFault } from "./limits.ts";

export interface InspectedWheel {
  readonly metadata: CoreMetadata;
  /** METADATA as it is in the wheel, to be served beside it (PEP 658). */
  readonly coreMetadata: Buffer;
}

/** Thrown inside and turned into a refusal at the one way out. */
class Fault extends Error {}

const SYMLINK = 0o120000;
const FILE_TYPE_BITS = 0o170000;
const MADE_ON_UNIX = 3;
const END_RECORD_BYTES = 22;
const ZIP64_END_BYTES = 56 + 20;
const DEFLATE = 8;

/**
 * Reads an uploaded wheel (PEP 427). Refuses what is not a zip; too many entries, too large or too well packed (a bomb);
 * absolute, escaping, doubled, encrypted or linked entries; a directory of contents that says otherwise than the
 * contents themselves, so that no two tools see different files in it; and a wheel without exactly one `.dist-info`
 * folder of METADATA, WHEEL and RECORD whose name and version are the upload's.
 * @param path the file on disk, not trusted
 */
export async function inspectWheel(
  path: string,
  expected: { readonly name: string; readonly version: string },
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Promise<Result<InspectedWheel>> {
  let zip: ZipFile;
  try {
    zip = await openPromise(path, { autoClose: false, decodeStrings: false, strictFileNames: true });
  } catch (error) {
    return bad(`It is not a zip archive (${printable(messageOf(error))}).`);
  }
  try {
    const entries = await readEntries(zip, limits);
    const folder = findDistInfo([...entries.keys()], expected);
    const coreMetadata = await readSmall(zip, entries, `${folder}/METADATA`, limits);
    checkWheelFile(await readSmall(zip, entries, `${folder}/WHEEL`, limits));
    await readSmall(zip, entries, `${folder}/RECORD`, { ...limits, mostMetadataBytes: 8 * limits.mostMetadataBytes });
    const metadata = parseMetadata(coreMetadata, expected);
    return metadata.ok ? ok({ metadata: metadata.value, coreMetadata }) : metadata;
  } catch (error) {
    if (isDiskFault(error)) throw error;
    return bad(error instanceof Fault ? error.message : `Its zip archive is damaged (${printable(messageOf(error))}).`);
  } finally {
    zip.close();
  }
}

const bad = (detail: string) => refuse(registryRefusals["bad-wheel"]({ detail }));
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** An error of the file system is ours, not the upload's. zlib's errors carry a code too, but not a call. */
const isDiskFault = (error: unknown): boolean => (error as { syscall?: unknown } | null)?.syscall !== undefined;

/** Every entry by name, each checked by itself and all of them together. */
async function readEntries(zip: ZipFile, limits: ArchiveLimits): Promise<ReadonlyMap<string, Entry>> {
  if (zip.entryCount > limits.mostEntries) throw new Fault(`It has more than ${limits.mostEntries} entries.`);
  const entries = new Map<string, Entry>();
  const spans: { readonly start: number; readonly end: number }[] = [];
  let unpacked = 0;
  for await (const entry of zip.eachEntry()) {
    const name = nameOf(entry);
    const fault = pathFault(name) ?? entryFault(entry, name);
    if (fault) throw new Fault(fault);
    if (entries.has(name)) throw new Fault(`It has two entries named ${printable(name)}.`);
    entries.set(name, entry);
    unpacked += entry.uncompressedSize;
    const tooLarge = sizeFault(limits, zip.fileSize, unpacked);
    if (tooLarge) throw new Fault(tooLarge);
    spans.push(await spanOf(zip, entry));
  }
  checkLayout(zip, spans);
  return entries;
}

function nameOf(entry: Entry): string {
  const isUtf8 = (entry.generalPurposeBitFlag & 0x800) !== 0;
  const name = isUtf8
    ? decodeUtf8(entry.fileNameRaw)
    : getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, [], true);
  if (name === null) throw new Fault("It has an entry whose name is not UTF-8.");
  return name;
}

function entryFault(entry: Entry, name: string): string | null {
  const shown = printable(name);
  if (entry.isEncrypted()) return `Its entry ${shown} is encrypted.`;
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== DEFLATE) {
    return `Its entry ${shown} is packed in a way installers do not read; use stored or deflate.`;
  }
  const mode = entry.externalFileAttributes >>> 16;
  const isLink = entry.versionMadeBy >>> 8 === MADE_ON_UNIX && (mode & FILE_TYPE_BITS) === SYMLINK;
  return isLink ? `Its entry ${shown} is a symbolic link.` : null;
}

/** Where an entry lies in the file, after its own header was found to say the same as the directory at the end. */
async function spanOf(zip: ZipFile, entry: Entry): Promise<{ readonly start: number; readonly end: number }> {
  const header = await zip.readLocalFileHeaderPromise(entry, { minimal: false });
  if (!header.fileName.equals(entry.fileNameRaw) || header.compressionMethod !== entry.compressionMethod) {
    throw new Fault("It says one thing about its contents at the start of an entry and another at its end.");
  }
  return { start: entry.relativeOffsetOfLocalHeader, end: header.fileDataStart + entry.compressedSize };
}

/** Entries follow one another without overlapping, from the first byte on, and the directory ends where the archive does. */
function checkLayout(zip: ZipFile, spans: readonly { readonly start: number; readonly end: number }[]): void {
  let end = 0;
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    if (end === 0 && span.start !== 0) throw new Fault("It has something before its first entry.");
    if (span.start < end) throw new Fault("Its entries overlap.");
    end = span.end;
  }
  const cursor = Number(zip.readEntryCursor); // a byte position; its type library says boolean
  const left = zip.fileSize - zip.comment.length - END_RECORD_BYTES - cursor;
  if (left !== 0 && left !== ZIP64_END_BYTES) throw new Fault("It has entries that its directory does not count.");
}

/** The one `.dist-info` folder, which must be named for the project and version. */
function findDistInfo(names: readonly string[], expected: { readonly name: string; readonly version: string }): string {
  const folders = new Set(names.flatMap((name) => /^([^/]+\.dist-info)\//.exec(name)?.[1] ?? []));
  const [folder, second] = [...folders];
  if (folder === undefined) throw new Fault("It has no .dist-info folder.");
  if (second !== undefined) throw new Fault("It has more than one .dist-info folder.");
  const [, name = "", version = ""] = /^(.+?)-([^-]+)\.dist-info$/.exec(folder) ?? [];
  const isSame =
    normalizeName(name) === normalizeName(expected.name) &&
    normalizeVersion(version) === normalizeVersion(expected.version);
  if (!isSame)
    throw new Fault(`Its folder ${printable(folder)} is not named for ${expected.name} ${expected.version}.`);
  return folder;
}

async function readSmall(
  zip: ZipFile,
  entries: ReadonlyMap<string, Entry>,
  name: string,
  limits: ArchiveLimits,
): Promise<Buffer> {
  const entry = entries.get(name);
  if (!entry) throw new Fault(`It has no ${printable(name)}.`);
  if (entry.uncompressedSize > limits.mostMetadataBytes) throw new Fault(`Its ${printable(name)} is too large.`);
  const stream: Readable = await zip.openReadStreamPromise(entry);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer); // a byte stream; yauzl ends it at the declared size
  return Buffer.concat(chunks);
}

function checkWheelFile(bytes: Buffer): void {
  const version = /^Wheel-Version:\s*(\d+)\.\d+\s*$/m.exec(decodeUtf8(bytes) ?? "")?.[1];
  if (version !== "1") throw new Fault("Its WHEEL file does not say Wheel-Version 1.x.");
}
