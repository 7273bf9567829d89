import { defineRefusals } from "../../kernel/refusal.ts";

/** Why a policy file is not used. Seen by operators at start and by `policy check`, never by claimants. */
export const policyRefusals = defineRefusals("policy", {
  "not-readable": { status: 500, title: "The policy file cannot be read." },
  "too-large": { status: 500, title: "The policy file is too large." },
  "not-json": { status: 500, title: "The policy file is not valid JSON." },
  "not-valid": { status: 500, title: "The policy file does not follow the schema." },
  unsafe: { status: 500, title: "The policy would let one attacker in alone, or contradicts itself." },
});
