import { bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { type Signer, toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { z } from "zod";
import { defineRefusals } from "../refusal.ts";
import { ok, refuse, type Result } from "../result.ts";

/*
 * Signatures of sigstore: a short-lived certificate says who signed, a transparency log that it was so. Checked without
 * any network, against roots that the operator has put in a file. PEP 740 for attestations, in-toto Statement v1 in them.
 */

/** Who signed, by the certificate: its issuer checked that identity with a login of its own. */
export interface SigstoreIdentity {
  /** Who vouched for the login: `https://token.actions.githubusercontent.com`, `https://accounts.google.com`. */
  readonly issuer: string;
  /** A mail address, or the web address of a workflow without the ref it ran for. */
  readonly subject: string;
}

export interface Attestation extends SigstoreIdentity {
  readonly predicateType: string;
}

export interface Sigstore {
  /** Reads a bundle, as `sigstore sign` and `cosign sign-blob --bundle` make it, over these bytes. */
  checkBundle(bundle: string, signed: Buffer): Result<SigstoreIdentity>;
  /** Reads one attestation of PEP 740 about a file. */
  checkAttestation(
    attestation: unknown,
    file: { readonly filename: string; readonly sha256: string },
  ): Result<Attestation>;
}

export const sigstoreRefusals = defineRefusals("sigstore", {
  malformed: { status: 422, title: "That does not read as a sigstore bundle." },
  "not-trusted": { status: 422, title: "That signature does not verify, or not against the roots this index trusts." },
  "no-identity": { status: 422, title: "The certificate of that signature does not say who signed." },
  "other-file": { status: 422, title: "That attestation is about another file." },
});

const LONGEST_BUNDLE = 128 * 1024;
const IN_TOTO = "application/vnd.in-toto+json";
const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

const base64 = z
  .string()
  .max(LONGEST_BUNDLE)
  .regex(/^[A-Za-z0-9+/=]+$/);

/** PEP 740, version 1. */
const attestationShape = z.strictObject({
  version: z.literal(1),
  verification_material: z.strictObject({
    certificate: base64,
    transparency_entries: z.array(z.unknown()).min(1).max(4),
  }),
  envelope: z.strictObject({ statement: base64, signature: base64 }),
});

const statementShape = z.object({
  _type: z.literal("https://in-toto.io/Statement/v1"),
  subject: z.array(z.object({ name: z.string(), digest: z.object({ sha256: z.string() }) })).length(1),
  predicateType: z.string().max(200),
});

const bundleShape = z.object({
  mediaType: z.string(),
  messageSignature: z.unknown(),
  verificationMaterial: z.unknown(),
});

/** @param trustedRoot the JSON of a sigstore trusted root, as its project publishes it. Throws for what is none */
export function makeSigstore(trustedRoot: string): Sigstore {
  const root = TrustedRoot.fromJSON(JSON.parse(trustedRoot));
  if (root.certificateAuthorities.length === 0 || root.tlogs.length === 0)
    throw new Error("It names no certificate authority or no transparency log.");
  const verifier = new Verifier(toTrustMaterial(root));
  const verify = (bundle: unknown, signed?: Buffer): Result<SigstoreIdentity> => {
    try {
      const read = bundleFromJSON(bundle);
      if (read.verificationMaterial.content.$case === "publicKey") return refuse(sigstoreRefusals["no-identity"]());
      return identityOf(verifier.verify(toSignedEntity(read, signed)));
    } catch {
      return refuse(sigstoreRefusals["not-trusted"]());
    }
  };
  return {
    checkBundle: (text, signed) => {
      const json = text.length > LONGEST_BUNDLE ? null : parsed(text);
      const bundle = bundleShape.safeParse(json);
      if (!bundle.success || bundle.data.messageSignature === undefined) return refuse(sigstoreRefusals.malformed());
      return verify(json, signed);
    },
    checkAttestation: (attestation, file) => {
      const given = attestationShape.safeParse(attestation);
      if (!given.success) return refuse(sigstoreRefusals.malformed());
      const { envelope, verification_material: material } = given.data;
      const statement = statementShape.safeParse(parsed(Buffer.from(envelope.statement, "base64").toString("utf8")));
      const subject = statement.data?.subject[0];
      if (!statement.success || !subject) return refuse(sigstoreRefusals.malformed());
      if (subject.name !== file.filename || subject.digest.sha256 !== file.sha256)
        return refuse(sigstoreRefusals["other-file"]());
      const verified = verify({
        mediaType: BUNDLE_TYPE,
        verificationMaterial: {
          certificate: { rawBytes: material.certificate },
          tlogEntries: material.transparency_entries,
        },
        dsseEnvelope: {
          payload: envelope.statement,
          payloadType: IN_TOTO,
          signatures: [{ sig: envelope.signature, keyid: "" }],
        },
      });
      return verified.ok ? ok({ ...verified.value, predicateType: statement.data.predicateType }) : verified;
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** A workflow signs for one ref at a time; who it is does not hang on that. */
function identityOf({ identity }: Signer): Result<SigstoreIdentity> {
  const issuer = identity?.extensions?.issuer;
  const name = identity?.subjectAlternativeName;
  if (!issuer || !name) return refuse(sigstoreRefusals["no-identity"]());
  const isWorkflow = /^https:\/\/.*\.ya?ml@/.test(name);
  return ok({ issuer, subject: isWorkflow ? name.slice(0, name.lastIndexOf("@")) : name.toLowerCase() });
}
