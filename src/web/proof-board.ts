import { encode } from "uqr";
import type { BoardCard, CardState, CarriedProof } from "../evidence/index.ts";
import {
  badge,
  button,
  card,
  checkbox,
  copyable,
  details,
  durationInWords,
  field,
  fileField,
  form as formElement,
  hidden,
  html,
  type Html,
  linkButton,
  liveRegion,
  qrCode,
  textarea,
  time,
  type Tone,
} from "../kernel/html/index.ts";
import type { CaseBoard, RecoveryRuntime } from "../recovery/index.ts";
import type { CaseRequest } from "./case-page.ts";
import type { FormState } from "./forms.ts";
import { clearUp, otherCommand, placeProof } from "./place-proofs.ts";

/** Often enough to see a command on another machine succeed, seldom enough for a page that stays open all day. */
const SECONDS_BETWEEN_LOOKS = 5;
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
      : html`${command(one)}<p class="muted">This page shows when it has arrived.</p>`,
  "ssh-signature": (request, state, one) =>
    one.needsChallenge
      ? challengeForm(request, "ssh-signature")
      : html`${command(one)}${posted(request, "ssh-signature", html`${textarea({ name: "signature", label: "The signature it made", hint: "From -----BEGIN SSH SIGNATURE----- to its end. Never the key itself.", error: state.errors["signature"], required: true, maxlength: 16_384, rows: 6, isCode: true, spellcheck: false })}${button({ label: "Check it", kind: "secondary" })}`)}`,
  openpgp: (request, state, one) =>
    one.needsChallenge
      ? challengeForm(request, "openpgp")
      : html`${command(one)}${posted(request, "openpgp", html`${textarea({ name: "signature", id: "openpgp-signature", label: "All that it printed", hint: "From -----BEGIN PGP to -----END PGP SIGNATURE-----. Never the key itself.", error: state.errors["signature"], required: true, maxlength: 16_384, rows: 6, isCode: true, spellcheck: false })}${button({ label: "Check it", kind: "secondary" })}`)}`,
  "live-session": (request, _state, one) =>
    one.instructions.number
      ? html`<p>The number to choose there: <strong class="number-to-match">${one.instructions.number}</strong></p>`
      : formElement({
          action: "/recovery/case/prove/number",
          csrf: request.csrfToken,
          body: button({ label: "Show me a number", kind: "secondary" }),
        }),
  "known-device": (request) =>
    posted(request, "known-device", button({ label: "Look at this browser", kind: "secondary" })),
  "saved-code": (request, state) =>
    posted(
      request,
      "saved-code",
      html`${field({ name: "code", label: "Recovery code", autocomplete: "off", error: state.errors["code"], required: true, maxlength: 128 })}${checkbox({ name: "cannotSignIn", label: "I cannot sign in with it: neither the password nor a mailbox of the account is mine any more." })}${button({ label: "Check it", kind: "secondary" })}`,
    ),
  "registry-mail": (request, state) =>
    formElement({
      action: "/recovery/case/prove/registry-mail",
      csrf: request.csrfToken,
      enctype: "multipart/form-data",
      body: html`${fileField({ name: "file", label: "The file with the mail", hint: "It ends in .eml in most programs. At most 1 MB.", accept: ".eml,.mbox,.txt,message/rfc822", error: state.errors["message"] })}${details(
        {
          summary: "Paste it instead",
          isOpen: state.errors["message"] !== undefined,
          body: textarea({
            name: "message",
            label: "All of the mail, from the first line of its header",
            rows: 6,
            isCode: true,
            spellcheck: false,
          }),
        },
      )}${button({ label: "Check it", kind: "secondary" })}`,
    }),
  vouch: (request, state, one) =>
    html`${askedAlready(one)}${posted(
      request,
      "vouch",
      html`${field({ name: "voucher", label: "Their username", hint: "Leave it empty, and we write to people who share most with the account.", autocomplete: "off", error: state.errors["voucher"], maxlength: 64, spellcheck: false })}${button({ label: "Write to them", kind: "secondary" })}<p class="muted"><a href="/help/vouching">How vouching works</a></p>`,
    )}`,
  "recovery-contact": (request, state, one) => html`${askedAlready(one)}
    ${posted(request, "recovery-contact", html`${field({ name: "contact", label: "Their username", hint: "Leave it empty, and we write to those you named.", autocomplete: "off", error: state.errors["contact"], maxlength: 64, spellcheck: false })}${button({ label: "Write to them", kind: "secondary" })}`)}
    ${details({
      summary: "They have read me a code",
      isOpen: state.errors["contact-code"] !== undefined,
      body: posted(
        request,
        "contact-code",
        html`${field({ name: "contact-code", label: "Eight-digit code they read to you", autocomplete: "one-time-code", inputmode: "numeric", error: state.errors["contact-code"], required: true, maxlength: 32, width: "short" })}${button({ label: "Take it", kind: "secondary" })}`,
      ),
    })}`,
  sigstore: (request, state, one) =>
    one.needsChallenge
      ? challengeForm(request, "sigstore")
      : html`${command(one)}${otherCommand(one)}${posted(request, "sigstore", html`${textarea({ name: "bundle", label: "The bundle it made", hint: "All of it, from { to }.", error: state.errors["bundle"], required: true, maxlength: 65_536, rows: 6, isCode: true, spellcheck: false })}${button({ label: "Check it", kind: "secondary" })}`)}`,
  "trusted-publisher": (request, state, one) =>
    one.needsChallenge
      ? challengeForm(request, "trusted-publisher")
      : html`${command(one, "The file")}<p class="muted">This page shows when the run has sent its token.</p>${otherCommand(one)}${details(
          {
            summary: "It could not be sent: paste the token",
            isOpen: state.errors["token"] !== undefined,
            body: posted(
              request,
              "trusted-publisher",
              html`${textarea({ name: "token", id: "publisher-token", label: "The token of the run", hint: "Three parts between dots. It is good for this case alone.", error: state.errors["token"], required: true, maxlength: 8192, rows: 6, isCode: true, spellcheck: false })}${button({ label: "Check it", kind: "secondary" })}`,
            ),
          },
        )}`,
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
        ["projects", "organisations", "addresses", "tokenNames", "environment", "firstUpload"].includes(name),
      ),
      body: posted(
        request,
        "records",
        html`<p>Fill in what you know and leave out the rest: a wrong answer counts against you, an empty field does not.</p>
          ${lines("projects", "Projects")}${lines("organisations", "Organisations")}${lines("addresses", "Mail addresses the account has, or had earlier")}${lines("tokenNames", "Names you gave to API tokens")}${lines("environment", "Browsers and systems you signed in with, like Firefox or Linux")}
          ${months("accountMade", "When you made the account")}${months("firstUpload", "Your first upload")}${months("lastUpload", "Your last upload")}${months("lastSignIn", "When you last signed in")}
          ${button({ label: "Compare", kind: "secondary" })}`,
      ),
    });
  },
};

/** After asking: the same whether or not there was anybody to write to. */
const askedAlready = (one: BoardCard): Html | null =>
  one.hasAsked
    ? html`<p><strong>If there is such a person, they have our mail now. Call them, so that they hear it is you.</strong></p>`
    : null;

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

const command = (one: BoardCard, label = "Run this"): Html | null =>
  one.instructions.command ? copyable({ id: `command-${one.kindId}`, text: one.instructions.command, label }) : null;

/** For a command that runs where this page is not: a code to type there, and a picture of it. */
function elsewhere(request: CaseRequest, one: BoardCard, carried: CarriedProof | undefined, origin: URL): Html | null {
  if (!one.instructions.command) return null;
  if (!carried)
    return formElement({
      action: "/recovery/case/prove/carry",
      csrf: request.csrfToken,
      body: html`${hidden("kind", one.kindId)}${button({ label: "Run it on another machine", kind: "secondary" })}`,
    });
  const url = new URL(`/proof/${carried.code}`, origin);
  return html`<div class="carry">
    <div>
      <p>On the other machine open <strong>${origin.host}/proof</strong> and type</p>
      <p><strong class="number-to-match">${carried.code}</strong></p>
      <p class="muted">It shows this command there and <a href="/help/another-machine">nothing of your case</a>. Good until ${time(carried.until, request.now)}.</p>
    </div>
    ${qrCode(encode(url.href, { ecc: "M", border: 2 }).data, `QR code of ${url.href}`)}
  </div>`;
}

const HELPS_MOST = { tone: "info", text: "Helps most" } as const;
const BADGES = {
  proven: { tone: "success", text: "Shown" },
  "set-aside": { tone: "warning", text: "Does not count" },
  tried: { tone: "neutral", text: "Tried" },
  declined: { tone: "neutral", text: "You cannot" },
  cannot: { tone: "neutral", text: "Not possible" },
  "not-tried": { tone: "info", text: "Open" },
} as const satisfies Record<CardState["kind"], { readonly tone: Tone; readonly text: string }>;

function saidOf({ state }: BoardCard): readonly string[] {
  switch (state.kind) {
    case "proven":
    case "tried":
      return state.texts;
    case "set-aside":
      return [...state.texts, state.because];
    case "cannot":
      return [state.because];
    case "declined":
      return ["You said that you cannot do this. We plan without it."];
    case "not-tried":
      return [];
  }
}

const answerTo = (request: CaseRequest, action: "cannot" | "can", one: BoardCard, label: string): Html =>
  formElement({
    action: `/recovery/case/board/${action}`,
    csrf: request.csrfToken,
    body: html`${hidden("kind", one.kindId)}<button type="submit" class="button-quiet">${label}<span class="visually-hidden">: ${one.title}</span></button>`,
  });

/** Guidance of ours on a kind of proof. */
const HELP: Readonly<Record<string, string>> = {
  "live-session": "/help/still-signed-in",
  "known-device": "/help/known-browser",
  "saved-code": "/help/used-recovery-codes",
  authenticator: "/help/recovery-codes",
  "ssh-signature": "/help/ssh-signature",
  openpgp: "/help/openpgp-signature",
  "registry-mail": "/help/old-mail",
  sigstore: "/help/sigstore-signature",
  "trusted-publisher": "/help/trusted-publishers",
};

/** What to do, where, how long it takes, what it proves, and the way to say that it cannot be done. */
function openBody(board: CaseBoard, request: CaseRequest, state: FormState, one: BoardCard, origin: URL): Html {
  const { sentence, where, minutes, proves } = one.instructions;
  return html`
    <p>${sentence}</p>
    <p class="muted">${where} About ${durationInWords(minutes * 60)}. ${proves}</p>
    ${one.leadsTo ? html`<p class="actions">${one.leadsTo.map(({ href, label }) => linkButton({ href, label, kind: "secondary" }))}</p>` : null}
    ${FORMS[one.kindId]?.(request, state, one)}
    ${elsewhere(request, one, board.carried.get(one.kindId), origin)}
    ${one.challengeUntil ? html`<p class="muted">${one.instructions.number ? "The number" : "The command"} is good until ${time(one.challengeUntil, request.now)}.</p>` : null}
    ${HELP[one.kindId] ? html`<p class="muted"><a href="${HELP[one.kindId] ?? ""}">How this works<span class="visually-hidden">: ${one.title}</span></a></p>` : null}
    ${answerTo(request, "cannot", one, "I cannot do this")}`;
}

function cardOf(board: CaseBoard, request: CaseRequest, state: FormState, one: BoardCard, origin: URL): Html {
  const { kind } = one.state;
  const open = kind === "not-tried" || kind === "tried" ? openBody(board, request, state, one, origin) : null;
  const body = html`
    ${saidOf(one).map((text) => html`<p><strong>${text}</strong></p>`)}
    ${one.state.kind === "proven" ? html`<p class="muted">Counts until ${time(one.state.until, request.now, "date")}.</p>` : null}
    ${clearUp(one)}
    ${open && one.addsNothing ? html`<p class="muted">It rests on what you have shown already, or is too weak: by itself it would change nothing.</p>${details({ summary: "Show it all the same", body: open })}` : open}
    ${kind === "declined" ? answerTo(request, "can", one, "I can after all") : null}`;
  return html`<div id="proof-${one.kindId}" data-part>${card({ title: one.title, aside: badge(one.helpsMost ? HELPS_MOST : BADGES[kind]), body, level: 3 })}</div>`;
}

/** So many ways to go on stand open; the others are a press away. */
const OPEN_WAYS = 3;

/** What is shown or begun stands open, and the first few of what is left, in the board's order. */
function inFolds(cards: readonly BoardCard[]) {
  const first: BoardCard[] = [];
  const more: BoardCard[] = [];
  let ways = 0;
  for (const one of cards.filter(({ state: { kind } }) => kind !== "cannot")) {
    const isWay = one.state.kind === "not-tried" || one.state.kind === "declined";
    const isBegun = one.challengeUntil !== null || one.hasAsked || one.instructions.number !== undefined;
    if (isWay && !isBegun) ways += 1;
    (isWay && !isBegun && ways > OPEN_WAYS ? more : first).push(one);
  }
  return { first, more, impossible: cards.filter(({ state: { kind } }) => kind === "cannot") };
}

/** Every way to show that the account is theirs: what helps most and costs least first. Looks for news by itself. */
export function proofBoard(
  runtime: RecoveryRuntime,
  request: CaseRequest,
  board: CaseBoard | null,
  state: FormState,
): Html | null {
  if (!board) return null;
  const shown = board.isOpen ? board.cards : board.cards.filter((one) => one.state.kind === "proven");
  if (shown.length === 0) return null;
  const cardsOf = (some: readonly BoardCard[]) =>
    html`<div class="cards">${some.map((one) => cardOf(board, request, state, one, runtime.publicUrl))}</div>`;
  const { first, more, impossible } = inFolds(shown);
  const hasErrors = Object.keys(state.errors).length > 0;
  const cards = html`
    ${cardsOf(first)}
    ${more.length > 0 ? details({ id: "more-ways", summary: `More ways (${more.length})`, isOpen: hasErrors, body: cardsOf(more) }) : null}
    ${impossible.length > 0 ? details({ id: "impossible-ways", summary: `What this account cannot show (${impossible.length})`, body: cardsOf(impossible) }) : null}`;
  if (!board.isOpen)
    return html`<section aria-labelledby="proofs"><h2 id="proofs">What you have shown</h2>${cards}</section>`;
  const body = html`
    ${board.progress ? html`<p class="lead" id="proof-progress" data-part>${board.progress}</p>` : null}
    <p>Take what is easiest for you. Things that rest on one another, like two keys on one laptop, count once. “I cannot do this” is an answer too: we then plan without it, and you can take it back. Never paste a key, a token or a code into the wrong field: <a href="/help/pasted-secret">if you did</a>. We also note <a href="/help/your-network">from which network</a> a case is opened.</p>
    <noscript><p class="muted"><a href="/recovery/case">Load this page again</a> to see the newest state.</p></noscript>
    ${cards}`;
  return html`
    <section aria-labelledby="proofs"><h2 id="proofs">What you can show</h2>
      ${liveRegion({ id: "board", url: "/recovery/case/board", seconds: SECONDS_BETWEEN_LOOKS, body })}
    </section>`;
}
