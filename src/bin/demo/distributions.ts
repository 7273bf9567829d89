import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";

/*
 * Real Python distributions, made byte by byte: what a build tool would hand to twine. Sources: PEP 427 (wheel), PEP 625
 * (sdist), core metadata 2.1, PKWARE APPNOTE 6.3.3 §4.3 (zip), POSIX pax §"ustar Interchange Format" (tar).
 */

export interface DistributionOptions {
  readonly name: string;
  readonly version: string;
  /** Further files by path; in a wheel relative to the root, in an sdist relative to the top folder. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  readonly requiresDist?: readonly string[];
  readonly requiresPython?: string;
  readonly summary?: string;
  /** As `Label, https://…`. */
  readonly projectUrls?: readonly string[];
}

export interface Distribution {
  readonly filename: string;
  readonly bytes: Buffer;
}

const escapeName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "_");

/** METADATA or PKG-INFO. */
export function coreMetadata(options: DistributionOptions): string {
  return [
    "Metadata-Version: 2.1",
    `Name: ${options.name}`,
    `Version: ${options.version}`,
    `Summary: ${options.summary ?? "A small package for trying things out"}`,
    ...(options.requiresPython === undefined ? [] : [`Requires-Python: ${options.requiresPython}`]),
    ...(options.requiresDist ?? []).map((requirement) => `Requires-Dist: ${requirement}`),
    ...(options.projectUrls ?? []).map((line) => `Project-URL: ${line}`),
    "Description-Content-Type: text/plain",
    "",
    `${options.name} says hello.`,
    "",
  ].join("\n");
}

const moduleText = ({ name, version }: DistributionOptions): string =>
  `__version__ = "${version}"\n\n\ndef hello():\n    return "hello from ${name}"\n`;

/** The entries of a pure wheel, RECORD last. */
export function wheelEntries(options: DistributionOptions): ZipEntry[] {
  const name = escapeName(options.name);
  const info = `${name}-${options.version}.dist-info`;
  const files: Record<string, string | Buffer> = {
    [`${name}/__init__.py`]: moduleText(options),
    ...options.files,
    [`${info}/METADATA`]: coreMetadata(options),
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: locksmith\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
  };
  const entries = Object.entries(files).map(([path, data]) => ({ name: path, data: Buffer.from(data) }));
  const record = entries.map(
    ({ name: path, data }) =>
      `${path},sha256=${createHash("sha256").update(data).digest("base64url")},${data.length}\n`,
  );
  return [...entries, { name: `${info}/RECORD`, data: Buffer.from(`${record.join("")}${info}/RECORD,,\n`) }];
}

/** A pure wheel that pip installs: one module with a function `hello`. */
export const makeWheel = (options: DistributionOptions): Distribution => ({
  filename: `${escapeName(options.name)}-${options.version}-py3-none-any.whl`,
  bytes: makeZip(wheelEntries(options)),
});

/** A build backend (PEP 517) that needs nothing but Python, so that the sdist can be installed without other packages. */
const backend = (name: string, version: string): string => `import os
import shutil
import zipfile

NAME, VERSION = "${name}", "${version}"
INFO = f"{NAME}-{VERSION}.dist-info"
WHEEL = "Wheel-Version: 1.0\\nGenerator: locksmith\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    os.makedirs(os.path.join(metadata_directory, INFO))
    shutil.copy("PKG-INFO", os.path.join(metadata_directory, INFO, "METADATA"))
    return INFO


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    filename = f"{NAME}-{VERSION}-py3-none-any.whl"
    names = [f"{NAME}/__init__.py", f"{INFO}/METADATA", f"{INFO}/WHEEL", f"{INFO}/RECORD"]
    with zipfile.ZipFile(os.path.join(wheel_directory, filename), "w") as wheel:
        wheel.write(names[0])
        wheel.write("PKG-INFO", names[1])
        wheel.writestr(names[2], WHEEL)
        wheel.writestr(names[3], "".join(f"{name},,\\n" for name in names))
    return filename
`;

/** A source distribution of the same module, which pip builds and installs offline. */
export function makeSdist(options: DistributionOptions): Distribution {
  const name = escapeName(options.name);
  const top = `${name}-${options.version}`;
  const files: Record<string, string | Buffer> = {
    "PKG-INFO": coreMetadata(options),
    "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    "backend.py": backend(name, options.version),
    [`${name}/__init__.py`]: moduleText(options),
    ...options.files,
  };
  const entries = Object.entries(files).map(([path, data]) => ({ name: `${top}/${path}`, data: Buffer.from(data) }));
  return {
    filename: `${top}.tar.gz`,
    bytes: makeTarGz([{ name: `${top}/`, data: Buffer.alloc(0), type: "5" }, ...entries]),
  };
}

export interface ZipEntry {
  readonly name: string;
  readonly data: Buffer;
  /** Unix mode with file type; a plain file unless said. */
  readonly mode?: number;
  readonly isDeflated?: boolean;
  /** What the directory at the end says instead, for archives that are meant to be refused. */
  readonly central?: {
    readonly name?: string;
    readonly uncompressedSize?: number;
    readonly offset?: number;
    readonly flags?: number;
  };
}

const PLAIN_FILE = 0o100644;
const UTF8_NAMES = 0x0800;
const DOS_DATE = 0x21; // 1 January 1980, so that the same files give the same bytes

/** A zip archive of the entries in order. */
export function makeZip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const packed = entry.isDeflated ? deflateRawSync(entry.data) : entry.data;
    const sizes = { packed: packed.length, unpacked: entry.data.length, checksum: crc32(entry.data) };
    const local = Buffer.concat([localHeader(entry, sizes), packed]);
    directory.push(centralHeader(entry, sizes, offset));
    locals.push(local);
    offset += local.length;
  }
  return Buffer.concat([...locals, ...directory, endRecord(entries.length, Buffer.concat(directory).length, offset)]);
}

interface Sizes {
  readonly packed: number;
  readonly unpacked: number;
  readonly checksum: number;
}

function localHeader(entry: Pick<ZipEntry, "name" | "isDeflated">, sizes: Sizes): Buffer {
  const name = Buffer.from(entry.name);
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  head.writeUInt16LE(20, 4);
  head.writeUInt16LE(UTF8_NAMES, 6);
  head.writeUInt16LE(entry.isDeflated ? 8 : 0, 8);
  head.writeUInt16LE(DOS_DATE, 12);
  head.writeUInt32LE(sizes.checksum, 14);
  head.writeUInt32LE(sizes.packed, 18);
  head.writeUInt32LE(sizes.unpacked, 22);
  head.writeUInt16LE(name.length, 26);
  return Buffer.concat([head, name]);
}

function centralHeader(entry: ZipEntry, sizes: Sizes, offset: number): Buffer {
  const name = Buffer.from(entry.central?.name ?? entry.name);
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt16LE(0x0314, 4); // made on Unix
  head.writeUInt16LE(20, 6);
  head.writeUInt16LE(entry.central?.flags ?? UTF8_NAMES, 8);
  head.writeUInt16LE(entry.isDeflated ? 8 : 0, 10);
  head.writeUInt16LE(DOS_DATE, 14);
  head.writeUInt32LE(sizes.checksum, 16);
  head.writeUInt32LE(sizes.packed, 20);
  head.writeUInt32LE(entry.central?.uncompressedSize ?? sizes.unpacked, 24);
  head.writeUInt16LE(name.length, 28);
  head.writeUInt32LE(((entry.mode ?? PLAIN_FILE) << 16) >>> 0, 38);
  head.writeUInt32LE(entry.central?.offset ?? offset, 42);
  return Buffer.concat([head, name]);
}

function endRecord(count: number, directoryBytes: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directoryBytes, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}

export interface TarEntry {
  readonly name: string;
  readonly data: Buffer;
  /** The type flag: `0` file, `1` hard link, `2` symbolic link, `3` device, `5` folder. */
  readonly type?: "0" | "1" | "2" | "3" | "5";
  readonly linkname?: string;
}

/** A gzip-compressed tar archive of the entries in order. */
export const makeTarGz = (entries: readonly TarEntry[]): Buffer =>
  gzipSync(Buffer.concat([...entries.flatMap((entry) => [tarHeader(entry), padded(entry.data)]), Buffer.alloc(1024)]));

const padded = (data: Buffer): Buffer => Buffer.concat([data, Buffer.alloc((512 - (data.length % 512)) % 512)]);

const SECONDS_TO_1980 = 315_532_800; // zip, into which an sdist is built, knows no earlier time

function tarHeader(entry: TarEntry): Buffer {
  if (Buffer.byteLength(entry.name) > 100) throw new Error("Only names of up to 100 bytes are written here.");
  const head = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number) =>
    head.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at);
  head.write(entry.name, 0);
  octal(entry.type === "5" ? 0o755 : 0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(entry.data.length, 124, 12);
  octal(SECONDS_TO_1980, 136, 12);
  head.write(" ".repeat(8), 148);
  head.write(entry.type ?? "0", 156);
  head.write(entry.linkname ?? "", 157);
  head.write("ustar\0", 257);
  head.write("00", 263);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return head;
}

export interface HugeWheel {
  readonly filename: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Of the whole file, lower-case hexadecimal. */
  readonly sha256: string;
  /** The file from its start; may be asked for again. */
  readonly stream: () => Readable;
}

const PIECE_BYTES = 64 * 1024;

/**
 * A valid wheel with one data file of so many bytes, which is never in memory as a whole.
 * @param dataBytes length of the data file; the wheel is about a kilobyte longer
 */
export function hugeWheel(options: DistributionOptions, dataBytes: number): HugeWheel {
  const name = escapeName(options.name);
  const small = wheelEntries(options);
  const pieces = function* () {
    for (let done = 0; done < dataBytes; done += PIECE_BYTES) {
      // Not compressible and not repeating, as a compiled library is not.
      yield createHash("shake256", { outputLength: Math.min(PIECE_BYTES, dataBytes - done) })
        .update(String(done))
        .digest();
    }
  };
  let checksum = 0;
  for (const piece of pieces()) checksum = crc32(piece, checksum);
  const data = { name: `${name}/data.bin`, data: Buffer.alloc(0) };
  const sizes = { packed: dataBytes, unpacked: dataBytes, checksum };
  const head = localHeader(data, sizes);
  const locals = small.map((entry) => Buffer.concat([localHeader(entry, sizesOf(entry)), entry.data]));
  const offsets = locals.map((_, at) => locals.slice(0, at).reduce((total, local) => total + local.length, 0));
  const localBytes = locals.reduce((total, local) => total + local.length, 0);
  const directory = Buffer.concat([
    ...small.map((entry, at) => centralHeader(entry, sizesOf(entry), offsets[at] ?? 0)),
    centralHeader(data, sizes, localBytes),
  ]);
  const tail = Buffer.concat([
    directory,
    endRecord(small.length + 1, directory.length, localBytes + head.length + dataBytes),
  ]);
  const whole = function* () {
    yield* locals;
    yield head;
    yield* pieces();
    yield tail;
  };
  const hash = createHash("sha256");
  for (const piece of whole()) hash.update(piece);
  return {
    filename: `${name}-${options.version}-py3-none-any.whl`,
    size: localBytes + head.length + dataBytes + tail.length,
    sha256: hash.digest("hex"),
    stream: () => Readable.from(whole(), { objectMode: false }),
  };
}

const sizesOf = ({ data }: ZipEntry): Sizes => ({ packed: data.length, unpacked: data.length, checksum: crc32(data) });
