import { findAccount } from "../accounts/index.ts";
import { type BoardCard, loadBoard } from "../evidence/index.ts";
import {
  badge,
  button,
  card,
  copyable,
  details,
  durationInWords,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  textarea,
  time,
} from "../kernel/html/index.ts";
import { EVIDENCE_STATES, evidenceContext, type RecoveryRuntime } from "../recovery/index.ts";
import type { CaseRequest } from "./case-page.ts";
import type { FormState } from "./forms.ts";
import { clearUp, placeProof } from "./place-proofs.ts";

const MONTH_HINT = "Year and month, like 2024-05.";

/** What the claimant sends for one kind of proof. A new kind adds its form here. */
const FORMS: Readonly<Record<string, (request: CaseRequest, state: FormState, one: BoardCard) => Html>> = {
  password: (request, state) =>
    posted(
      request,
      "password",
      html`${field({ name: "password", label: "Your password", type: "password", autocomplete: "current-password", error: state.errors["password"], required: true, maxlength: 1024 })}${button({ label: "Check it", kind: "secondary" })}`,
    ),
  mailbox: (request, state) => html`
    ${posted(request, "mailbox", html`${field({ name: "address", label: "An address of the account", type: "email", autocomplete: "email", value: state.values["address"], error: state.errors["address"], required: true, maxlength: 254 })}${button({ label: "Send a code there", kind: "secondary" })}`)}
    ${details({
      summary: "I have the code",
      isOpen: state.errors["mailbox-code"] !== undefined,
      body: posted(
        request,
        "mailbox-code",
        html`${field({ name: "address", id: "mailbox-code-address", label: "The same address", type: "email", autocomplete: "email", value: state.values["address"], required: true, maxlength: 254 })}${field({ name: "mailbox-code", label: "Eight-digit code from that mail", autocomplete: "one-time-code", inputmode: "numeric", error: state.errors["mailbox-code"], required: true, maxlength: 32, width: "short" })}${button({ label: "Check it", kind: "secondary" })}`,
      ),
    })}`,
  "api-token": (request, _state, one) =>
    one.needsChallenge
      ? challengeForm(request, "api-token")
      : html`${command(one)}<p class="muted">Then reload this page.</p>`,
  "ssh-signature": (request, state, one) =>
    one.needsChallenge
      ? challengeForm(request, "ssh-signature")
      : html`${command(one)}${posted(request, "ssh-signature", html`${textarea({ name: "signature", label: "The signature it made", hint: "From -----BEGIN SSH SIGNATURE----- to its end. Never the key itself.", error: state.errors["signature"], required: true, maxlength: 16_384, rows: 6, isCode: true, spellcheck: false })}${button({ label: "Check it", kind: "secondary" })}`)}`,
  repository: (request, state, one) => inPlace(request, state, one),
  dns: (request, state, one) => inPlace(request, state, one),
  "well-known-file": (request, state, one) => inPlace(request, state, one),
  records: (request, state) => {
    const lines = (name: string, label: string) =>
      textarea({
        name,
        label,
        hint: "One a line.",
        value: state.values[name],
        error: state.errors[name],
        maxlength: 4000,
        rows: 2,
      });
    const months = (name: string, label: string) =>
      field({
        name,
        label,
        hint: MONTH_HINT,
        value: state.values[name],
        error: state.errors[name],
        maxlength: 7,
        autocomplete: "off",
        width: "short",
      });
    return details({
      summary: "Tell us what you remember",
      isOpen: Object.keys(state.errors).some((name) =>
        ["projects", "organisations", "tokenNames", "firstUpload"].includes(name),
      ),
      body: posted(
        request,
        "records",
        html`<p>Fill in what you know and leave out the rest: a wrong answer counts against you, an empty field does not.</p>
          ${lines("projects", "Projects")}${lines("organisations", "Organisations")}${lines("tokenNames", "Names you gave to API tokens")}
          ${months("accountMade", "When you made the account")}${months("firstUpload", "Your first upload")}${months("lastUpload", "Your last upload")}${months("lastSignIn", "When you last signed in")}
          ${button({ label: "Compare", kind: "secondary" })}`,
      ),
    });
  },
};

const inPlace = (request: CaseRequest, state: FormState, one: BoardCard): Html =>
  one.needsChallenge ? challengeForm(request, one.kindId) : html`${command(one)}${placeProof(request, state, one)}`;

const posted = (request: CaseRequest, kind: string, body: Html): Html =>
  formElement({ action: `/recovery/case/prove/${kind}`, csrf: request.csrfToken, body });

const challengeForm = (request: CaseRequest, kind: string): Html =>
  formElement({
    action: "/recovery/case/prove/challenge",
    csrf: request.csrfToken,
    body: html`${hidden("kind", kind)}${button({ label: "Show me the command", kind: "secondary" })}`,
  });

const command = (one: BoardCard): Html | null =>
  one.instructions.command
    ? copyable({ id: `command-${one.kindId}`, text: one.instructions.command, label: "Run this" })
    : null;

function stateBadge({ state }: BoardCard): Html {
  switch (state.kind) {
    case "proven":
      return badge({ tone: "success", text: "Shown" });
    case "tried":
      return badge({ tone: "neutral", text: "Tried" });
    case "cannot":
      return badge({ tone: "neutral", text: "Not possible" });
    case "not-tried":
      return badge({ tone: "info", text: "Open" });
  }
}

function cardOf(request: CaseRequest, state: FormState, one: BoardCard): Html {
  const said =
    one.state.kind === "proven" || one.state.kind === "tried"
      ? one.state.texts
      : one.state.kind === "cannot"
        ? [one.state.because]
        : [];
  const isOpen = one.state.kind === "not-tried" || one.state.kind === "tried";
  const body = html`
    ${said.map((text) => html`<p><strong>${text}</strong></p>`)}
    ${one.state.kind === "proven" ? html`<p class="muted">Counts until ${time(one.state.until, request.now, "date")}.</p>` : null}
    ${clearUp(one)}
    ${
      isOpen
        ? html`<p>${one.instructions.sentence}</p>
            <p class="muted">${one.instructions.where} About ${durationInWords(one.instructions.minutes * 60)}. ${one.instructions.proves}</p>
            ${FORMS[one.kindId]?.(request, state, one)}
            ${one.challengeUntil ? html`<p class="muted">The command is good until ${time(one.challengeUntil, request.now)}.</p>` : null}`
        : null
    }`;
  return card({ title: one.title, aside: stateBadge(one), body });
}

/** Every way to show that the account is theirs, the most helpful first. */
export async function proofBoard(
  runtime: RecoveryRuntime,
  request: CaseRequest,
  state: FormState,
): Promise<Html | null> {
  const { recoveryCase } = request.actor;
  const isOpen = (EVIDENCE_STATES as readonly string[]).includes(recoveryCase.state);
  const isPast = recoveryCase.state === "ready";
  if ((!isOpen && !isPast) || !recoveryCase.accountId || !recoveryCase.contactConfirmedAt) return null;
  const account = await findAccount(runtime.db, recoveryCase.accountId);
  const order = recoveryCase.decision?.whatWouldHelp.map((one) => one.kind) ?? [];
  const cards = await loadBoard(runtime.db, runtime, evidenceContext(runtime, recoveryCase, account, request.now), {
    order,
    limits: runtime.policy.limits,
  });
  const shown = isOpen ? cards : cards.filter((one) => one.state.kind === "proven");
  if (shown.length === 0) return null;
  return html`
    <section aria-labelledby="proofs"><h2 id="proofs">${isOpen ? "What you can show" : "What you have shown"}</h2>
      ${isOpen ? html`<p>Take what is easiest for you. Things that rest on one another, like two keys on one laptop, count once.</p>` : null}
      <div class="cards">${shown.map((one) => cardOf(request, state, one))}</div>
    </section>`;
}
