import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { client } from "../../../test/clients.ts";
import { fingerprintOfPrivateKey } from "./private-key.ts";
import { parseSshPublicKey, sshFingerprint } from "./ssh-key.ts";
import { sshString } from "./ssh-wire.ts";

const keygen = client("ssh-keygen");

describe("whose private part it is", { skip: keygen === null ? "ssh-keygen is not installed" : false }, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "locksmith-private-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  let serial = 0;
  function make(type: readonly string[], passphrase = "") {
    assert.ok(keygen);
    serial += 1;
    const file = join(folder, `key-${serial}`);
    execFileSync(keygen, ["-q", ...type, "-N", passphrase, "-C", "", "-f", file]);
    const line = readFileSync(`${file}.pub`, "utf8");
    const parsed = parseSshPublicKey(line);
    assert.ok(parsed.ok);
    return { file, fingerprint: parsed.value.fingerprint, text: readFileSync(file, "utf8"), blob: parsed.value.blob };
  }

  for (const type of [
    ["-t", "ed25519"],
    ["-t", "rsa", "-b", "2048"],
    ["-t", "ecdsa", "-b", "256"],
    ["-t", "ecdsa", "-b", "384"],
    ["-t", "ecdsa", "-b", "521"],
  ]) {
    test(`a key made by ssh-keygen ${type.join(" ")} is known in each of its forms`, () => {
      const key = make(type);
      assert.equal(fingerprintOfPrivateKey(key.text), key.fingerprint);
      assert.equal(fingerprintOfPrivateKey(`look: ${key.text.replaceAll("\n", " ")} is it right?`), key.fingerprint);
      if (type[1] === "ed25519") return; // ssh-keygen writes it in its own form alone
      for (const form of ["PEM", "PKCS8"]) {
        assert.ok(keygen);
        execFileSync(keygen, ["-q", "-p", "-m", form, "-N", "", "-P", "", "-f", key.file], { stdio: "ignore" });
        assert.equal(fingerprintOfPrivateKey(readFileSync(key.file, "utf8")), key.fingerprint, form);
      }
    });
  }

  test("PKCS#8 as other programs write it, Ed25519 too", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
    const blob = Buffer.concat([sshString("ssh-ed25519"), sshString(raw)]);
    const text = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    assert.equal(fingerprintOfPrivateKey(text), sshFingerprint(blob));
  });

  test("a key locked with a passphrase is not believed to be what it says", () => {
    assert.equal(fingerprintOfPrivateKey(make(["-t", "ed25519"], "amber bridge").text), null);
  });

  test("a container that names somebody else's public key proves nothing", () => {
    for (const type of [
      ["-t", "ed25519"],
      ["-t", "rsa", "-b", "2048"],
      ["-t", "ecdsa"],
    ]) {
      const [mine, theirs] = [make(type), make(type)];
      const bytes = Buffer.from(mine.text.replace(/-----[A-Z ]+-----/g, ""), "base64");
      const forged = Buffer.from(
        bytes.toString("latin1").replaceAll(mine.blob.toString("latin1"), theirs.blob.toString("latin1")),
        "latin1",
      );
      const text = `-----BEGIN OPENSSH PRIVATE KEY-----\n${forged.toString("base64")}\n-----END OPENSSH PRIVATE KEY-----`;
      assert.equal(fingerprintOfPrivateKey(text), null);
    }
  });

  test("anything else is no key, and never a failure", () => {
    const { text } = make(["-t", "ed25519"]);
    for (const other of [
      "",
      "words",
      text.slice(0, 200),
      text.replace(/[A-Z]{3}/, "AAA"),
      text.replace("OPENSSH", "RSA"),
    ]) {
      assert.equal(fingerprintOfPrivateKey(other), null);
    }
  });
});
