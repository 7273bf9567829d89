export { type Help, whatWouldHelp } from "./advise.ts";
export { checkPolicy, type PolicyReport } from "./check.ts";
export { claimantHelp, claimantSetAside, helpInNumbers, progressInWords } from "./claimant.ts";
export {
  type Decision,
  type DecisionFacts,
  decide,
  type Reason,
  type ReasonCode,
  type SilenceFacts,
} from "./decide.ts";
export { durationInWords, parseDuration } from "./duration.ts";
export { type Explanation, explainDecision } from "./explain.ts";
export { LARGEST_POLICY_BYTES, type LoadedPolicy, loadPolicy } from "./load.ts";
export { compareOutcomes, type Outcome, outcomeOf, type Route } from "./outcome.ts";
export { decideByParts, type Part, partsOf, type Thing } from "./parts.ts";
export { policyRefusals } from "./refusals.ts";
export { formatReport } from "./report.ts";
export { parsePolicy } from "./schema.ts";
export { type Impact, type TierChoice, tierOf } from "./tier.ts";
export {
  type AttackerClass,
  type Bits,
  CLASS_IDS,
  type ClassId,
  type EvidenceKind,
  type KindId,
  type Limits,
  type Policy,
  type RootFamilyId,
  type Tier,
  TIER_IDS,
  type TierId,
} from "./types.ts";
export {
  type ClassWeight,
  type Contribution,
  type CountedFinding,
  type Finding,
  type SetAside,
  type SetAsideCode,
  weigh,
  type Weighing,
  type WeighingFacts,
} from "./weigh.ts";
export { bitsInWords, STRENGTHS, type Strength } from "./words.ts";
