import { type Account, listAddresses, maskAddress } from "../../accounts/index.ts";
import { listFindings, type StoredFinding } from "../../evidence/index.ts";
import {
  badge,
  button,
  details,
  emptyState,
  form as formElement,
  hidden,
  html,
  type Html,
  table,
  time,
} from "../../kernel/html/index.ts";
import { EVIDENCE_STATES, type RecoveryCase, type RecoveryRuntime } from "../../recovery/index.ts";
import { impactOf, listProjectsOf } from "../../registry/index.ts";
import { facts, inWords } from "../wording.ts";

const mark = (isMatch: boolean): Html =>
  isMatch ? badge({ tone: "success", text: "Matches" }) : badge({ tone: "warning", text: "Differs" });

/** What the claimant says beside what the index has on record, and how far this account reaches. */
export async function claimsSection(
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
  account: Account | null,
  now: Date,
): Promise<Html> {
  if (!account)
    return html`<h2>Claims and records</h2><p>Not matched to an account yet. The claimant has not confirmed the address they wrote from.</p>`;
  const [addresses, projects, impact] = await Promise.all([
    listAddresses(runtime.db, account.id),
    listProjectsOf(runtime.db, account.id),
    impactOf(runtime.db, account.id, now),
  ]);
  const { claimedName, contactAddress, contactConfirmedAt } = recoveryCase;
  const isOnAccount = addresses.some((one) => one.folded === contactAddress.toLowerCase() && one.verifiedAt);
  return html`
    <h2>Claims and records</h2>
    ${table({
      caption: "What the claimant says beside what we know",
      columns: [{ label: "What", isRowHeader: true }, "Claimed", "On record", { label: "Agreement" }],
      rows: [
        ["Username", claimedName, account.username, mark(claimedName.toLowerCase() === account.username.toLowerCase())],
        ["Address", contactAddress, addresses.map((one) => maskAddress(one.address)).join(", "), mark(isOnAccount)],
        [
          "Reads that address",
          contactConfirmedAt ? html`Shown ${time(contactConfirmedAt, now, "relative")}` : "Not shown",
          "",
          contactConfirmedAt ? badge({ tone: "success", text: "Shown" }) : badge({ tone: "warning", text: "Not yet" }),
        ],
      ],
      empty: "",
      isDense: true,
    })}
    ${facts([
      ["Projects", projects.map((one) => one.name).join(", ") || "None"],
      ["Dependents, at most", impact.dependents],
      ["Downloads in 30 days, at most", impact.downloads30d],
      ["Live API tokens", impact.liveTokens],
      ["Last seen", time(account.lastActiveAt, now, "relative")],
      [
        "Frozen",
        account.frozen ? html`${inWords(account.frozen.because)}, ${time(account.frozen.at, now, "relative")}` : "No",
      ],
    ])}`;
}

const VERDICT = {
  supports: { tone: "success", text: "Supports" },
  contradicts: { tone: "danger", text: "Contradicts" },
  inconclusive: { tone: "neutral", text: "Inconclusive" },
} as const;

/** What the reader may do with a proof: where there is a token, have it looked at again. */
interface ProofTools {
  readonly number: string;
  readonly csrfToken: string;
  /** False for reading roles, and once the case is over. */
  readonly mayCheck: boolean;
}

const checkAgain = (one: StoredFinding, { number, csrfToken }: ProofTools): Html =>
  formElement({
    action: `/console/cases/${number}/check-again`,
    csrf: csrfToken,
    body: html`${hidden("finding", one.id)}${button({ label: html`Check again<span class="visually-hidden">: ${inWords(one.kind)}</span>`, kind: "secondary" })}`,
  });

const finding = (one: StoredFinding, now: Date, tools: ProofTools): Html => html`
  <div class="finding" id="${one.kind}-proof">
    <p>${badge(VERDICT[one.verdict])} <strong>${inWords(one.kind)}</strong> <span class="muted">shown ${time(one.observedAt, now, "relative")}${one.assessedAt > one.observedAt ? html`, looked at again ${time(one.assessedAt, now, "relative")}` : null}${one.boundAt ? html`, on the account since ${time(one.boundAt, now, "date")}` : null}</span></p>
    <p class="pre">${one.reviewerText}</p>
    ${details({
      summary: "What was observed",
      body:
        one.observation === null
          ? html`<p>Erased, as the policy of the index asks.</p>`
          : html`<pre>${JSON.stringify(one.observation, null, 2)}</pre>`,
    })}
    ${tools.mayCheck && one.observation !== null ? checkAgain(one, tools) : null}
  </div>`;

/** What the claimant has shown, by independent root: only different roots add up. */
export async function proofsSection(
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
  now: Date,
  { csrfToken, mayAct }: { readonly csrfToken: string; readonly mayAct: boolean },
): Promise<Html> {
  const isOpen = (EVIDENCE_STATES as readonly string[]).includes(recoveryCase.state);
  const tools = { number: recoveryCase.number, csrfToken, mayCheck: mayAct && isOpen };
  const findings = await listFindings(runtime.db, recoveryCase.id);
  if (findings.length === 0)
    return html`<h2>Proofs</h2>${emptyState({ title: "Nothing proven yet", body: html`<p>The claimant has shown nothing so far.</p>` })}`;
  const byRoot = Map.groupBy(findings, (one) => one.root);
  return html`<h2>Proofs</h2>${[...byRoot].map(
    ([root, ofRoot]) => html`
      <section class="proof">
        <h3>Root of trust <code>${root}</code></h3>
        ${ofRoot.map((one) => finding(one, now, tools))}
      </section>`,
  )}`;
}
