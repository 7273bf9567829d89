import type { Attestation, Sigstore } from "../kernel/crypto/sigstore.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { PublisherIdentity } from "./publishers/types.ts";
import { registryRefusals } from "./refusals.ts";
import type { SignedFile } from "./store/attestations.ts";

/* Attestations that come with a file (PEP 740): who signed it, checked before it is published. Pure. */

/** As many as the index that defined them takes. */
const MOST = 2;

/**
 * Who signed a file. An index without roots of trust keeps attestations as they came, and says nothing of them. Refuses
 * more than two, what is none, what is about another file, and signatures that do not verify.
 * @param text a JSON list, as the form reads it
 */
export function readAttestations(
  sigstore: Sigstore | undefined,
  text: string | null,
  file: { readonly filename: string; readonly sha256: string },
): Result<readonly Attestation[]> {
  if (!sigstore || text === null) return ok([]);
  const given = JSON.parse(text) as readonly unknown[]; // the form has read it as a list
  if (given.length > MOST) return refuse(registryRefusals["bad-attestation"]({ detail: `At most ${MOST} are taken.` }));
  const read: Attestation[] = [];
  for (const one of given) {
    const checked = sigstore.checkAttestation(one, file);
    if (!checked.ok) return refuse(registryRefusals["bad-attestation"]({ detail: checked.refusal.title }));
    read.push(checked.value);
  }
  return ok(read);
}

/** Whether who signed is the publisher that uploads, as its service writes it into certificates (Fulcio's OID 1.9). */
export function isSignedBy(publisher: PublisherIdentity, { issuer, subject }: Attestation): boolean {
  if (issuer !== publisher.issuer) return false;
  const { service, repository, workflow } = publisher;
  if (repository === null || workflow === null) return subject === publisher.subject;
  const path =
    service === "github" ? `https://github.com/${repository}/.github/workflows/` : `${issuer}/${repository}//`;
  return subject.slice(0, path.length).toLowerCase() === path && subject.slice(path.length) === workflow;
}

/** The provenance object of PEP 740: one bundle a signer, in the order of the attestations. */
export const provenanceOf = ({ attestations, signers }: SignedFile) => ({
  version: 1,
  attestation_bundles: (JSON.parse(attestations) as readonly unknown[]).map((attestation, place) => ({
    publisher: { kind: "sigstore", ...signers[place] },
    attestations: [attestation],
  })),
});
