import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import type { Result } from "../result.ts";
import { parseSshPublicKey } from "./ssh-key.ts";
import { decodeStrictBase64, sshString } from "./ssh-wire.ts";

const codeOf = (result: Result<unknown>): string => (result.ok ? "accepted" : result.refusal.code);

/** A positive mpint without leading zeros of its own, RFC 4251 §5. */
const mpint = (number: Buffer): Buffer =>
  sshString((number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), number]) : number);

describe("public keys", () => {
  const line = (type: string, ...parts: Buffer[]): string =>
    `${type} ${Buffer.concat([sshString(type), ...parts]).toString("base64")}`;
  const point = Buffer.from("24ac682c12418af50f353509512b25413b768438e8cccaf1dab8a78df2e605aa", "hex");
  const odd = (length: number): Buffer => Buffer.alloc(length, 0xff);
  const exponent = mpint(Buffer.from([1, 0, 1]));
  const even = Buffer.concat([odd(255), Buffer.from([0xfe])]);

  const cases: readonly (readonly [string, string, string])[] = [
    ["nothing", "", "sshsig/not-a-key"],
    ["a sentence", "here is my key", "sshsig/not-a-key"],
    ["options of authorized_keys", `no-pty ${line("ssh-ed25519", sshString(point))}`, "sshsig/not-a-key"],
    ["two lines", `${line("ssh-ed25519", sshString(point))}\nssh-ed25519 AAAA`, "sshsig/not-a-key"],
    ["a control character in the comment", `${line("ssh-ed25519", sshString(point))} a\u0007b`, "sshsig/not-a-key"],
    ["broken base 64", "ssh-ed25519 AAAA!", "sshsig/malformed-key"],
    [
      "a type that the key contradicts",
      line("ssh-ed25519", sshString(point)).replace("ssh-ed25519", "ssh-rsa"),
      "sshsig/malformed-key",
    ],
    ["31 bytes", line("ssh-ed25519", sshString(point.subarray(1))), "sshsig/malformed-key"],
    ["bytes after the key", line("ssh-ed25519", sshString(point), Buffer.from("x")), "sshsig/malformed-key"],
    [
      "a point off the curve",
      line("ecdsa-sha2-nistp256", sshString("nistp256"), sshString(Buffer.alloc(65, 4))),
      "sshsig/malformed-key",
    ],
    [
      "another curve inside",
      line("ecdsa-sha2-nistp256", sshString("nistp384"), sshString(Buffer.alloc(65, 4))),
      "sshsig/malformed-key",
    ],
    [
      "a hardware key without application",
      line("sk-ssh-ed25519@openssh.com", sshString(point)),
      "sshsig/malformed-key",
    ],
    ["DSA", line("ssh-dss", mpint(odd(128))), "sshsig/weak-key"],
    ["RSA of 1024 bits", line("ssh-rsa", exponent, mpint(odd(128))), "sshsig/weak-key"],
    [
      "RSA of 2047 bits",
      line("ssh-rsa", exponent, mpint(Buffer.concat([Buffer.from([0x7f]), odd(255)]))),
      "sshsig/weak-key",
    ],
    ["an even RSA modulus", line("ssh-rsa", exponent, mpint(even)), "sshsig/weak-key"],
    ["an RSA exponent of 1", line("ssh-rsa", mpint(Buffer.from([1])), mpint(odd(256))), "sshsig/weak-key"],
    ["a huge RSA exponent", line("ssh-rsa", mpint(odd(256)), mpint(odd(256))), "sshsig/weak-key"],
    ["RSA of more than 16384 bits", line("ssh-rsa", exponent, mpint(odd(2049))), "sshsig/too-large"],
    ["a negative modulus", line("ssh-rsa", exponent, sshString(odd(256))), "sshsig/malformed-key"],
    ["a line of 20,000 characters", `ssh-ed25519 ${"A".repeat(20_000)}`, "sshsig/too-large"],
    ["a certificate by its name", "ssh-ed25519-cert-v01@openssh.com AAAA", "sshsig/key-certificate"],
    ["Ed448", line("ssh-ed448", sshString(Buffer.alloc(57, 1))), "sshsig/unsupported-key"],
    ["a WebAuthn type", line("webauthn-sk-ecdsa-sha2-nistp256@openssh.com"), "sshsig/unsupported-key"],
    ["a name from the prototype", "constructor AAAA", "sshsig/not-a-key"],
  ];
  for (const [name, text, code] of cases) {
    test(`${name}: ${code}`, () => assert.equal(codeOf(parseSshPublicKey(text)), code));
  }

  test("RSA of 2048 bits is enough, and the line may end in a newline", () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const n = Buffer.from(publicKey.export({ format: "jwk" }).n ?? "", "base64url");
    const key = parseSshPublicKey(`${line("ssh-rsa", exponent, mpint(n))} build box 7 \n`);
    assert.ok(key.ok);
    assert.equal(key.value.comment, "build box 7");
  });
});

test("base 64 has one spelling: padding, no stray bits, no other symbols", () => {
  assert.equal(decodeStrictBase64("QQ==")?.toString(), "A");
  for (const text of ["", "QR==", "QQ", "QQ=", "Q===", "QQ==QQ==", "QQ-_", "Q Q="]) {
    assert.equal(decodeStrictBase64(text), null, text);
  }
});
