import {
  button,
  details,
  errorSummary,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  notice,
  passkeyButton,
  textarea,
  time,
} from "../../kernel/html/index.ts";
import type { DraftField } from "../../desk/index.ts";
import type { Refusal } from "../../kernel/refusal.ts";
import {
  caseLifecycle,
  policy,
  type RecoveryCase,
  type SecondJudgement,
  type Tie,
  TIES,
} from "../../recovery/index.ts";

/** Powers that come with words, each with the name under which half-written ones are kept. */
export const DRAFT_OF = {
  "request-information": "question",
  note: "note",
  approve: "approve-reason",
  refuse: "refuse-reason",
  resume: "resume-reason",
  "report-incident": "report-incident-reason",
  keep: "keep-reason",
  reverse: "reverse-reason",
} as const satisfies Readonly<Record<string, DraftField>>;

export type Power = keyof typeof DRAFT_OF;

/** What was typed and why it was not taken, to show the form again. */
export interface ActionState {
  /** The power whose form it was. */
  readonly attempted?: Power;
  readonly refusal?: Refusal;
  readonly values: Readonly<Record<string, string>>;
  /** What looking again at a proof just gave. */
  readonly checked?: SecondJudgement;
}

export interface ActionContext {
  readonly recoveryCase: RecoveryCase;
  readonly csrfToken: string;
  readonly now: Date;
  readonly state: ActionState;
  /** What the reader was writing when they left, by field. */
  readonly drafts: ReadonlyMap<string, string>;
  /** Whether the reader has a passkey, which then decides. */
  readonly hasPasskey: boolean;
  /** What ties the reader to the case, so that somebody else decides. */
  readonly tie: Tie | null;
}

/** How a text area of the case page keeps what is written in it. */
const draft = ({ recoveryCase }: ActionContext, field: DraftField) => ({
  field,
  url: `/console/cases/${recoveryCase.number}/draft`,
});

/** What stands in a power's text area: as it was just sent, or as it was left. */
const written = ({ state, drafts }: ActionContext, power: Power, name: string): string | undefined =>
  (state.attempted === power ? state.values[name] : undefined) ?? drafts.get(DRAFT_OF[power]);

/** Open where it was just tried, and where something half written waits. */
const isBegun = ({ state, drafts }: ActionContext, power: Power): boolean =>
  state.attempted === power || drafts.has(DRAFT_OF[power]);

/** Events that a reviewer can bring about in the case's state. */
const mayBring = ({ recoveryCase }: ActionContext, event: string): boolean =>
  caseLifecycle.transitions.some(
    (one) => one.on === event && one.by.includes("reviewer") && one.from.some((from) => from === recoveryCase.state),
  );

/** A form for one power of the desk; reason and typed username make sure that it is meant, and meant for this account. */
function verdictForm(
  context: ActionContext,
  action: Exclude<Power, "note" | "request-information">,
  options: { readonly label: string; readonly kind?: "primary" | "secondary" | "danger"; readonly hint: string },
): Html {
  const { recoveryCase, csrfToken, state } = context;
  return formElement({
    action: `/console/cases/${recoveryCase.number}/${action}`,
    csrf: csrfToken,
    body: html`
      ${hidden("seenState", recoveryCase.state)}
      ${textarea({ name: "reason", id: `${action}-reason`, label: "Reason", hint: options.hint, value: written(context, action, "reason"), draft: draft(context, DRAFT_OF[action]), required: true, maxlength: 2000, rows: 3 })}
      ${field({ name: "username", id: `${action}-username`, label: "Type the account’s username", autocomplete: "off", value: state.attempted === action ? state.values["username"] : undefined, required: true, maxlength: 64, spellcheck: false })}
      ${context.hasPasskey ? passkeyPart(context, action, options.label) : codePart(action, options)}`,
  });
}

/** The decision is made by showing the passkey: no stolen session can do that. */
const passkeyPart = ({ recoveryCase }: ActionContext, action: string, label: string): Html =>
  passkeyButton({
    ceremony: "get",
    optionsAt: `/console/cases/${recoveryCase.number}/${action}/options`,
    label: `${label} with your passkey`,
    needs: `${action}-username`,
    without: "Decisions need your passkey, and passkeys need scripts. Switch them on for this site.",
  });

/** For somebody without a passkey: a code that was not used before. */
const codePart = (
  action: string,
  { label, kind }: { readonly label: string; readonly kind?: "primary" | "secondary" | "danger" },
): Html => html`
  ${field({ name: "code", id: `${action}-code`, label: "A new code from your app", autocomplete: "one-time-code", inputmode: "numeric", required: true, maxlength: 16, width: "short" })}
  ${button({ label, kind: kind ?? "primary" })}`;

/** What approving does, in the words of the decision: nobody should approve without knowing it. */
function effect(decision: policy.Decision): Html {
  const people =
    decision.approvalsNeeded > 1 ? html` <strong>${decision.approvalsNeeded} people</strong> must approve.` : null;
  return html`<p>Approving starts a wait of <strong>${policy.durationInWords(decision.waitMs)}</strong>, in which everybody is told and each of them can stop it. Then the claimant may set a new password and app, and some powers are held for <strong>${policy.durationInWords(decision.holdMs)}</strong>.${people} You cannot make this shorter.</p>`;
}

function approval(context: ActionContext): Html | null {
  const { decision } = context.recoveryCase;
  if (!mayBring(context, "approve")) return null;
  const mayApprove = decision !== null && ["machine", "one-reviewer", "two-reviewers"].includes(decision.route);
  if (!mayApprove || !decision)
    return notice({
      tone: "warning",
      title: "Approval is not possible yet",
      body: html`<p>The policy asks for more than there is. Ask the claimant for what would help most, or refuse.</p>`,
    });
  return html`${effect(decision)}${verdictForm(context, "approve", { label: "Approve", hint: "Only the desk reads it. What convinced you?" })}`;
}

function question(context: ActionContext): Html | null {
  if (!mayBring(context, "request-information")) return null;
  return details({
    summary: "Ask the claimant one thing more",
    isOpen: isBegun(context, "request-information"),
    body: formElement({
      action: `/console/cases/${context.recoveryCase.number}/request-information`,
      csrf: context.csrfToken,
      body: html`${textarea({ name: "question", label: "Question", hint: "They answer on their case page. Nothing secret, please.", value: written(context, "request-information", "question"), draft: draft(context, "question"), required: true, maxlength: 2000, rows: 3 })}${button({ label: "Ask", kind: "secondary" })}`,
    }),
  });
}

function refusal(context: ActionContext): Html | null {
  if (!mayBring(context, "refuse")) return null;
  const isContested = context.recoveryCase.state === "contested";
  return details({
    summary: isContested ? "The claimant is not the owner: refuse" : "Refuse",
    isOpen: isBegun(context, "refuse"),
    body: html`${isContested ? html`<p>The freeze ends and the owner has the account as before.</p>` : null}${verdictForm(context, "refuse", { label: "Refuse", kind: "danger", hint: "The claimant reads it." })}`,
  });
}

function resumption(context: ActionContext): Html | null {
  if (!mayBring(context, "resume")) return null;
  return details({
    summary: "The claimant is the owner: take the case up again",
    isOpen: isBegun(context, "resume"),
    body: html`<p>The freeze ends and the case is reviewed anew.</p>${verdictForm(context, "resume", { label: "Take it up again", hint: "Only the desk reads it. How do you know?" })}`,
  });
}

function incident(context: ActionContext): Html | null {
  if (!mayBring(context, "report-incident")) return null;
  return details({
    summary: "Somebody else seems to be in the account",
    isOpen: isBegun(context, "report-incident"),
    body: html`<p>Freezes the account at once, ends every session and moves the case to the incidents.</p>${verdictForm(context, "report-incident", { label: "Freeze the account", kind: "danger", hint: "Only the desk reads it." })}`,
  });
}

/** Both verdicts about a restoration that somebody objected to; two people must give the same one. */
function judgement(context: ActionContext): Html | null {
  if (!mayBring(context, "judge-first") && !mayBring(context, "keep")) return null;
  return html`
    <p>The account was given back by this case, and then somebody objected. Two of you decide, each without knowing what the other said; if they differ, a third one does. Who decided in this case before cannot.</p>
    ${details({
      summary: "The claimant is the owner: the recovery stands",
      isOpen: isBegun(context, "keep"),
      body: html`<p>The freeze ends. Everybody is told once more and can object, and publishing and changes are held anew.</p>${verdictForm(context, "keep", { label: "Keep the recovery", hint: "Only the desk reads it. How do you know?" })}`,
    })}
    ${details({
      summary: "The claimant is not the owner: take the recovery back",
      isOpen: isBegun(context, "reverse"),
      body: html`<p>Every session, API token, password and second factor of the account ends. It stays frozen until a new recovery case gives it to its owner. Everybody is told.</p>${verdictForm(context, "reverse", { label: "Take it back", kind: "danger", hint: "Only the desk reads it. How do you know?" })}`,
    })}`;
}

/** Why there is nothing to decide, where there is nothing. */
function waitingFor({ recoveryCase, now }: ActionContext): Html {
  if (recoveryCase.state === "waiting" && recoveryCase.waitEndsAt)
    return html`<p>Nothing to decide: the waiting time runs until ${time(recoveryCase.waitEndsAt, now)}.</p>`;
  const { next } = caseLifecycle.states[recoveryCase.state];
  return html`<p>Nothing to decide${next === "claimant" ? ": the claimant has the next move" : ""}.</p>`;
}

const note = (context: ActionContext): Html =>
  details({
    summary: "Write a note for the desk",
    isOpen: isBegun(context, "note"),
    body: formElement({
      action: `/console/cases/${context.recoveryCase.number}/note`,
      csrf: context.csrfToken,
      body: html`${textarea({ name: "note", label: "Note", hint: "Only the desk reads it.", value: written(context, "note", "note"), draft: draft(context, "note"), required: true, maxlength: 4000, rows: 2 })}${button({ label: "Keep note", kind: "secondary" })}`,
    }),
  });

/** Everything the desk can do with the case in its state, the likeliest first. */
export function actionsSection(context: ActionContext): Html {
  const { refusal: refused } = context.state;
  if (context.tie !== null)
    return html`
      <h2>What you can do</h2>
      ${errorSummary({}, refused ? [refused.title, refused.detail].filter(Boolean).join(" ") : undefined)}
      ${notice({ tone: "info", title: "Somebody else decides this case", body: html`<p>${TIES[context.tie]} You can read it and write notes.</p>` })}
      ${note(context)}`;
  const powers = [
    judgement(context),
    approval(context),
    question(context),
    resumption(context),
    refusal(context),
    incident(context),
  ];
  const isFrozenNow = ["contested", "incident", "disputed", "disputed-second"].includes(context.recoveryCase.state);
  return html`
    <h2>What you can do</h2>
    ${errorSummary({}, refused ? [refused.title, refused.detail].filter(Boolean).join(" ") : undefined)}
    ${isFrozenNow ? html`<p>The account is frozen. Find out who is the owner before you go on.</p>` : null}
    ${powers.some((one) => one !== null) ? powers : waitingFor(context)}
    ${note(context)}`;
}
