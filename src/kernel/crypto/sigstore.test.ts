import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { createHash } from "node:crypto";
import { startSigstore, type TestSigstore } from "../../../test/world/sigstore.ts";
import { makeSigstore, type Sigstore } from "./sigstore.ts";

const RUN = {
  subject: "https://github.com/alice/alpenglow/.github/workflows/release.yml@refs/tags/v1",
  issuer: "https://token.actions.githubusercontent.com",
};
const PERSON = { subject: "https://id.example/Alice", issuer: "https://login.example" };
const FILE = { filename: "alpenglow-1.0-py3-none-any.whl", bytes: Buffer.from("a wheel") };
const ABOUT = { filename: FILE.filename, sha256: createHash("sha256").update(FILE.bytes).digest("hex") };

describe("sigstore", () => {
  let outside: TestSigstore;
  let sigstore: Sigstore;
  before(async () => {
    outside = await startSigstore();
    sigstore = makeSigstore(outside.root);
  });
  const code = (result: { ok: boolean; refusal?: { code: string } }) => (result.ok ? "ok" : result.refusal?.code);

  test("says who signed bytes: a person in small letters, a workflow without its ref", async () => {
    const bytes = Buffer.from("the challenge");
    const person = sigstore.checkBundle(await outside.signBytes(PERSON, bytes), bytes);
    assert.deepEqual(person.ok && person.value, { issuer: PERSON.issuer, subject: "https://id.example/alice" });
    const run = sigstore.checkBundle(await outside.signBytes(RUN, bytes), bytes);
    assert.equal(run.ok && run.value.subject, "https://github.com/alice/alpenglow/.github/workflows/release.yml");
  });

  test("refuses other bytes, changed bundles, other roots, and what is none", async () => {
    const bytes = Buffer.from("the challenge");
    const bundle = await outside.signBytes(PERSON, bytes);
    assert.equal(code(sigstore.checkBundle(bundle, Buffer.from("another"))), "sigstore/not-trusted");
    const other = makeSigstore((await startSigstore()).root);
    assert.equal(code(other.checkBundle(bundle, bytes)), "sigstore/not-trusted");
    const second = await outside.signBytes({ ...PERSON, subject: "https://id.example/mallory" }, bytes);
    const changes: readonly ((one: Record<string, never>, two: Record<string, never>) => unknown)[] = [
      (one, two) =>
        Object.assign(one["verificationMaterial"] ?? {}, { certificate: two["verificationMaterial"]?.["certificate"] }),
      (one, two) =>
        Object.assign(one["verificationMaterial"] ?? {}, { tlogEntries: two["verificationMaterial"]?.["tlogEntries"] }),
      (one) => Object.assign(one["verificationMaterial"] ?? {}, { tlogEntries: [] }),
      (one, two) => Object.assign(one["messageSignature"] ?? {}, { signature: two["messageSignature"]?.["signature"] }),
      (one) => Object.assign(one, { mediaType: "application/json" }),
      (one) => Object.assign(one["verificationMaterial"] ?? {}, { certificate: undefined, publicKey: { hint: "x" } }),
    ];
    for (const [at, change] of changes.entries()) {
      const [one, two] = [JSON.parse(bundle), JSON.parse(second)] as [Record<string, never>, Record<string, never>]; // altered below
      change(one, two);
      const refused = code(sigstore.checkBundle(JSON.stringify(one), bytes));
      assert(refused === "sigstore/not-trusted" || refused === "sigstore/no-identity", `change ${at}: ${refused}`);
    }
    for (const text of ["", "hello", "[]", "{}", "null", `{"a":"${"x".repeat(200_000)}"}`, '{"mediaType":1}'])
      assert.equal(code(sigstore.checkBundle(text, bytes)), "sigstore/malformed", text.slice(0, 20));
    assert.throws(() => makeSigstore("{}"));
    assert.throws(() => makeSigstore("no JSON"));
  });

  test("reads an attestation about a file, and refuses one about another, a changed one, and what is none", async () => {
    const good = await outside.attest(RUN, FILE);
    const read = sigstore.checkAttestation(good, ABOUT);
    assert(read.ok, read.ok ? "" : read.refusal.code);
    assert.equal(read.value.predicateType, "https://docs.pypi.org/attestations/publish/v1");
    assert.equal(code(sigstore.checkAttestation(good, { ...ABOUT, filename: "other.whl" })), "sigstore/other-file");
    assert.equal(code(sigstore.checkAttestation(good, { ...ABOUT, sha256: "0".repeat(64) })), "sigstore/other-file");
    const other = await outside.attest(RUN, { ...FILE, bytes: Buffer.from("another") });
    const mixed = {
      ...good,
      envelope: { ...(good["envelope"] as object), statement: (other["envelope"] as { statement: string }).statement },
    };
    const about = { ...ABOUT, sha256: createHash("sha256").update("another").digest("hex") };
    assert.equal(code(sigstore.checkAttestation(mixed, about)), "sigstore/not-trusted");
    for (const none of [null, 1, "x", [], {}, { ...good, version: 2 }, { ...good, more: 1 }, { ...good, envelope: {} }])
      assert.equal(code(sigstore.checkAttestation(none, ABOUT)), "sigstore/malformed");
  });
});
