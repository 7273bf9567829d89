import { type Alliance, type ClassProof, GUARDED_TIERS, type Passing } from "./attackers.ts";
import type { PolicyReport } from "./check.ts";
import { durationInWords } from "./duration.ts";
import { classesHoldingAll, classesShort } from "./outcome.ts";
import { CLASS_IDS, type Policy } from "./types.ts";
import { bitsInWords, listInWords, plainNumber } from "./words.ts";

/** The report as plain text, at most 120 columns wide where names allow it, for `policy check` and for reading in review. */
export function formatReport(report: PolicyReport): string {
  const { policy, proofs, pairs, additions, comparisons } = report;
  const sets = proofs.reduce((sum, { setsTried }) => sum + setsTried, 0);
  const lines = [
    `Policy ${report.version} (${report.purpose}): ${policy.title}`,
    "",
    `1. One attacker class alone: ${sets} sets of evidence tried, none passes any tier above 0, with or without people.`,
    "   At tier 0 one root is enough by design: there is nothing to steal.",
    ...proofs.flatMap((proof) => proofLines(policy, proof)),
    "",
    "2. Two classes together that get somewhere, and what then stands in their way:",
    ...allianceLines(policy, pairs),
    "",
    "3. One class with what it only sometimes holds as well, and what then stands in its way:",
    ...allianceLines(policy, additions),
    "",
    `4. A higher tier never asks for less. ${comparisons} sets compared with one more kind: none makes the outcome worse.`,
  ];
  if (report.purpose === "demonstration") {
    lines.push("", "This policy is for demonstration: its waits are far too short to protect anybody.");
  }
  return `${lines.join("\n")}\n`;
}

function proofLines(policy: Policy, { class: id, holds, setsTried, isByRoot, full }: ClassProof): readonly string[] {
  const { label } = policy.classes[id];
  const sets = `${setsTried} ${setsTried === 1 ? "set" : "sets"}${isByRoot ? ", each root's kinds together" : ""}`;
  const lines = ["", `   ${id} ${label}: holds ${listInWords(holds) || "nothing"} (${sets})`];
  if (full.counted.length === 0) return lines;
  const bits = CLASS_IDS.map((other) => `${other} ${plainNumber(full.perClass[other].bits)}`).join(" · ");
  lines.push(`      all of it: ${bits}; roots: ${full.roots.join(", ") || "none"}`);
  for (const { root, kind, bits: part } of full.perClass[id].contributions) {
    lines.push(`      against itself: ${plainNumber(part)} bits (${bitsInWords(part)}) from ${kind} by ${root}`);
  }
  for (const tier of GUARDED_TIERS) {
    const { bits: required, roots } = policy.tiers[tier];
    const stops = required
      ? classesShort(full, required).map(
          (short) => `${short} ${plainNumber(full.perClass[short].bits)} of ${plainNumber(required[short])}`,
        )
      : [];
    if (full.roots.length < roots) stops.push(`${full.roots.length} of ${roots} roots`);
    const people = classesHoldingAll(policy, full);
    const alone = people.length > 0 ? `; people may not either: ${listInWords(people)} may hold every root` : "";
    lines.push(`      tier ${tier} stopped by ${listInWords(stops)}${alone}`);
  }
  return lines;
}

function allianceLines(policy: Policy, alliances: readonly Alliance[]): readonly string[] {
  if (alliances.length === 0) return ["   none"];
  return alliances.flatMap(({ classes, additions, passing }) => {
    const who = listInWords(classes.map((id) => `${id} ${policy.classes[id].label}`));
    const also = additions.length > 0 ? `, also holding ${listInWords(additions)}` : "";
    return [`   ${who}${also}`, ...passing.map((one) => `      tier ${one.tier}: ${obstacles(policy, one)}`)];
  });
}

function obstacles(policy: Policy, { tier, outcome }: Passing): string {
  const { waitMs, holdMs, approvals, isFast, isShortfall } = outcome;
  const people = approvals === 0 ? "no person" : approvals === 1 ? "one reviewer" : "two reviewers";
  const fast = isFast ? ` (shortened from ${durationInWords(policy.tiers[tier].waitMs)})` : "";
  const few = isShortfall ? ", with fewer bits than the tier asks for" : "";
  return `${people}${few}; wait ${durationInWords(waitMs)}${fast} with notices and objection; hold ${durationInWords(holdMs)}`;
}
