import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { makeCode } from "../../authenticators/kinds/recovery-codes/code.ts";
import { formatApiToken } from "../../registry/tokens.ts";
import { type SecretKind, scanText } from "./scan.ts";

const TOKEN = formatApiToken(Buffer.alloc(25, 7));
const CODE = makeCode({ bytes: (count: number) => Buffer.alloc(count, 9) } as Parameters<typeof makeCode>[0]);
const B64 = randomBytes(180)
  .toString("base64")
  .replace(/(.{64})/g, "$1\n");
const pem = (kind: string, body = B64, block = ""): string =>
  `-----BEGIN ${kind}PRIVATE KEY${block}-----\n${body}\n-----END ${kind}PRIVATE KEY${block}-----`;
const PUTTY = `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: laptop\nPublic-Lines: 2\nAAAAC3Nz\nQUJD\nPrivate-Lines: 1\n${randomBytes(33).toString("base64")}\nPrivate-MAC: ${randomBytes(32).toString("hex")}`;
const LINK = randomBytes(32).toString("base64url");

type Row = readonly [what: string, text: string, kinds: readonly SecretKind[], leaves?: string];

const SECRETS: readonly Row[] = [
  ["an OpenSSH key", pem("OPENSSH "), ["private-key"], "[a private key was here]"],
  ["an RSA key in PEM", pem("RSA "), ["private-key"]],
  ["an EC key in PEM", pem("EC "), ["private-key"]],
  ["a DSA key", pem("DSA "), ["private-key"]],
  ["PKCS#8", pem(""), ["private-key"]],
  ["encrypted PKCS#8", pem("ENCRYPTED "), ["private-key"]],
  [
    "an RSA key with headers",
    pem("RSA ", `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\n${B64}`),
    ["private-key"],
  ],
  ["an OpenPGP key", pem("PGP ", `Comment: mine\n\n${B64}\n=AbCd`, " BLOCK"), ["private-key"]],
  [
    "SSH.COM's",
    `---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n${B64}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----`,
    ["private-key"],
  ],
  ["PuTTY's", `Here:\n${PUTTY}\nThanks`, ["private-key"], "Here:\n[a private key was here]\nThanks"],
  ["an age key", "AGE-SECRET-KEY-1QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQQPZRY9X8GF2TVDW0S3JN54KH", ["private-key"]],
  [
    "a key in the midst of words",
    `Hello\n${pem("OPENSSH ")}\nis that right?`,
    ["private-key"],
    "Hello\n[a private key was here]\nis that right?",
  ],
  [
    "a key on one line",
    `it is ${pem("OPENSSH ").replaceAll("\n", " ")} ok`,
    ["private-key"],
    "it is [a private key was here] ok",
  ],
  ["a key quoted in a mail", pem("OPENSSH ").replace(/^/gm, "> "), ["private-key"]],
  ["a key with long dashes", pem("OPENSSH ").replaceAll("-----", "\u2014\u2014\u2013"), ["private-key"]],
  [
    "a key without its end",
    `see\n-----BEGIN OPENSSH PRIVATE KEY-----\n${B64}`,
    ["private-key"],
    "see\n[a private key was here]",
  ],
  [
    "a key cut off, and words after it",
    `-----BEGIN OPENSSH PRIVATE KEY-----\n${B64}\n\nI am locked out`,
    ["private-key"],
    "[a private key was here]\n\nI am locked out",
  ],
  [
    "a key without its beginning",
    `I am\n${B64}\n-----END RSA PRIVATE KEY-----\nout`,
    ["private-key"],
    "I am\n[a private key was here]\nout",
  ],
  ["OpenSSH's base 64 without armour", `b3BlbnNzaC1rZXktdjEAAAAA${B64}`, ["private-key"]],
  ["two keys", `${pem("RSA ")}\n${pem("OPENSSH ")}`, ["private-key", "private-key"]],
  ["a key and a token", `${pem("EC ")}\n${TOKEN}`, ["private-key", "api-token"]],
  ["an API token", `my token is ${TOKEN}.`, ["api-token"], "my token is [an API token was here]."],
  ["an API token in an address", `https://__token__:${TOKEN}@index.example/legacy/`, ["api-token"]],
  ["a file of twine's", `[pypi]\nusername = __token__\npassword = ${TOKEN}\n`, ["api-token"]],
  ["a mistyped API token", TOKEN.replace(/.$/, (last) => (last === "0" ? "1" : "0")), ["foreign-token"]],
  ["half an API token", TOKEN.slice(0, 30), ["foreign-token"]],
  ["a recovery code", `I have ${CODE} left`, ["recovery-code"], "I have [a recovery code was here] left"],
  ["a recovery code in capitals and with spaces", CODE.toUpperCase().replaceAll("-", " "), ["recovery-code"]],
  ["a recovery code in one piece", CODE.replaceAll("-", ""), ["recovery-code"]],
  ["a recovery code without its prefix", CODE.slice(5), ["recovery-code"]],
  ["a mistyped recovery code", `${CODE.slice(0, -1)}${CODE.endsWith("2") ? "3" : "2"}`, ["recovery-code"]],
  ["all codes of a sheet", `${CODE}\n${CODE}\n${CODE}`, ["recovery-code", "recovery-code", "recovery-code"]],
  ["the secret of an app", "otpauth://totp/Index:alice?secret=JBSWY3DPEHPK3PXP&issuer=Index", ["app-secret"]],
  [
    "a link to restore",
    `https://index.example/restore/${LINK} does not work`,
    ["own-link"],
    "https://index.example/[a private link was here] does not work",
  ],
  ["a link to a case", `<https://index.example/recovery/open/${LINK}>`, ["own-link"]],
  ["a token of a large index", `pypi-AgEIcHlwaS5vcmc${"C".repeat(90)}`, ["foreign-token"]],
  ["a token of a forge", `ghp_${"a1B2".repeat(9)}`, ["foreign-token"]],
  ["a fine-grained one", `github_pat_${"a1B2_".repeat(16)}`, ["foreign-token"]],
  ["another forge's", `glpat-${"a1B2".repeat(5)}`, ["foreign-token"]],
  ["an npm token", `//registry/:_authToken=npm_${"a1B2".repeat(9)}`, ["foreign-token"]],
  ["a JSON Web Token", `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvIn0.${"s".repeat(86)}`, ["foreign-token"]],
];

const HARMLESS: readonly (readonly [string, string])[] = [
  ["words", "I lost my phone, and my private key is on it. Please help."],
  ["the name of a key's first line", "Should I paste what stands under BEGIN OPENSSH PRIVATE KEY?"],
  ["an SSH public key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ1dCBub3QgcmVhbGx5IGEga2V5IG9mIGFueWJvZHk= alice@desk"],
  ["a hardware key's public line", `sk-ssh-ed25519@openssh.com ${B64.replaceAll("\n", "")} alice`],
  ["an SSH signature", `-----BEGIN SSH SIGNATURE-----\n${B64}\n-----END SSH SIGNATURE-----`],
  ["an OpenPGP signature", `-----BEGIN PGP SIGNATURE-----\n\n${B64}\n=AbCd\n-----END PGP SIGNATURE-----`],
  [
    "a signed text",
    `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\ntext\n-----BEGIN PGP SIGNATURE-----\n\n${B64}\n-----END PGP SIGNATURE-----`,
  ],
  ["an OpenPGP public key", `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${B64}\n-----END PGP PUBLIC KEY BLOCK-----`],
  ["a public key in PEM", `-----BEGIN PUBLIC KEY-----\n${B64}\n-----END PUBLIC KEY-----`],
  ["a certificate", `-----BEGIN CERTIFICATE-----\n${B64}\n-----END CERTIFICATE-----`],
  [
    "a fingerprint",
    "SHA256:uNiVztksCsDhcc0u9e8BrhJpVUKz0mZr5+6hT3d1a2Y and 5B8A 3C1E 9F0D 7B6A 4E2C 1D0F 8B7A 6C5D 4E3F 2A1B",
  ],
  ["a commit and a digest", `${"0a1b2c3d".repeat(5)} ${"0a1b2c3d".repeat(8)}`],
  ["a UUID", "123e4567-e89b-12d3-a456-426614174000"],
  ["the prefixes alone", "Tokens begin with lks_ and codes with lkrc-, pypi- or ghp_."],
  ["words after a prefix", "lkrc- codes are gone, which of these would still help me here then"],
  ["a serial number in five groups", "ABCDE-FGHJK-MNPQR-STVWX-YZ234-56789"],
  ["a case number and a code of ours in digits", "LK-4F7Q-9KMT and 12345678"],
  ["a link to a page", "https://index.example/project/alpenglow/ and https://index.example/help/lost-phone"],
  ["a link to a topic as long as a token", `https://example.org/blog/${LINK}`],
  [
    "the challenge to sign",
    `locksmith-recovery case LK-4F7Q-9KMT at index.example value ${LINK} until 2026-11-03T10:00:00.000Z`,
  ],
  ["a tool that is called so", "I ran npm_config_cache and pypi-attestations with github_patch_series"],
  ["rules of dashes", `${"-".repeat(72)}\nBEGIN\n${"-".repeat(72)}`],
  ["a base 64 picture", `data:image/png;base64,${B64.replaceAll("\n", "")}`],
];

describe("secrets in a text", () => {
  for (const [what, text, kinds, leaves] of SECRETS) {
    test(`${what}: found`, () => {
      const { clean, found } = scanText(text);
      assert.deepEqual(
        found.map(({ kind }) => kind),
        kinds,
      );
      if (leaves !== undefined) assert.equal(clean, leaves);
      assert.deepEqual(scanText(clean), { clean, found: [] }, "what is left holds nothing more");
      for (const { value } of found) {
        for (const line of value.split("\n").filter((one) => one.length > 19 && !one.includes(" "))) {
          assert.ok(!clean.includes(line), "no line of it is left");
        }
      }
    });
  }
  for (const [what, text] of HARMLESS) {
    test(`${what}: left as it is`, () => assert.deepEqual(scanText(text), { clean: text, found: [] }));
  }

  test("a quoted key is given without the marks of quoting", () => {
    const key = pem("OPENSSH ");
    assert.equal(scanText(key.replace(/^/gm, "> ")).found[0]?.value, key);
  });

  test("whatever stands around a secret stays, and the secret does not", () => {
    const words = fc.string({ maxLength: 200 }).filter((text) => scanText(text).found.length === 0);
    fc.assert(
      fc.property(
        words,
        words,
        fc.constantFrom(TOKEN, pem("OPENSSH "), `ghp_${"a1B2".repeat(9)}`),
        (before, after, secret) => {
          const { clean } = scanText(`${before}\n\n${secret}\n\n${after}`);
          assert.ok(clean.startsWith(before.trimEnd()) && clean.endsWith(after.trimStart()));
          assert.ok(!clean.includes(secret.slice(20, 60)));
        },
      ),
    );
  });

  test("a hundred thousand characters of any kind of beginning are read once", () => {
    for (const part of [
      "-----BEGIN RSA PRIVATE KEY-----\n",
      "-----END RSA PRIVATE KEY-----\nQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo\n",
      "lkrc-",
      "lks_aaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "PuTTY-User-Key-File-3: x\n",
      "b3BlbnNzaC1rZXktdjE ",
      "eyJaaaaaaaaaaa.",
      "otpauth://totp/",
      "----------",
      "AAAAAAAAAAAAAAAAAAAAAAAA\n> ",
    ]) {
      const text = part.repeat(Math.ceil(100_000 / part.length));
      const { clean, found } = scanText(text);
      assert.ok(clean.length <= text.length + found.length * 60);
    }
  });
});
