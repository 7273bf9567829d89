import { whatWouldHelp } from "./advise.ts";
import type { Decision } from "./decide.ts";
import { durationInWords } from "./duration.ts";
import { CLASS_IDS, type KindId, type Policy, thresholdGroup } from "./types.ts";
import { type SetAsideCode, summarise } from "./weigh.ts";
import { bitsInWords, labelOf, listInWords, plainNumber, withArticle } from "./words.ts";

export interface Explanation {
  readonly headline: string;
  readonly sentences: readonly string[];
  readonly table: {
    readonly caption: string;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly string[])[];
  };
}

/**
 * A decision in plain words and in numbers, for one of two readers. Pure.
 * The claimant is unproven: they learn which of their proofs counted, the numbers that apply to them, and what would help;
 * never a fact of the account, never whether a guess was right, and no term of the trade. The reviewer sees every reason
 * with its policy line, and the bits in words for each class.
 */
export function explainDecision(policy: Policy, decision: Decision, reader: "claimant" | "reviewer"): Explanation {
  return reader === "claimant" ? forClaimant(policy, decision) : forReviewer(policy, decision);
}

const people = (count: number) =>
  count === 0 ? "nobody" : count === 1 ? "one person of our staff" : `${count} people of our staff`;

function claimantHeadline({ route, waitMs }: Decision): string {
  const wait = durationInWords(waitMs);
  if (route === "incident") return "This account is locked while we look into it.";
  if (route === "insufficient") return "What you have shown is not enough yet.";
  if (route === "machine" && waitMs === 0) return "You have shown enough. You can go on now.";
  if (route === "machine") return `You have shown enough. You can go on after a wait of ${wait}.`;
  const who = route === "one-reviewer" ? "One person" : "Two people";
  return `${who} of our staff will look at this, and there is a wait of ${wait}.`;
}

function forClaimant(policy: Policy, decision: Decision): Explanation {
  const { route, waitMs, holdMs, approvalsNeeded } = decision;
  const isOpen = route !== "insufficient" && route !== "incident";
  const counts = toldKinds(policy, decision);
  const sentences: string[] = [];
  if (counts.length > 0) {
    sentences.push(`You have shown ${listInWords(counts.map((kind) => policy.kinds[kind]?.plain ?? kind))}.`);
  }
  for (const [kind, code] of toldSetAside(policy, decision)) {
    sentences.push(`${capital(policy.kinds[kind]?.plain ?? kind)} ${CLAIMANT_SET_ASIDE[code]}`);
  }
  if (isOpen && waitMs > 0) {
    sentences.push("During the wait we write to every address we know for this account, so that its owner can say no.");
    if (decision.waitAddedMs > 0)
      sentences.push(
        `The wait is ${durationInWords(decision.waitAddedMs)} longer than usual, to give those messages time.`,
      );
  }
  if (isOpen && holdMs > 0) {
    sentences.push(
      `For ${durationInWords(holdMs)} after you are back, publishing and changes of owners, tokens and addresses stay closed.`,
    );
  }
  if (route === "incident") {
    sentences.push("Nothing is lost or given away meanwhile. People decide, and you can add what you have.");
  }
  if (route === "insufficient") sentences.push("You can add more at any time, and nothing you have shown is lost.");
  sentences.push(...helpSentences(policy, decision));
  const rows: string[][] = [];
  if (isOpen) {
    rows.push(["Who has to agree", people(approvalsNeeded)]);
    rows.push(["Wait", durationInWords(waitMs)]);
    rows.push(["Closed afterwards for", durationInWords(holdMs)]);
  }
  rows.push(["Separate proofs shown", `${Math.min(counts.length, decision.rootsReached)}`]);
  rows.push(["Separate proofs needed, at least", `${decision.rootsNeeded}`]);
  const table = { caption: "In numbers", columns: ["What", "How much"], rows };
  return { headline: claimantHeadline(decision), sentences, table };
}

/** Kinds that counted and of which the claimant may hear, each once. */
function toldKinds(policy: Policy, { weighing }: Decision): readonly KindId[] {
  const kinds = new Set(weighing.counted.map(({ finding }) => finding.kind));
  return [...kinds].filter((kind) => policy.kinds[kind]?.isTold);
}

/** What a claimant is told about a proof that does not count. Empty: they are told nothing. */
const CLAIMANT_SET_ASIDE: Readonly<Record<SetAsideCode, string>> = {
  inconclusive: "could not be checked. Try it again.",
  "public-facts": "",
  "unknown-kind": "",
  "unknown-root": "",
  "dated-in-the-future": "could not be checked. Try it again.",
  expired: "was shown too long ago. Show it again.",
  "no-binding-date": "does not count, because we do not know since when it belongs to the account.",
  "not-shared": "speaks only for a part of what the account reaches.",
  "too-young": "does not count, because it was added too recently.",
  "changed-lately": "does not count, because it was changed too recently.",
};

function toldSetAside(policy: Policy, decision: Decision): readonly (readonly [KindId, SetAsideCode])[] {
  const counts = toldKinds(policy, decision);
  const told = new Map<KindId, SetAsideCode>();
  for (const { finding, code } of decision.weighing.setAside) {
    const isTold = policy.kinds[finding.kind]?.isTold && CLAIMANT_SET_ASIDE[code] !== "";
    if (isTold && !counts.includes(finding.kind) && !told.has(finding.kind)) told.set(finding.kind, code);
  }
  return [...told];
}

const MOST_ADVICE = 3;

/**
 * Advice from what the claimant knows to have counted, so that its order does not tell whether a guess was right. Kinds that are
 * never told and prove no root are left out: asking for more guesses helps nobody.
 */
function helpSentences(policy: Policy, { whatWouldHelp: missing, weighing, tier, offered, route }: Decision): string[] {
  if (missing.length === 0 || route === "incident") return [];
  const told = weighing.counted.filter(({ finding }) => policy.kinds[finding.kind]?.isTold);
  const asked = offered.filter((kind) => {
    const known = policy.kinds[kind];
    return known !== undefined && (known.isTold || policy.roots[known.root]?.isRootOfTrust === true);
  });
  const best = whatWouldHelp(policy, tier, summarise(policy, told, [], []), asked).slice(0, MOST_ADVICE);
  if (best.length === 0) return [];
  const list = listInWords(
    best.map(({ kind }) => policy.kinds[kind]?.plain ?? kind),
    "or",
  );
  if (route !== "insufficient") return [`You do not have to add anything. What would help most is ${list}.`];
  const isEnough = best.every(({ wouldReach }) => wouldReach !== "insufficient");
  return [`What would help most is ${list}${isEnough ? ": one of them may be enough for the case to go on" : ""}.`];
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function reviewerHeadline({ route, waitMs, holdMs, approvalsNeeded, tier, isShortfall }: Decision): string {
  const terms = `wait ${durationInWords(waitMs)}, hold ${durationInWords(holdMs)}`;
  if (route === "incident") return `Tier ${tier}: incident. ${approvalsNeeded} people decide; ${terms}.`;
  if (route === "insufficient") return `Tier ${tier}: the evidence is not enough; nothing may be granted.`;
  if (route === "machine") return `Tier ${tier}: granted by the machine; ${terms}.`;
  const who = route === "one-reviewer" ? "one reviewer" : "two reviewers, neither seeing the other's verdict first";
  return `Tier ${tier}: ${who}; ${terms}.${isShortfall ? " Fewer bits than the tier asks for." : ""}`;
}

function forReviewer(policy: Policy, decision: Decision): Explanation {
  const { weighing, required, reached, reasons } = decision;
  const line = ({ words, policyLine }: { readonly words: string; readonly policyLine: string }) =>
    `${words} [${policyLine}]`;
  const sentences = [
    ...reasons.for.map((reason) => `For: ${line(reason)}`),
    ...reasons.against.map((reason) => `Against: ${line(reason)}`),
    ...decision.whatWouldHelp.slice(0, MOST_ADVICE).map((help) => {
      const closes = `closes ${plainNumber(help.closesBits)} of ${plainNumber(help.ofBits)} missing bits`;
      return `Would help: ${labelOf(policy, help.kind)}: ${closes}, leads to ${help.wouldReach}. [${help.policyLine}]`;
    }),
    `The least to spare is against ${withArticle(policy.classes[decision.bindingClass].label)} (${decision.bindingClass}). Policy ${decision.policyVersion}.`,
  ];
  const rows = CLASS_IDS.map((id) => {
    const { contributions, against } = weighing.perClass[id];
    const parts = contributions.map(({ kind, bits }) => `${labelOf(policy, kind)} ${plainNumber(bits)}`);
    if (against > 0) parts.push(`contradictions ${plainNumber(-against)}`);
    return [
      `${id} ${policy.classes[id].label}`,
      bitsInWords(reached[id]),
      plainNumber(reached[id]),
      policy.tiers[decision.tier].bits ? plainNumber(required[id]) : "none",
      parts.join(", ") || "nothing",
      policy.tiers[decision.tier].bits
        ? `/tiers/${decision.tier}/bits/${thresholdGroup(id)}`
        : `/tiers/${decision.tier}/bits`,
    ];
  });
  const columns = ["Against", "Strength", "Bits", "Needed", "From", "Policy line"];
  return {
    headline: reviewerHeadline(decision),
    sentences,
    table: { caption: "Weight of evidence by attacker", columns, rows },
  };
}
