import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { initializeCA, initializeCTLog, initializeTLog } from "@sigstore/mock";

/*
 * Sigstore's parts for tests: a certificate authority, a log of its certificates and a log of signatures, with real keys
 * that nobody else trusts. What they sign is what the public ones would.
 */

const ISSUER_OID = "1.3.6.1.4.1.57264.1.8";
const URL_OF_LOG = "https://rekor.test";
const P256 = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const der = (key: KeyObject): Buffer<ArrayBuffer> => Buffer.from(key.export({ format: "der", type: "spki" }));
const bufferOf = (view: ArrayBufferView<ArrayBuffer>): Buffer =>
  Buffer.from(view.buffer, view.byteOffset, view.byteLength);
const sha256 = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest();

export interface Identity {
  /** A web address: what the authority of the tests can write into a certificate. */
  readonly subject: string;
  readonly issuer: string;
}

export interface TestSigstore {
  /** JSON of the roots to trust. */
  readonly root: string;
  /** A bundle over bytes, as `sigstore sign` makes it. */
  signBytes(who: Identity, bytes: Buffer): Promise<string>;
  /** An attestation of PEP 740 about a file. */
  attest(who: Identity, file: { readonly filename: string; readonly bytes: Buffer }): Promise<Record<string, unknown>>;
}

interface Logged {
  readonly logIndex: number;
  readonly integratedTime: number;
  readonly logID: string;
  readonly body: string;
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: {
      readonly logIndex: number;
      readonly treeSize: number;
      readonly rootHash: string;
      readonly checkpoint: string;
    };
  };
}

/** RFC-like pre-authentication encoding of DSSE: what is signed is the type and the payload, with their lengths. */
const preAuthentication = (type: string, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);

export async function startSigstore(): Promise<TestSigstore> {
  const [authorityKeys, certificateLogKeys, logKeys] = [P256(), P256(), P256()];
  const certificateLog = await initializeCTLog(certificateLogKeys);
  const authority = await initializeCA(authorityKeys, certificateLog);
  const log = await initializeTLog(URL_OF_LOG, logKeys);
  const start = new Date(Date.now() - 3600_000).toISOString();
  const logKey = (key: Buffer) => ({
    rawBytes: key.toString("base64"),
    keyDetails: "PKIX_ECDSA_P256_SHA_256",
    validFor: { start },
  });
  const root = JSON.stringify({
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    certificateAuthorities: [
      {
        subject: { organization: "sigstore.mock", commonName: "sigstore" },
        uri: "https://fulcio.test",
        certChain: { certificates: [{ rawBytes: bufferOf(authority.rootCertificate).toString("base64") }] },
        validFor: { start },
      },
    ],
    tlogs: [
      {
        baseUrl: URL_OF_LOG,
        hashAlgorithm: "SHA2_256",
        publicKey: logKey(der(logKeys.publicKey)),
        logId: { keyId: sha256(der(logKeys.publicKey)).toString("base64") },
      },
    ],
    ctlogs: [
      {
        baseUrl: "https://ctfe.test",
        hashAlgorithm: "SHA2_256",
        publicKey: logKey(der(certificateLogKeys.publicKey)),
        logId: { keyId: sha256(der(certificateLogKeys.publicKey)).toString("base64") },
      },
    ],
    timestampAuthorities: [],
  });

  const certify = async ({ subject, issuer }: Identity) => {
    const keys = P256();
    const issued = await authority.issueCertificate({
      publicKey: der(keys.publicKey),
      subjectAltName: subject,
      extensions: [{ oid: ISSUER_OID, value: issuer }],
    });
    return { key: keys.privateKey, certificate: bufferOf(issued) };
  };
  const pem = (certificate: Buffer): string =>
    Buffer.from(`-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`).toString(
      "base64",
    );
  const record = async (kind: string, version: string, spec: unknown) => {
    const [entry] = Object.values((await log.log({ kind, apiVersion: version, spec })) as Record<string, Logged>);
    if (!entry) throw new Error("The log gave no entry.");
    const { inclusionProof: proof, signedEntryTimestamp } = entry.verification;
    return {
      logIndex: String(entry.logIndex),
      logId: { keyId: Buffer.from(entry.logID, "hex").toString("base64") },
      kindVersion: { kind, version },
      integratedTime: String(entry.integratedTime),
      inclusionPromise: { signedEntryTimestamp },
      inclusionProof: {
        logIndex: String(proof.logIndex),
        rootHash: Buffer.from(proof.rootHash, "hex").toString("base64"),
        treeSize: String(proof.treeSize),
        hashes: [],
        checkpoint: { envelope: proof.checkpoint },
      },
      canonicalizedBody: entry.body,
    };
  };

  return {
    root,
    signBytes: async (who, bytes) => {
      const { key, certificate } = await certify(who);
      const signature = sign("sha256", bytes, key).toString("base64");
      const entry = await record("hashedrekord", "0.0.1", {
        signature: { content: signature, publicKey: { content: pem(certificate) } },
        data: { hash: { algorithm: "sha256", value: sha256(bytes).toString("hex") } },
      });
      return JSON.stringify({
        mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
        verificationMaterial: { certificate: { rawBytes: certificate.toString("base64") }, tlogEntries: [entry] },
        messageSignature: {
          messageDigest: { algorithm: "SHA2_256", digest: sha256(bytes).toString("base64") },
          signature,
        },
      });
    },
    attest: async (who, { filename, bytes }) => {
      const { key, certificate } = await certify(who);
      const statement = Buffer.from(
        JSON.stringify({
          _type: "https://in-toto.io/Statement/v1",
          subject: [{ name: filename, digest: { sha256: sha256(bytes).toString("hex") } }],
          predicateType: "https://docs.pypi.org/attestations/publish/v1",
          predicate: null,
        }),
      );
      const signature = sign("sha256", preAuthentication("application/vnd.in-toto+json", statement), key).toString(
        "base64",
      );
      const entry = await record("dsse", "0.0.1", {
        payloadHash: { algorithm: "sha256", value: sha256(statement).toString("hex") },
        signatures: [{ signature, verifier: pem(certificate) }],
      });
      return {
        version: 1,
        verification_material: { certificate: certificate.toString("base64"), transparency_entries: [entry] },
        envelope: { statement: statement.toString("base64"), signature },
      };
    },
  };
}
