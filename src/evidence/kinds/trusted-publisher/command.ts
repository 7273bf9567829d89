import type { EvidenceContext, Instructions } from "../../types.ts";

export const proofPath = (challenge: string): string => `/recovery/proof/trusted-publisher/${challenge}`;

/** The audience of a token that answers a challenge: it serves in this case and nowhere else, not for uploads either. */
export const caseAudience = (publicUrl: URL, challenge: string): string => `${publicUrl.host}/recovery/${challenge}`;

/** What to run, for those services whose words we know. Challenges are base64url: nothing to quote. Pure. */
export function commands({ challenge, publicUrl }: EvidenceContext): Pick<Instructions, "command" | "otherwise"> {
  if (!challenge) return {};
  const url = new URL(proofPath(challenge.value), publicUrl).href;
  const audience = caseAudience(publicUrl, challenge.value);
  return {
    command: [
      "on: push",
      "permissions:",
      "  id-token: write",
      "jobs:",
      "  locksmith:",
      "    runs-on: ubuntu-latest",
      "    # environment: the one you registered, if you did",
      "    steps:",
      "      - run: |",
      `          token=$(curl -sS -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=${encodeURIComponent(audience)}" | jq -r .value)`,
      `          curl -sS --fail-with-body -X POST -H "Authorization: Bearer $token" '${url}'`,
    ].join("\n"),
    otherwise: {
      summary: "With GitLab",
      command: [
        "locksmith:",
        "  image: curlimages/curl",
        "  id_tokens:",
        "    LOCKSMITH_TOKEN:",
        `      aud: "${audience}"`,
        "  script:",
        `    - curl -sS --fail-with-body -X POST -H "Authorization: Bearer $LOCKSMITH_TOKEN" '${url}'`,
      ].join("\n"),
    },
  };
}
