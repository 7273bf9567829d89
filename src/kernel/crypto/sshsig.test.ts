import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { client } from "../../../test/clients.ts";
import type { Result } from "../result.ts";
import { sshString } from "./ssh-wire.ts";
import { parseSshPublicKey, type SshPublicKey, verifySshSignature } from "./sshsig.ts";

const NAMESPACE = "recovery@locksmith";
const MESSAGE = "case_01: I ask to recover the account quillwright";
const SHA512 = "sha512";
const PRESENT_AND_VERIFIED = 0x05;

const folder = mkdtempSync(join(tmpdir(), "sshsig-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const valueOf = <T>(result: Result<T>): T => {
  if (!result.ok) assert.fail(`${result.refusal.code}: ${result.refusal.detail ?? result.refusal.title}`);
  return result.value;
};
const codeOf = (result: Result<unknown>): string => (result.ok ? "accepted" : result.refusal.code);
const armor = (blob: Buffer): string =>
  `-----BEGIN SSH SIGNATURE-----\n${blob.toString("base64").replace(/.{70}/g, "$&\n").trimEnd()}\n-----END SSH SIGNATURE-----\n`;
const dearmor = (armored: string): Buffer =>
  Buffer.from(
    armored
      .split("\n")
      .filter((line) => !line.startsWith("-----"))
      .join(""),
    "base64",
  );
const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** A non-negative mpint, RFC 4251 §5. */
const mpint = (number: Buffer): Buffer => {
  const first = number.findIndex((byte) => byte !== 0);
  const short = number.subarray(first < 0 ? number.length : first);
  return sshString((short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), short]) : short);
};

interface Parts {
  readonly version?: number;
  readonly publicKey: Buffer;
  readonly namespace?: string;
  readonly reserved?: string;
  readonly hash?: string;
  readonly signature: Buffer;
}
const blobOf = (parts: Parts): Buffer =>
  Buffer.concat([
    Buffer.from("SSHSIG"),
    uint32(parts.version ?? 1),
    sshString(parts.publicKey),
    sshString(parts.namespace ?? NAMESPACE),
    sshString(parts.reserved ?? ""),
    sshString(parts.hash ?? SHA512),
    sshString(parts.signature),
  ]);
const toSign = (message: string, { hash = SHA512, reserved = "", namespace = NAMESPACE } = {}): Buffer =>
  Buffer.concat([
    Buffer.from("SSHSIG"),
    sshString(namespace),
    sshString(reserved),
    sshString(hash),
    sshString(createHash(hash).update(message).digest()),
  ]);

const field = (key: KeyObject, name: "x" | "y" | "n" | "e"): Buffer =>
  Buffer.from(key.export({ format: "jwk" })[name] ?? "", "base64url");
const keyOf = (type: string, ...parts: Buffer[]): SshPublicKey => {
  const blob = Buffer.concat([sshString(type), ...parts]);
  return valueOf(parseSshPublicKey(`${type} ${blob.toString("base64")} made@test`));
};

/** An Ed25519 key in software, and what it signs in the layout of PROTOCOL.sshsig. */
const softKey = (() => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key = keyOf("ssh-ed25519", sshString(field(publicKey, "x")));
  const signature = (signed = toSign(MESSAGE), type = "ssh-ed25519"): Buffer =>
    Buffer.concat([sshString(type), sshString(sign(null, signed, privateKey))]);
  return { key, signature };
})();

const check = (armored: string, key: SshPublicKey, message: string | Buffer = MESSAGE, namespace = NAMESPACE) =>
  verifySshSignature({ armored, message, namespace, key });

const keygen = client("ssh-keygen");
const skip = keygen === null ? "ssh-keygen is not installed" : false;

/** Makes a key pair with the real ssh-keygen and signs with it. */
function makeRealKey(type: string, bits: number, extra: readonly string[] = []) {
  assert.ok(keygen);
  const file = join(mkdtempSync(join(folder, "key-")), "id");
  execFileSync(keygen, ["-q", "-t", type, "-b", String(bits), "-N", "", "-C", "mara@example.org", "-f", file]);
  const line = readFileSync(`${file}.pub`, "utf8");
  const signMessage = (message: string, namespace = NAMESPACE): string =>
    execFileSync(keygen, ["-Y", "sign", ...extra, "-n", namespace, "-f", file], {
      input: message,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
    });
  return { file, line, signMessage };
}

/** What the real `ssh-keygen -Y verify` says of a signature: the independent judge of ours. */
function isAcceptedByOpenSsh(armored: string, line: string, message: string): boolean {
  assert.ok(keygen);
  const place = mkdtempSync(join(folder, "verify-"));
  const signers = join(place, "signers");
  const signature = join(place, "signature");
  writeFileSync(signers, `claimant ${line.trim()}\n`);
  writeFileSync(signature, armored);
  const args = ["-Y", "verify", "-f", signers, "-I", "claimant", "-n", NAMESPACE, "-s", signature];
  return spawnSync(keygen, args, { input: message }).status === 0;
}

describe("signatures of the real ssh-keygen", () => {
  const kinds = [
    ["ed25519", 256],
    ["ecdsa", 256],
    ["ecdsa", 384],
    ["ecdsa", 521],
    ["rsa", 2048],
    ["rsa", 3072],
  ] as const;
  for (const [type, bits] of kinds) {
    test(`${type} ${bits}: good ones are accepted, changed ones are not, and OpenSSH agrees each time`, {
      skip,
    }, () => {
      const real = makeRealKey(type, bits);
      const key = valueOf(parseSshPublicKey(real.line));
      const listed = execFileSync(keygen ?? "", ["-l", "-f", `${real.file}.pub`], { encoding: "utf8" });
      assert.equal(listed.split(" ")[1], key.fingerprint);
      assert.equal(key.comment, "mara@example.org");
      assert.equal(key.hardware, false);

      const armored = real.signMessage(MESSAGE);
      const verified = valueOf(check(armored, key, Buffer.from(MESSAGE)));
      assert.deepEqual(verified, { hashAlgorithm: SHA512, keyFingerprint: key.fingerprint });
      assert.equal(isAcceptedByOpenSsh(armored, real.line, MESSAGE), true);

      assert.equal(codeOf(check(armored, key, `${MESSAGE}\n`)), "sshsig/bad-signature");
      assert.equal(isAcceptedByOpenSsh(armored, real.line, `${MESSAGE}\n`), false);

      const changed = dearmor(armored);
      changed.writeUInt8((changed.at(-1) ?? 0) ^ 1, changed.length - 1);
      assert.equal(codeOf(check(armor(changed), key)), "sshsig/bad-signature");
      assert.equal(isAcceptedByOpenSsh(armor(changed), real.line, MESSAGE), false);

      const elsewhere = check(real.signMessage(MESSAGE, "git"), key);
      assert.equal(codeOf(elsewhere), "sshsig/wrong-namespace");
      assert.match((!elsewhere.ok && elsewhere.refusal.detail) || "", /made for "git"/);

      const other = check(armored, softKey.key);
      assert.equal(codeOf(other), "sshsig/wrong-key");
      assert.ok(!other.ok && other.refusal.detail?.includes(key.fingerprint));
    });
  }

  test("the hash asked for is the hash used", { skip }, () => {
    const real = makeRealKey("ed25519", 256, ["-O", "hashalg=sha256"]);
    const verified = valueOf(check(real.signMessage(MESSAGE), valueOf(parseSshPublicKey(real.line))));
    assert.equal(verified.hashAlgorithm, "sha256");
  });

  test("a signature and a key made here are accepted by OpenSSH", { skip }, () => {
    const armored = armor(blobOf({ publicKey: softKey.key.blob, signature: softKey.signature() }));
    valueOf(check(armored, softKey.key));
    const line = `ssh-ed25519 ${softKey.key.blob.toString("base64")}`;
    assert.equal(isAcceptedByOpenSsh(armored, line, MESSAGE), true);
  });

  test("certificates, DSA keys, RSA keys of 1024 bits and private keys are refused by their own names", {
    skip,
  }, () => {
    const real = makeRealKey("ed25519", 256);
    execFileSync(keygen ?? "", ["-q", "-s", real.file, "-I", "id", `${real.file}.pub`], { stdio: "ignore" });
    const certificate = readFileSync(`${real.file}-cert.pub`, "utf8");
    assert.equal(codeOf(parseSshPublicKey(certificate)), "sshsig/key-certificate");
    const blob = Buffer.from(certificate.split(" ")[1] ?? "", "base64");
    const signed = armor(blobOf({ publicKey: blob, signature: softKey.signature() }));
    assert.equal(codeOf(check(signed, valueOf(parseSshPublicKey(real.line)))), "sshsig/key-certificate");

    const weak = makeRealKey("rsa", 1024);
    assert.equal(codeOf(parseSshPublicKey(weak.line)), "sshsig/weak-key");

    const secret = readFileSync(real.file, "utf8");
    assert.equal(codeOf(parseSshPublicKey(secret)), "sshsig/private-key");
    assert.equal(codeOf(check(secret, softKey.key)), "sshsig/private-key");
    const bare = secret.split("\n").slice(1, -2).join("");
    assert.equal(codeOf(check(bare, softKey.key)), "sshsig/private-key");
  });
});

describe("hardware keys, made in software in the layout of PROTOCOL.u2f", () => {
  const application = "ssh:";
  const tailOf = (flags: number): Buffer => Buffer.concat([Buffer.from([flags]), uint32(41)]);
  const authenticatorData = (flags: number, message: string): Buffer =>
    Buffer.concat([
      createHash("sha256").update(application).digest(),
      tailOf(flags),
      createHash("sha256").update(toSign(message)).digest(),
    ]);

  const kinds = {
    "sk-ssh-ed25519@openssh.com": () => {
      const { privateKey, publicKey } = generateKeyPairSync("ed25519");
      const type = "sk-ssh-ed25519@openssh.com";
      const key = keyOf(type, sshString(field(publicKey, "x")), sshString(application));
      return { key, signData: (data: Buffer) => sign(null, data, privateKey) };
    },
    "sk-ecdsa-sha2-nistp256@openssh.com": () => {
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const type = "sk-ecdsa-sha2-nistp256@openssh.com";
      const point = Buffer.concat([Buffer.from([4]), field(publicKey, "x"), field(publicKey, "y")]);
      const key = keyOf(type, sshString("nistp256"), sshString(point), sshString(application));
      const signData = (data: Buffer) => {
        const plain = sign("sha256", data, { key: privateKey, dsaEncoding: "ieee-p1363" });
        return Buffer.concat([mpint(plain.subarray(0, 32)), mpint(plain.subarray(32))]);
      };
      return { key, signData };
    },
  };

  for (const [type, make] of Object.entries(kinds)) {
    const { key, signData } = make();
    const armoredWith = (
      flags: number,
      signature = signData(authenticatorData(flags, MESSAGE)),
      tail = tailOf(flags),
    ) =>
      armor(blobOf({ publicKey: key.blob, signature: Buffer.concat([sshString(type), sshString(signature), tail]) }));

    test(`${type}: presence and verification are told as the authenticator signed them`, () => {
      assert.equal(key.hardware, true);
      for (const [flags, userPresence, userVerified] of [
        [PRESENT_AND_VERIFIED, true, true],
        [0x01, true, false],
        [0x00, false, false],
      ] as const) {
        const { hashAlgorithm, keyFingerprint, ...rest } = valueOf(check(armoredWith(flags), key));
        assert.deepEqual([hashAlgorithm, keyFingerprint], [SHA512, key.fingerprint]);
        assert.deepEqual(rest, { userPresence, userVerified });
      }
    });

    test(`${type}: flags or counter changed afterwards, or left away, are refused`, () => {
      const signature = signData(authenticatorData(0, MESSAGE));
      assert.equal(codeOf(check(armoredWith(0, signature, tailOf(5)), key)), "sshsig/bad-signature");
      const counted = Buffer.concat([Buffer.from([0]), uint32(42)]);
      assert.equal(codeOf(check(armoredWith(0, signature, counted), key)), "sshsig/bad-signature");
      assert.equal(codeOf(check(armoredWith(0, signature, Buffer.alloc(0)), key)), "sshsig/malformed-signature");
      const longer = Buffer.concat([tailOf(0), Buffer.alloc(1)]);
      assert.equal(codeOf(check(armoredWith(0, signature, longer), key)), "sshsig/trailing-data");
      assert.equal(codeOf(check(armoredWith(0, signData(toSign(MESSAGE))), key)), "sshsig/bad-signature");
    });

    test(`${type}: OpenSSH accepts the same signature`, { skip }, () => {
      const line = `${type} ${key.blob.toString("base64")}`;
      assert.equal(isAcceptedByOpenSsh(armoredWith(1), line, MESSAGE), true);
      assert.equal(isAcceptedByOpenSsh(armoredWith(1), line, `${MESSAGE}.`), false);
    });
  }
});

describe("precise refusals", () => {
  const { key, signature } = softKey;
  const good = blobOf({ publicKey: key.blob, signature: signature() });

  test("the example in PROTOCOL.sshsig has no hash algorithm, so it is called damaged", () => {
    const example = `-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgJKxoLBJBivUPNTUJUSslQTt2hD
jozKvHarKeN8uYFqgAAAADZm9vAAAAAAAAAFMAAAALc3NoLWVkMjU1MTkAAABAKNC4IEbt
Tq0Fb56xhtuE1/lK9H9RZJfON4o6hE9R4ZGFX98gy0+fFJ/1d2/RxnZky0Y7GojwrZkrHT
FgCqVWAQ==
-----END SSH SIGNATURE-----`;
    // The document's example is older than its §2.
    assert.equal(codeOf(check(example, key, MESSAGE, "foo")), "sshsig/malformed-signature");
  });

  test("spaces around the lines and CRLF do no harm", () => {
    const pasted = `\n  ${armor(good).replaceAll("\n", "  \r\n  ")}\r\n`;
    valueOf(check(pasted, key));
  });

  const bytes = (...more: (Buffer | string)[]) => Buffer.concat(more.map((part) => Buffer.from(part as string)));
  const cases: readonly (readonly [string, string, string])[] = [
    ["nothing", "", "sshsig/not-a-signature"],
    ["a sentence", "I hereby sign.", "sshsig/not-a-signature"],
    ["a PGP signature", "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----", "sshsig/not-a-signature"],
    ["text before it", `Signing file\n${armor(good)}`, "sshsig/not-a-signature"],
    ["no footer", armor(good).slice(0, 60), "sshsig/not-a-signature"],
    ["other bytes in the armour", armor(Buffer.from("SSHGIS0000")), "sshsig/not-a-signature"],
    ["an empty body", "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----", "sshsig/malformed-signature"],
    ["broken base 64", armor(good).replace("U1NI", "U1N*"), "sshsig/malformed-signature"],
    ["more than 8 KiB", armor(Buffer.alloc(7000)), "sshsig/too-large"],
    ["text after it", `${armor(good)}thanks`, "sshsig/trailing-data"],
    ["two of them", armor(good) + armor(good), "sshsig/trailing-data"],
    ["bytes after the blob", armor(bytes(good, "x")), "sshsig/trailing-data"],
    [
      "bytes after the inner signature",
      armor(blobOf({ publicKey: key.blob, signature: bytes(signature(), "x") })),
      "sshsig/trailing-data",
    ],
    ["half a blob", armor(good.subarray(0, good.length - 9)), "sshsig/malformed-signature"],
    ["version 0", armor(blobOf({ version: 0, publicKey: key.blob, signature: signature() })), "sshsig/wrong-version"],
    ["version 2", armor(blobOf({ version: 2, publicKey: key.blob, signature: signature() })), "sshsig/wrong-version"],
    [
      "a hash of MD5",
      armor(blobOf({ publicKey: key.blob, hash: "md5", signature: signature(toSign(MESSAGE, { hash: "md5" })) })),
      "sshsig/weak-algorithm",
    ],
    [
      "a signature that calls itself another kind",
      armor(blobOf({ publicKey: key.blob, signature: signature(toSign(MESSAGE), "ssh-rsa") })),
      "sshsig/weak-algorithm",
    ],
    [
      "a signature without the preamble",
      armor(blobOf({ publicKey: key.blob, signature: signature(Buffer.from(MESSAGE)) })),
      "sshsig/bad-signature",
    ],
    [
      "a reserved field put in afterwards",
      armor(blobOf({ publicKey: key.blob, reserved: "x", signature: signature() })),
      "sshsig/bad-signature",
    ],
    [
      "a short signature",
      armor(blobOf({ publicKey: key.blob, signature: bytes(sshString("ssh-ed25519"), sshString("x")) })),
      "sshsig/malformed-signature",
    ],
    ["a PuTTY private key", "PuTTY-User-Key-File-3: ssh-ed25519", "sshsig/private-key"],
    ["a PEM private key", "-----BEGIN RSA PRIVATE KEY-----\nMIIE", "sshsig/private-key"],
  ];
  for (const [name, armored, code] of cases) {
    test(`${name}: ${code}`, () => assert.equal(codeOf(check(armored, key)), code));
  }

  test("what a namespace holds is named only when it is plain text", () => {
    const namespace = "<b>\u0007";
    const odd = check(armor(blobOf({ publicKey: key.blob, namespace, signature: signature() })), key);
    assert.equal(codeOf(odd), "sshsig/wrong-namespace");
    assert.ok(!odd.ok && odd.refusal.detail?.startsWith("Sign with"));
  });

  test("a namespace outside ASCII is compared and signed as UTF-8", () => {
    const namespace = "wiederherstellung-für";
    const blob = blobOf({ publicKey: key.blob, namespace, signature: signature(toSign(MESSAGE, { namespace })) });
    valueOf(check(armor(blob), key, MESSAGE, namespace));
  });

  test("RSA: SHA-1 is refused, both SHA-2 are accepted, a dropped leading zero is put back", () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const rsa = keyOf("ssh-rsa", mpint(field(publicKey, "e")), mpint(field(publicKey, "n")));
    const signed = (algorithm: string, digest: string, message = MESSAGE): Buffer =>
      Buffer.concat([sshString(algorithm), sshString(sign(digest, toSign(message), privateKey))]);
    const answer = (inner: Buffer, message = MESSAGE): string =>
      codeOf(check(armor(blobOf({ publicKey: rsa.blob, signature: inner })), rsa, message));
    assert.equal(answer(signed("ssh-rsa", "sha1")), "sshsig/weak-algorithm");
    assert.equal(answer(signed("rsa-sha2-256", "sha256")), "accepted");
    assert.equal(answer(signed("rsa-sha2-512", "sha512")), "accepted");
    assert.equal(answer(signed("rsa-sha2-512", "sha256")), "sshsig/bad-signature");

    for (let round = 0; ; round += 1) {
      const message = `${MESSAGE} ${round}`;
      const full = sign("sha512", toSign(message), privateKey);
      if (full[0] !== 0) continue; // one in 256 or so begins with a zero
      assert.equal(
        answer(Buffer.concat([sshString("rsa-sha2-512"), sshString(full.subarray(1))]), message),
        "accepted",
      );
      break;
    }
  });

  test("an empty namespace is a mistake of the caller", () => {
    assert.throws(() => check(armor(good), key, MESSAGE, ""), /empty namespace/);
  });

  test("nobody can sign for an Ed25519 key of small order: the forgery that works without a check fails", () => {
    // The points of small order, as libsodium lists them in ge25519_has_small_order. With R the identity and S zero,
    // a check by the bare equation of RFC 8032 §5.1.7 accepts one message in eight, or every one.
    const points = [
      "0100000000000000000000000000000000000000000000000000000000000000",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for (const hex of points) {
      const key = keyOf("ssh-ed25519", sshString(Buffer.from(hex, "hex")));
      const forged = Buffer.concat([
        sshString("ssh-ed25519"),
        sshString(Buffer.concat([Buffer.from([1]), Buffer.alloc(63)])),
      ]);
      const armored = armor(blobOf({ publicKey: key.blob, signature: forged }));
      for (let round = 0; round < 64; round += 1) {
        assert.equal(codeOf(check(armored, key, `${round}`)), "sshsig/bad-signature");
      }
    }
  });
});

describe("untrusted bytes never throw and never verify", () => {
  const { key, signature } = softKey;
  const good = blobOf({ publicKey: key.blob, signature: signature() });

  test("random bytes and text, as key and as signature", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ maxLength: 200, unit: "binary" }), (bytes, text) => {
        const blob = Buffer.from(bytes);
        const inner = Buffer.concat([Buffer.from("SSHSIG"), uint32(1), blob]);
        const around = `-----BEGIN SSH SIGNATURE-----\n${text}\n-----END SSH SIGNATURE-----`;
        for (const armored of [text, around, armor(blob), armor(inner)])
          assert.notEqual(codeOf(check(armored, key)), "accepted");
        for (const type of ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com"]) {
          parseSshPublicKey(`${type} ${text}`);
          parseSshPublicKey(`${type} ${Buffer.concat([sshString(type), blob]).toString("base64")}`);
        }
        check(armor(good), { ...key, blob });
      }),
      { numRuns: 300 },
    );
  });

  test("a good signature with any bytes changed, cut out or put in", () => {
    const place = fc.nat({ max: good.length - 1 });
    fc.assert(
      fc.property(place, fc.nat({ max: 8 }), fc.uint8Array({ maxLength: 8 }), (at, removed, added) => {
        const changed = Buffer.concat([good.subarray(0, at), added, good.subarray(at + removed)]);
        fc.pre(!changed.equals(good));
        assert.notEqual(codeOf(check(armor(changed), key)), "accepted");
      }),
      { numRuns: 600 },
    );
  });

  test("every single bit matters", () => {
    for (let bit = 0; bit < good.length * 8; bit += 1) {
      const changed = Buffer.from(good);
      changed.writeUInt8((changed[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3);
      assert.notEqual(codeOf(check(armor(changed), key)), "accepted");
    }
  });
});
