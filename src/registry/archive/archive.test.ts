import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import {
  coreMetadata,
  makeSdist,
  makeTarGz,
  makeWheel,
  makeZip,
  type TarEntry,
  wheelEntries,
  type ZipEntry,
} from "../../../test/world/distributions.ts";
import { ARCHIVE_LIMITS } from "./limits.ts";
import { inspectSdist } from "./sdist.ts";
import { inspectWheel } from "./wheel.ts";

const HELLO = { name: "my-hello", version: "1.0" };
const INFO = "my_hello-1.0.dist-info";
const folder = await mkdtemp(join(tmpdir(), "locksmith-archive-"));
after(() => rm(folder, { recursive: true, force: true }));

const limits = {
  ...ARCHIVE_LIMITS,
  mostEntries: 20,
  mostUnpackedBytes: 4_000_000,
  ratioFromBytes: 100_000,
  mostMetadataBytes: 10_000,
};
const file = (name: string, text = "x"): ZipEntry => ({ name, data: Buffer.from(text) });

let count = 0;
async function put(bytes: Buffer): Promise<string> {
  count += 1;
  const path = join(folder, String(count));
  await writeFile(path, bytes);
  return path;
}

async function wheelSays(bytes: Buffer): Promise<string> {
  const inspected = await inspectWheel(await put(bytes), HELLO, limits);
  if (inspected.ok) return "taken";
  assert.equal(inspected.refusal.status, 400);
  return inspected.refusal.detail ?? "";
}

async function sdistSays(bytes: Buffer): Promise<string> {
  const inspected = await inspectSdist(await put(bytes), HELLO, limits);
  if (inspected.ok) return "taken";
  assert.equal(inspected.refusal.status, 400);
  return inspected.refusal.detail ?? "";
}

const withEntries = (...more: readonly ZipEntry[]): Buffer => makeZip([...wheelEntries(HELLO), ...more]);
const without = (path: string): Buffer => makeZip(wheelEntries(HELLO).filter((entry) => entry.name !== path));
const replaced = (path: string, text: string): Buffer =>
  makeZip(wheelEntries(HELLO).map((entry) => (entry.name === path ? file(path, text) : entry)));

describe("a wheel", () => {
  test("is taken, stored or deflated, and its metadata kept byte for byte", async () => {
    const inspected = await inspectWheel(await put(makeWheel({ ...HELLO, requiresDist: ["requests"] }).bytes), HELLO);
    assert.ok(inspected.ok);
    assert.deepEqual(inspected.value.metadata.dependsOn, ["requests"]);
    assert.equal(inspected.value.coreMetadata.toString(), coreMetadata({ ...HELLO, requiresDist: ["requests"] }));
    assert.equal(
      await wheelSays(makeZip(wheelEntries(HELLO).map((entry) => ({ ...entry, isDeflated: true })))),
      "taken",
    );
    assert.equal(await wheelSays(withEntries({ name: "my_hello/", data: Buffer.alloc(0), mode: 0o040755 })), "taken");
  });

  const REFUSED: readonly (readonly [string, () => Buffer, RegExp])[] = [
    ["is no zip", () => Buffer.from("not a zip"), /not a zip/],
    ["is cut off", () => makeWheel(HELLO).bytes.subarray(0, 700), /not a zip/],
    ["has something appended", () => Buffer.concat([makeWheel(HELLO).bytes, Buffer.from("more")]), /not a zip/],
    ["has something before it", () => Buffer.concat([Buffer.from("#!/bin/sh\n"), makeWheel(HELLO).bytes]), /damaged/],
    ["leads out of itself", () => withEntries(file("../evil.py")), /leads out/],
    ["leads out of itself further in", () => withEntries(file("a/../../evil.py")), /leads out/],
    ["has an absolute path", () => withEntries(file("/etc/passwd")), /absolute/],
    ["has a drive letter", () => withEntries(file("C:evil.py")), /absolute/],
    ["has a backslash", () => withEntries(file("a\\..\\evil.py")), /backslash/],
    ["has a control character", () => withEntries(file("a\u0007.py")), /control/],
    ["has an empty segment", () => withEntries(file("a//b.py")), /not plain/],
    ["has an entry twice", () => withEntries(file("my_hello/__init__.py")), /two entries/],
    [
      "has a symbolic link",
      () => withEntries({ name: "link", data: Buffer.from("/etc/passwd"), mode: 0o120777 }),
      /symbolic link/,
    ],
    ["is encrypted", () => withEntries({ ...file("secret"), central: { flags: 0x0801 } }), /encrypted|size mismatch/],
    [
      "has names that differ within",
      () => withEntries({ ...file("innocent.py"), central: { name: "harmful!.py" } }),
      /start of an entry/,
    ],
    [
      "has entries that overlap",
      () => withEntries(file("a.py"), { ...file("a.py"), name: "a.py", central: { name: "b.py", offset: 0 } }),
      /start of an entry|overlap/,
    ],
    [
      "has too many entries",
      () => withEntries(...Array.from({ length: 20 }, (_, at) => file(`f${at}`))),
      /more than 20 entries/,
    ],
    [
      "is a bomb by ratio",
      () => withEntries({ name: "zeros", data: Buffer.alloc(2_000_000), isDeflated: true }),
      /50 times/,
    ],
    [
      "is a bomb by size",
      () =>
        withEntries({
          name: "zeros",
          data: Buffer.alloc(1),
          isDeflated: true,
          central: { uncompressedSize: 4_000_001 },
        }),
      /unpacks to more|50 times/,
    ],
    ["has no METADATA", () => without(`${INFO}/METADATA`), /no my_hello-1.0.dist-info\/METADATA/],
    ["has no WHEEL", () => without(`${INFO}/WHEEL`), /no .*WHEEL/],
    ["has no RECORD", () => without(`${INFO}/RECORD`), /no .*RECORD/],
    ["has no dist-info", () => makeZip([file("my_hello/__init__.py")]), /no .dist-info/],
    ["has two dist-infos", () => withEntries(file("other-1.0.dist-info/METADATA")), /more than one/],
    [
      "has another's dist-info",
      () => makeZip(wheelEntries({ name: "other", version: "1.0" })),
      /not named for my-hello 1.0/,
    ],
    [
      "has another's name in METADATA",
      () => replaced(`${INFO}/METADATA`, coreMetadata({ name: "other", version: "1.0" })),
      /"other"/,
    ],
    [
      "has another version in METADATA",
      () => replaced(`${INFO}/METADATA`, coreMetadata({ name: "my-hello", version: "2" })),
      /"2"/,
    ],
    [
      "has METADATA without end",
      () => replaced(`${INFO}/METADATA`, coreMetadata(HELLO) + "x".repeat(20_000)),
      /too large/,
    ],
    [
      "has METADATA longer than it says",
      () =>
        makeZip(
          wheelEntries(HELLO).map((entry) =>
            entry.name === `${INFO}/METADATA`
              ? { ...entry, isDeflated: true, central: { uncompressedSize: 10 } }
              : entry,
          ),
        ),
      /damaged/,
    ],
    ["is of another wheel version", () => replaced(`${INFO}/WHEEL`, "Wheel-Version: 2.0\n"), /Wheel-Version/],
    ["is empty", () => makeZip([]), /no .dist-info/],
  ];
  for (const [what, make, why] of REFUSED) {
    test(`that ${what} is refused`, async () => assert.match(await wheelSays(make()), why));
  }

  test("with any bytes changed is taken or refused, never a failure", async () => {
    const good = makeWheel(HELLO).bytes;
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: good.length - 1 }),
        fc.uint8Array({ minLength: 1, maxLength: 4 }),
        async (at, bytes) => {
          const changed = Buffer.from(good);
          changed.set(bytes.subarray(0, changed.length - at), at);
          await wheelSays(changed);
        },
      ),
      { numRuns: 150 },
    );
  });
});

const sdist = (...more: readonly TarEntry[]): Buffer =>
  makeTarGz([{ name: "my_hello-1.0/PKG-INFO", data: Buffer.from(coreMetadata(HELLO)) }, ...more]);
const member = (name: string, rest: Partial<TarEntry> = {}): TarEntry => ({ name, data: Buffer.alloc(0), ...rest });

describe("a source distribution", () => {
  test("is taken, with links that stay inside", async () => {
    assert.equal(await sdistSays(makeSdist(HELLO).bytes), "taken");
    assert.equal(await sdistSays(sdist(member("my_hello-1.0/a/link", { type: "2", linkname: "../b" }))), "taken");
    assert.equal(
      await sdistSays(sdist(member("my_hello-1.0/hard", { type: "1", linkname: "my_hello-1.0/PKG-INFO" }))),
      "taken",
    );
  });

  const REFUSED: readonly (readonly [string, () => Buffer, RegExp])[] = [
    ["is no gzip", () => Buffer.from("not gzip"), /gzip/],
    ["is no tar", () => gzipSync(Buffer.alloc(2000, 65)), /tar/],
    ["is cut off", () => makeSdist(HELLO).bytes.subarray(0, 200), /gzip/],
    ["is a tar that is cut off", () => gzipSync(gunzipSync(makeSdist(HELLO).bytes).subarray(0, 1300)), /gzip/],
    ["is empty", () => makeTarGz([]), /empty/],
    ["leads out of itself", () => sdist(member("my_hello-1.0/../../evil")), /leads out/],
    ["has an absolute path", () => sdist(member("/etc/passwd")), /absolute/],
    ["has two top folders", () => sdist(member("other/file")), /top folder/],
    [
      "has no top folder",
      () => makeTarGz([member("PKG-INFO", { data: Buffer.from(coreMetadata(HELLO)) })]),
      /not in a folder/,
    ],
    ["has a file twice", () => sdist(member("my_hello-1.0/PKG-INFO")), /two entries/],
    [
      "has a link that leads out",
      () => sdist(member("my_hello-1.0/link", { type: "2", linkname: "../../etc/passwd" })),
      /leads out/,
    ],
    [
      "has an absolute link",
      () => sdist(member("my_hello-1.0/link", { type: "2", linkname: "/etc/passwd" })),
      /leads out/,
    ],
    [
      "has a hard link that leads out",
      () => sdist(member("my_hello-1.0/link", { type: "1", linkname: "etc/passwd" })),
      /leads out/,
    ],
    ["has a device", () => sdist(member("my_hello-1.0/null", { type: "3" })), /neither a file/],
    [
      "has PKG-INFO as a link",
      () => makeTarGz([member("my_hello-1.0/PKG-INFO", { type: "2", linkname: "x" })]),
      /not a file/,
    ],
    ["has no PKG-INFO", () => makeTarGz([member("my_hello-1.0/setup.py")]), /no my_hello-1.0\/PKG-INFO/],
    [
      "has PKG-INFO deeper only",
      () => makeTarGz([member("my_hello-1.0/x.egg-info/PKG-INFO")]),
      /no my_hello-1.0\/PKG-INFO/,
    ],
    ["has another's PKG-INFO", () => makeSdist({ name: "other", version: "1.0" }).bytes, /"other"/],
    [
      "has PKG-INFO without end",
      () => makeTarGz([member("my_hello-1.0/PKG-INFO", { data: Buffer.alloc(20_000, 65) })]),
      /too large/,
    ],
    [
      "has too many entries",
      () => sdist(...Array.from({ length: 20 }, (_, at) => member(`my_hello-1.0/f${at}`))),
      /more than 20 entries/,
    ],
    ["is a bomb by ratio", () => sdist(member("my_hello-1.0/zeros", { data: Buffer.alloc(2_000_000) })), /50 times/],
    [
      "is a bomb of bombs",
      () =>
        Buffer.concat(
          Array.from({ length: 40 }, () => sdist(member("my_hello-1.0/z", { data: Buffer.alloc(500_000) }))),
        ),
      /50 times|two entries/,
    ],
  ];
  for (const [what, make, why] of REFUSED) {
    test(`that ${what} is refused`, async () => assert.match(await sdistSays(make()), why));
  }

  test("with any bytes of its tar changed is taken or refused, never a failure", async () => {
    const good = gunzipSync(makeSdist(HELLO).bytes);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: good.length - 1 }),
        fc.uint8Array({ minLength: 1, maxLength: 4 }),
        async (at, bytes) => {
          const changed = Buffer.from(good);
          changed.set(bytes.subarray(0, changed.length - at), at);
          await sdistSays(gzipSync(changed));
        },
      ),
      { numRuns: 150 },
    );
  });
});
