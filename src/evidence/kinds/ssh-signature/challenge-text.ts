import type { Challenge, EvidenceContext } from "../../types.ts";

/** What `ssh-keygen -n` is given: a signature for anything else, a commit or a login, does not count here. */
export const NAMESPACE = "locksmith-recovery";

/**
 * The one line to sign: the case, the place, a value that is used once, and until when. Pure. Only letters, digits and
 * `- _ . : [ ]`, so that it stands between single quotes in every shell.
 */
export const challengeText = (
  context: Pick<EvidenceContext, "caseNumber" | "publicUrl">,
  challenge: Challenge,
): string =>
  `${NAMESPACE} case ${context.caseNumber} at ${context.publicUrl.host} value ${challenge.value} until ${challenge.expiresAt.toISOString()}`;

/** The commands to copy, complete. */
export const signCommands = (text: string): string =>
  [
    `printf '%s' '${text}' > challenge.txt`,
    `ssh-keygen -Y sign -f ~/.ssh/id_ed25519 -n ${NAMESPACE} challenge.txt`,
    "cat challenge.txt.sig",
  ].join("\n");
