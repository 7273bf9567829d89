import { badge, html, type Html, table } from "../../kernel/html/index.ts";
import { policy, type RecoveryCase, type RecoveryRuntime } from "../../recovery/index.ts";

/** Reasons that repeat in words what the table of weights shows in numbers. */
const IN_THE_TABLE: ReadonlySet<string> = new Set(["bits-reached", "bits-doubled", "bits-short"]);

const reasonList = (title: string, reasons: readonly policy.Reason[]): Html => {
  const shown = reasons.filter((one) => !IN_THE_TABLE.has(one.code));
  return html`<div><h3>${title}</h3>${
    shown.length === 0
      ? html`<p class="muted">Nothing.</p>`
      : html`<ul class="reasons">${shown.map((one) => html`<li>${one.words} <code>${one.policyLine}</code></li>`)}</ul>`
  }</div>`;
};

/** How much stands against one kind of attacker, beside what the tier asks for. */
function strength(decision: policy.Decision, id: policy.ClassId): Html {
  const reached = decision.reached[id];
  const required = decision.required[id];
  const words = `${reached} of ${required} bits`;
  const most = Math.max(2 * required, reached, 1);
  return html`<span class="strength"><meter min="0" max="${most}" low="${required}" optimum="${most}" value="${Math.max(0, reached)}" aria-label="${words}"></meter> <span>${words}</span>${
    reached < required ? html` ${badge({ tone: "danger", text: "Short" })}` : null
  }</span>`;
}

/** What the policy says of this case and why: the headline, the weights against each attacker, reasons for and against. */
export function decisionSection(runtime: RecoveryRuntime, recoveryCase: RecoveryCase): Html {
  const { decision } = recoveryCase;
  if (!decision)
    return html`<h2>What the policy says</h2><p>The policy has not been asked yet: there is no account to weigh for.</p>`;
  const { headline, table: numbers } = policy.explainDecision(runtime.policy, decision, "reviewer");
  const rows = policy.CLASS_IDS.map((id, index) => {
    const [label = id, , , , from = "", policyLine = ""] = numbers.rows[index] ?? [];
    return [label, strength(decision, id), from, html`<code>${policyLine}</code>`];
  });
  const help = decision.whatWouldHelp.slice(0, 3).map((one) => runtime.policy.kinds[one.kind]?.label ?? one.kind);
  return html`
    <h2>What the policy says</h2>
    <p class="lead">${headline}</p>
    <div class="columns">${reasonList("For", decision.reasons.for)}${reasonList("Against", decision.reasons.against)}</div>
    ${help.length > 0 ? html`<p>Would help most: ${help.join(", ")}.</p>` : null}
    ${table({
      caption: `${numbers.caption} (policy ${decision.policyVersion})`,
      columns: [{ label: "Against", isRowHeader: true }, "Reached and needed", "From", "Policy line"],
      rows,
      empty: "",
      isDense: true,
    })}`;
}
