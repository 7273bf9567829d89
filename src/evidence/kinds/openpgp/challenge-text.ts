import type { Challenge, EvidenceContext } from "../../types.ts";

/** Not the word under which keys are bound, nor that of SSH signatures: each is worth nothing for the others. */
const PURPOSE = "locksmith-recovery-openpgp";

/**
 * The one line to sign: the case, the place, a value that is used once, and until when. Pure. Only letters, digits and
 * `- _ . : [ ]`, so that it stands between single quotes in every shell.
 */
export const challengeText = (
  context: Pick<EvidenceContext, "caseNumber" | "publicUrl">,
  challenge: Challenge,
): string =>
  `${PURPOSE} case ${context.caseNumber} at ${context.publicUrl.host} value ${challenge.value} until ${challenge.expiresAt.toISOString()}`;

/** The command to copy, complete. */
export const signCommand = (text: string): string => `printf '%s\\n' '${text}' | gpg --clearsign`;
