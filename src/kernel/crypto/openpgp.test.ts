import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type GpgHome, gpgHome, hasGpg } from "../../../test/world/gpg.ts";
import type { Result } from "../result.ts";
import { checkOpenpgpSignature, type OpenpgpKey, readOpenpgpKey, readOpenpgpSignature } from "./openpgp.ts";

const NOW = new Date("2026-11-02T10:00:00Z");
const MADE = new Date("2024-01-02T10:00:00Z");
const TEXT = "locksmith-recovery case LK-4F7Q-9KMT at index.example value c2FtcGxl until 2026-11-03T10:00:00.000Z";

const codeOf = (result: Result<unknown>): string => (result.ok ? "ok" : result.refusal.code);
function must<T>(result: Result<T>): T {
  assert.ok(result.ok, codeOf(result));
  return result.value;
}

/** Signs, reads the signature back, and checks it. */
async function check(key: OpenpgpKey, pasted: string, now = NOW, text = TEXT): Promise<boolean | string> {
  const read = await readOpenpgpSignature(pasted);
  if (!read.ok) return read.refusal.code;
  const checked = await checkOpenpgpSignature(read.value, text, key.blob, now);
  return checked.ok ? checked.value : checked.refusal.code;
}

describe("OpenPGP, with the real gpg", { skip: hasGpg() ? false : "gpg is not installed" }, () => {
  let gpg: GpgHome;
  let ed: string;
  before(() => {
    gpg = gpgHome();
    ed = gpg.make({ algorithm: "ed25519", userId: "Alice <alice@example.org>", usage: "sign" }, MADE);
  });
  after(() => gpg.close());

  for (const algorithm of ["ed25519", "nistp256", "nistp384", "nistp521", "rsa2048", "rsa3072"]) {
    test(`a key of kind ${algorithm} is read, and its signatures in both forms hold`, async () => {
      const fingerprint = gpg.make({ algorithm, userId: `${algorithm} <a@example.org>`, usage: "sign" }, MADE);
      const key = must(await readOpenpgpKey(gpg.exportKey(fingerprint), NOW));
      assert.equal(key.fingerprint, fingerprint);
      assert.deepEqual(key.signers, [fingerprint]);
      assert.deepEqual(key.userIds, [`${algorithm} <a@example.org>`]);
      assert.deepEqual(key.madeAt, MADE);
      assert.equal(key.expiresAt, null);
      assert.match(key.algorithm, /^(?:ed25519|nistp\d+|RSA, \d+ bits)$/);
      const how = { by: fingerprint, at: NOW };
      assert.equal(await check(key, gpg.clearsign(TEXT, how)), true);
      for (const end of ["", "\n", "\r\n"]) assert.equal(await check(key, gpg.detach(TEXT + end, how)), true);
      const pasted = `\n  ${gpg.clearsign(`${TEXT}\n`, how).replaceAll("\n", "\r\n")}\n`;
      assert.equal(await check(key, pasted), true, "spaces and CRLF are forgiven");
    });
  }

  test("a subkey signs for a primary key that may only certify", async () => {
    const primary = gpg.make({ algorithm: "ed25519", userId: "Sub <s@example.org>", usage: "cert" }, MADE);
    assert.equal(codeOf(await readOpenpgpKey(gpg.exportKey(primary), NOW)), "openpgp/no-signing-key");
    gpg.addSubkey(primary, "rsa2048", "sign", MADE);
    gpg.addSubkey(primary, "cv25519", "encr", MADE);
    const key = must(await readOpenpgpKey(gpg.exportKey(primary), NOW));
    assert.equal(key.fingerprint, primary);
    assert.equal(key.signers.length, 1);
    assert.notEqual(key.signers[0], primary);
    // Only the subkey's secret is there, as on a laptop whose primary key lies in a drawer.
    const laptop = gpgHome();
    try {
      laptop.run(["--import"], { input: gpg.run(["--armor", "--export-secret-subkeys", primary]) });
      assert.equal(await check(key, laptop.clearsign(TEXT, { by: primary, at: NOW })), true);
    } finally {
      laptop.close();
    }
  });

  test("an expired key is refused, also where the signature is dated back", async () => {
    const fingerprint = gpg.make(
      { algorithm: "ed25519", userId: "Old <o@example.org>", usage: "sign", expires: "2y" },
      MADE,
    );
    const early = new Date("2025-06-01T00:00:00Z");
    const armored = gpg.exportKey(fingerprint);
    const key = must(await readOpenpgpKey(armored, early));
    assert.equal(key.expiresAt?.getUTCFullYear(), 2026);
    assert.equal(codeOf(await readOpenpgpKey(armored, NOW)), "openpgp/expired-key");
    const signature = gpg.detach(TEXT, { by: fingerprint, at: early });
    assert.equal(await check(key, signature, early), true);
    assert.equal(await check(key, signature, NOW), "openpgp/expired-key");
  });

  test("an expired subkey does not sign, though its primary key is good", async () => {
    const primary = gpg.make({ algorithm: "ed25519", userId: "Half <h@example.org>", usage: "cert" }, MADE);
    gpg.addSubkey(primary, "ed25519", "sign", MADE, "1y");
    const early = new Date("2024-06-01T00:00:00Z");
    const key = must(await readOpenpgpKey(gpg.exportKey(primary), early));
    const signature = gpg.detach(TEXT, { by: primary, at: early });
    assert.equal(codeOf(await readOpenpgpKey(gpg.exportKey(primary), NOW)), "openpgp/no-signing-key");
    assert.equal(await check(key, signature, NOW), "openpgp/no-signing-key");
  });

  test("a revoked key is refused", async () => {
    const fingerprint = gpg.make({ algorithm: "ed25519", userId: "Gone <g@example.org>", usage: "sign" }, MADE);
    must(await readOpenpgpKey(gpg.exportKey(fingerprint), NOW));
    gpg.revoke(fingerprint, new Date("2026-01-01T00:00:00Z"));
    assert.equal(codeOf(await readOpenpgpKey(gpg.exportKey(fingerprint), NOW)), "openpgp/revoked-key");
  });

  test("weak keys and weak signatures are refused", async () => {
    const weak = ["--allow-weak-key-signatures", "--cert-digest-algo", "SHA1"];
    const rsa = gpg.make({ algorithm: "rsa1024", userId: "Weak <w@example.org>", usage: "sign" }, MADE);
    assert.equal(codeOf(await readOpenpgpKey(gpg.exportKey(rsa), NOW)), "openpgp/weak-key");
    const dsa = gpg.make({ algorithm: "dsa2048", userId: "Dsa <d@example.org>", usage: "sign" }, MADE);
    assert.equal(codeOf(await readOpenpgpKey(gpg.exportKey(dsa), NOW)), "openpgp/weak-key");
    const brainpool = gpg.make({ algorithm: "brainpoolP256r1", userId: "B <b@example.org>", usage: "sign" }, MADE);
    assert.equal(codeOf(await readOpenpgpKey(gpg.exportKey(brainpool), NOW)), "openpgp/unsupported-key");
    const key = must(await readOpenpgpKey(gpg.exportKey(ed), NOW));
    assert.equal(await check(key, gpg.detach(TEXT, { by: dsa, at: NOW, digest: "SHA256" })), "openpgp/weak-signature");
    for (const digest of ["SHA1", "RIPEMD160"]) {
      const signature = gpg.clearsign(TEXT, { by: ed, at: NOW, digest });
      assert.equal(await check(key, signature), "openpgp/weak-signature", digest);
    }
    gpg.run([...weak, "--quick-generate-key", "Sha1 <sha1@example.org>", "ed25519", "sign", "never"], { at: MADE });
    const armored = gpg.run(["--armor", "--export", "sha1@example.org"]);
    const refused = await readOpenpgpKey(armored, NOW);
    assert.equal(codeOf(refused), "openpgp/weak-key");
    assert.match(refused.ok ? "" : (refused.refusal.detail ?? ""), /SHA-1/);
  });

  test("another text, another key, a changed signature and a time to come do not hold", async () => {
    const key = must(await readOpenpgpKey(gpg.exportKey(ed), NOW));
    const other = gpg.make({ algorithm: "ed25519", userId: "Other <x@example.org>", usage: "sign" }, MADE);
    const how = { by: ed, at: NOW };
    for (const form of ["clearsign", "detach"] as const) {
      assert.equal(await check(key, gpg[form](`${TEXT} `.replace("LK-4F7Q", "LK-4F7R"), how)), false, form);
      assert.equal(await check(key, gpg[form](TEXT, { by: other, at: NOW })), false, form);
      assert.equal(await check(key, gpg[form](`${TEXT}\nand more`, how)), false, form);
      assert.equal(await check(key, gpg[form](TEXT, { by: ed, at: new Date("2027-11-02T10:00:00Z") })), false, form);
    }
    const soon = new Date(NOW.getTime() + 3 * 3600_000);
    assert.equal(
      await check(key, gpg.detach(TEXT, { by: ed, at: soon })),
      true,
      "a clock three hours ahead is forgiven",
    );
    // The text of a good signature, exchanged for the right one.
    const forged = gpg.clearsign("anything", how).replace("anything", TEXT);
    assert.equal(await check(key, forged), false);
  });

  test("trailing data, several signatures and other blocks are refused with a reason", async () => {
    const key = must(await readOpenpgpKey(gpg.exportKey(ed), NOW));
    const how = { by: ed, at: NOW };
    const [clear, alone] = [gpg.clearsign(TEXT, how), gpg.detach(TEXT, how)];
    const twice = gpg.run(["--armor", "--detach-sign", "--local-user", ed, "--local-user", "Other <x@example.org>"], {
      input: TEXT,
      at: NOW,
    });
    const message = gpg.run(["--armor", "--sign", "--local-user", ed], { input: TEXT, at: NOW });
    const table: readonly (readonly [string, string, string])[] = [
      ["words after it", `${alone}and more`, "openpgp/trailing-data"],
      ["words before it", `here it is: ${clear}`, "openpgp/trailing-data"],
      ["a line before a detached one", `here\n${alone}`, "openpgp/trailing-data"],
      ["two blocks", alone + alone, "openpgp/several-signatures"],
      ["a clear text with two blocks", clear + alone, "openpgp/several-signatures"],
      ["one block of two keys", twice, "openpgp/several-signatures"],
      ["a signed message that is not clear text", message, "openpgp/not-a-signature"],
      ["a public key", gpg.exportKey(ed), "openpgp/not-a-signature"],
      ["a private key", gpg.exportPrivate(ed), "openpgp/private-key"],
      ["words", "my signature", "openpgp/not-a-signature"],
      [
        "an empty armour",
        "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----",
        "openpgp/malformed-signature",
      ],
      ["cut off", alone.slice(0, 80), "openpgp/not-a-signature"],
      ["a broken checksum", alone.replace(/\n=..../, "\n=AAAA"), "openpgp/malformed-signature"],
      ["a key's own certification", certificationOf(gpg.exportKey(ed)), "openpgp/wrong-signature-type"],
      ["20,000 characters", `${alone.slice(0, 40)}${"A".repeat(20_000)}`, "openpgp/too-large"],
    ];
    for (const [what, pasted, code] of table) {
      const outcome = await check(key, pasted);
      if (what === "a broken checksum" && outcome === true) continue; // RFC 9580 §6.1: a checksum may be passed over
      assert.equal(outcome, code, what);
    }
  });

  test("keys that are none, several, too large, or private are refused with a reason", async () => {
    const armored = gpg.exportKey(ed);
    const table: readonly (readonly [string, string, string])[] = [
      ["words", "here is my key", "openpgp/not-a-key"],
      ["two blocks", armored + armored, "openpgp/several-keys"],
      ["two keys in one block", gpg.run(["--armor", "--export"]), "openpgp/several-keys"],
      ["a private key", gpg.exportPrivate(ed), "openpgp/private-key"],
      ["an SSH key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ1dCBub3Q=", "openpgp/not-a-key"],
      ["words around it", `look:\n${armored}`, "openpgp/not-a-key"],
      ["half of it", `${armored.slice(0, 200)}\n-----END PGP PUBLIC KEY BLOCK-----`, "openpgp/malformed-key"],
      ["enormous", armored.replace("\n\n", `\n\n${`${"A".repeat(64)}\n`.repeat(2000)}`), "openpgp/too-large"],
      [
        "filled with nonsense",
        armored.replace("\n\n", `\n\n${`${"A".repeat(64)}\n`.repeat(500)}`),
        "openpgp/malformed-key",
      ],
    ];
    for (const [what, pasted, code] of table) assert.equal(codeOf(await readOpenpgpKey(pasted, NOW)), code, what);
  });

  test("what others certified about a key is dropped, and a flood of it is bounded", async () => {
    const flooded = gpg.make({ algorithm: "ed25519", userId: "Flood <f@example.org>", usage: "sign" }, MADE);
    gpg.run(["--local-user", ed, "--quick-sign-key", flooded], { at: MADE });
    const key = must(await readOpenpgpKey(gpg.exportKey(flooded), NOW));
    assert.ok(key.blob.length < Buffer.from(gpg.exportKey(flooded)).length / 2, "smaller than its armour by half");
    for (let at = 0; at < 33; at += 1)
      gpg.run(["--quick-add-uid", flooded, `n${at} <n${at}@example.org>`], { at: MADE });
    assert.equal(codeOf(await readOpenpgpKey(gpg.exportKey(flooded), NOW)), "openpgp/too-large");
  });
});

/** A detached armour that holds a key's certification of itself: a real signature, of another kind. */
function certificationOf(armoredKey: string): string {
  const body = /\n\n([^-]*?)(?:\n=....)?\n-----END/.exec(armoredKey)?.[1] ?? "";
  const bytes = Buffer.from(body, "base64");
  for (let at = 0; at < bytes.length; ) {
    const tag = ((bytes[at] ?? 0) >> 2) & 15; // GnuPG writes old packet headers, RFC 9580 §4.2.2
    const isLong = ((bytes[at] ?? 0) & 3) === 1;
    const length = isLong ? bytes.readUInt16BE(at + 1) : (bytes[at + 1] ?? 0);
    const end = at + (isLong ? 3 : 2) + length;
    if (tag === 2) {
      const encoded = bytes.subarray(at, end).toString("base64");
      return `-----BEGIN PGP SIGNATURE-----\n\n${encoded.replace(/(.{64})/g, "$1\n")}\n-----END PGP SIGNATURE-----`;
    }
    at = end;
  }
  return "";
}
