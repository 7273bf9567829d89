import { encode } from "uqr";
import { listAddresses, resendConfirmation, suggestDomain } from "../accounts/index.ts";
import {
  describeCodes,
  hasSecondFactor,
  isTotpBound,
  mayHavePasskeys,
  showEnrolment,
} from "../authenticators/index.ts";
import {
  button,
  copyable,
  details,
  errorSummary,
  field,
  form as formElement,
  html,
  type Html,
  linkButton,
  qrCode,
  time,
} from "../kernel/html/index.ts";
import {
  defineRoute,
  form,
  type HttpRequest,
  type Incoming,
  line,
  page,
  redirect,
  refused,
  type Route,
} from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import {
  correctAddress,
  finishTotpEnrolment,
  makeRecoveryCodes,
  type Self,
  startTotpEnrolment,
  typeCodeBack,
} from "../security-settings/index.ts";
import {
  SESSION_COOKIE,
  setupGuard,
  type SubscriberActor,
  subscriberGuard,
  freshSubscriberGuard,
} from "../sessions/index.ts";
import { confirmationDelivery } from "./delivery.ts";
import { enrolmentGuard } from "./enrolment-guard.ts";
import { codeField, EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";
import { layout } from "./layout.ts";

/** The subscriber of a request, for the use cases. */
export const selfOf = (request: HttpRequest<SubscriberActor, unknown, unknown, unknown>): Self => ({
  account: request.actor.account,
  session: request.actor.session,
  source: request.source,
  now: request.now,
});

interface Progress {
  readonly address: string;
  /** What became of the confirmation mail; null once it is not needed. */
  readonly delivery: Html | null;
  readonly suggestion: string | null;
  readonly isConfirmed: boolean;
  readonly hasSecondFactor: boolean;
  readonly hasCodes: boolean;
}

async function progressOf(runtime: Runtime, actor: SubscriberActor, now: Date): Promise<Progress> {
  const primary = (await listAddresses(runtime.db, actor.account.id)).find((one) => one.isPrimary);
  return {
    address: primary?.address ?? "",
    delivery: primary && !primary.verifiedAt ? await confirmationDelivery(runtime, primary, now) : null,
    suggestion: primary && !primary.verifiedAt ? suggestDomain(primary.domain) : null,
    isConfirmed: primary?.verifiedAt !== null && primary !== undefined,
    hasSecondFactor: await hasSecondFactor(runtime.db, actor.account.id),
    hasCodes: (await describeCodes(runtime.db, actor.account.id)) !== null,
  };
}

function setupPage(
  runtime: Runtime,
  incoming: Incoming,
  username: string,
  progress: Progress,
  state: FormState = EMPTY,
): Html {
  const step = (title: string, isDone: boolean, todo: Html) =>
    html`<li ${isDone ? null : null}><h2>${title}${isDone ? html` <span class="badge badge-success">Done</span>` : null}</h2>${isDone ? null : todo}</li>`;
  const isFinished = progress.isConfirmed && progress.hasSecondFactor && progress.hasCodes;
  const body = html`
    <h1>${isFinished ? "Your account is ready" : `Welcome, ${username}`}</h1>
    <p>${isFinished ? "You can sign in, publish, and get back in if you lose something." : "Three things make your account yours and keep it so. Take them in any order."}</p>
    <ol class="ways">
      ${step(
        "Confirm your address",
        progress.isConfirmed,
        html`<p>We sent a mail to <strong>${progress.address}</strong>. Open the link in it. It can take a minute; look into the spam folder too.</p>
          ${progress.delivery ? html`<p class="muted">${progress.delivery}</p>` : null}
          ${progress.suggestion ? html`<p><strong>Did you mean ${progress.suggestion}?</strong></p>` : null}
          ${formElement({ action: "/account/setup/resend", csrf: incoming.csrfToken, body: button({ label: "Send the mail again", kind: "secondary" }) })}
          ${details({
            summary: "The address is wrong",
            isOpen: state.errors["address"] !== undefined || progress.suggestion !== null,
            body: formElement({
              action: "/account/setup/address",
              csrf: incoming.csrfToken,
              body: html`${field({ name: "address", label: "The right address", type: "email", autocomplete: "email", value: state.values["address"], error: state.errors["address"], required: true, maxlength: 254 })}${button({ label: "Correct it", kind: "secondary" })}`,
            }),
          })}`,
      )}
      ${step(
        mayHavePasskeys(runtime.publicUrl) ? "Set up a passkey or an authenticator app" : "Set up an authenticator app",
        progress.hasSecondFactor,
        html`${
          mayHavePasskeys(runtime.publicUrl)
            ? html`<p>A passkey on your phone, your computer, in your password manager or on a security key: quick, and nobody can phish it.</p>
                <p>${linkButton({ href: "/account/passkeys/new", label: "Create a passkey" })}</p>`
            : null
        }
          <p>An app on your phone, or <a href="/help/password-managers">your password manager</a>, shows six digits when you sign in. A stolen password alone then opens nothing.</p>
          ${formElement({ action: "/account/setup/totp/begin", csrf: incoming.csrfToken, body: button({ label: "Set up the app", kind: mayHavePasskeys(runtime.publicUrl) ? "secondary" : "primary" }) })}`,
      )}
      ${step(
        "Get your recovery codes",
        progress.hasCodes,
        progress.hasSecondFactor
          ? html`<p>Ten codes on paper or in your password manager let you in when the device is gone.</p>
              <p>${linkButton({ href: "/account/recovery-codes", label: "Get recovery codes" })}</p>`
          : html`<p>This comes after the passkey or the app.</p>`,
      )}
    </ol>
    ${isFinished ? html`<p>${linkButton({ href: "/account", label: "Go to your account" })}</p>` : null}`;
  return layout(runtime, incoming, { title: "Set up your account", body, signedInAs: username });
}

const ADDRESS_FIELD = { "accounts/address-shape": "address", "accounts/address-known": "address" } as const;

const setupAgain = async (
  runtime: Runtime,
  request: HttpRequest<SubscriberActor, unknown, unknown, unknown>,
  state: FormState,
): Promise<Html> => {
  const progress = await progressOf(runtime, request.actor, request.now);
  return setupPage(runtime, request, request.actor.account.username, progress, state);
};

async function totpSetupPage(
  runtime: Runtime,
  request: HttpRequest<SubscriberActor, unknown, unknown, unknown>,
  state: FormState,
): Promise<Html | null> {
  const { account } = request.actor;
  const enrolment = await showEnrolment(runtime, account.id, account.username);
  if (!enrolment) return null;
  const body = html`
    <h1>Set up your authenticator app</h1>
    <ol class="ways">
      <li><h2>Scan this picture with the app</h2>
        ${qrCode(encode(enrolment.uri.reveal(), { ecc: "M", border: 2 }).data, "QR code for your authenticator app")}
        ${details({ summary: "I cannot scan it", body: html`<p>Enter this key in the app, as “time based”:</p>${copyable({ id: "totp-key", text: enrolment.text.reveal(), label: "Key" })}<p>Or open this address on the device that has the app:</p>${copyable({ id: "totp-uri", text: enrolment.uri.reveal(), label: "Address" })}` })}
      </li>
      <li><h2>Enter the six digits it shows</h2>
        ${errorSummary(state.errors, state.general)}
        ${formElement({
          action: "/account/setup/totp",
          csrf: request.csrfToken,
          body: html`${field({ name: "code", label: "Six-digit code", autocomplete: "one-time-code", inputmode: "numeric", error: state.errors["code"], required: true, maxlength: 16, width: "short" })}${button({ label: "Finish" })}`,
        })}
      </li>
    </ol>`;
  return layout(runtime, request, { title: "Authenticator app", body, signedInAs: account.username });
}

export function codesSheet(
  runtime: Runtime,
  incoming: Incoming,
  options: {
    readonly username: string;
    readonly codes: readonly string[];
    readonly fileName: string;
    readonly madeAt: Date;
    readonly next: Html;
  },
): Html {
  const made = options.madeAt.toISOString().slice(0, 10);
  const text = [
    `Recovery codes of ${options.username} for ${runtime.indexName} (${runtime.publicUrl.host}), made on ${made}`,
    "Each works once. Keep them away from the phone with your app.",
    "",
    ...options.codes,
    "",
  ].join("\n");
  const body = html`
    <h1>Your recovery codes</h1>
    <p class="no-print">Each of these opens your account once when your app is gone. <strong>We cannot show them again.</strong> Keep them where the phone is not: in a password manager, or printed in a drawer.</p>
    <section class="codes-sheet" aria-label="Recovery codes">
      <p class="print-only">${runtime.indexName} · ${runtime.publicUrl.host} · ${options.username} · made on ${made}</p>
      <ol class="codes">${options.codes.map((code) => html`<li><span class="tick" aria-hidden="true"></span><code>${code}</code></li>`)}</ol>
      <p class="print-only">Tick a code off when you have used it. We never ask for one by telephone or mail.</p>
    </section>
    <div class="no-print">
      ${copyable({ id: "all-codes", text, label: "All codes as text", download: options.fileName, print: true, isFolded: true })}
      ${options.next}
    </div>`;
  return layout(runtime, incoming, { title: "Your recovery codes", body, signedInAs: options.username });
}

async function codesPage(
  runtime: Runtime,
  request: HttpRequest<SubscriberActor, unknown, unknown, unknown>,
  state: FormState,
): Promise<Html> {
  const { account } = request.actor;
  const set = await describeCodes(runtime.db, account.id);
  const make = formElement({
    action: "/account/recovery-codes",
    csrf: request.csrfToken,
    body: button({ label: set ? "Make a new set" : "Make recovery codes", kind: set ? "secondary" : "primary" }),
  });
  const body = html`
    <h1>Recovery codes</h1>
    ${
      set
        ? html`<p>You made ten codes ${time(set.madeAt, request.now)}. ${set.unused} of them are unused. The file is called <code>${set.fileName}</code>.</p>
            <h2>Do you still have them?</h2>
            <p>Type any one of them. It is only compared, not used up.${set.checkedAt ? html` You last did this ${time(set.checkedAt, request.now)}.` : null}</p>
            ${errorSummary(state.errors, state.general)}
            ${formElement({
              action: "/account/recovery-codes/check",
              csrf: request.csrfToken,
              body: html`${field({ name: "code", label: "One of your recovery codes", autocomplete: "off", error: state.errors["code"], required: true, maxlength: 64, spellcheck: false })}${button({ label: "Compare" })}`,
            })}
            <h2>Lost them?</h2>
            <p>A new set takes the place of the old one, whose codes stop working at once.</p>${make}`
        : html`<p><a href="/help/recovery-codes">Ten codes</a>, each of which opens your account once when your app is gone. Have a password manager or a printer at hand: they are shown only once.</p>${make}`
    }`;
  return layout(runtime, request, { title: "Recovery codes", body, signedInAs: account.username });
}

export const setupRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account/setup",
    about: "What is left to do until the account is safe.",
    guard: setupGuard,
    handle: async (runtime, request) => page(await setupAgain(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/setup/address",
    about: "Corrects a mistyped address before any was confirmed.",
    guard: setupGuard,
    limit: { bucket: "resend", limit: 10, windowSeconds: 3600 },
    body: form({ address: line({ max: 254, missing: "Please enter the right address." }) }),
    invalid: async (runtime, request, invalid) =>
      page(await setupAgain(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { address } = request.body;
      const done = await correctAddress(runtime, selfOf(request), address);
      if (done.ok) return redirect("/account/setup");
      const state = refusedState(done.refusal, { address }, ADDRESS_FIELD);
      return formAgain(request, done.refusal, await setupAgain(runtime, request, state));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/setup/resend",
    about: "Mails the confirmation link again.",
    guard: setupGuard,
    limit: { bucket: "resend", limit: 10, windowSeconds: 3600 },
    body: form({}),
    handle: async (runtime, request) => {
      await resendConfirmation(runtime, request.actor.account, request.now);
      return redirect("/account/setup");
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/setup/totp/begin",
    about: "Makes a secret for an authenticator app.",
    guard: enrolmentGuard,
    limit: { bucket: "enrol", limit: 30, windowSeconds: 3600 },
    body: form({}),
    handle: async (runtime, request) => {
      if (await isTotpBound(runtime.db, request.actor.account.id)) return redirect("/account");
      const begun = await startTotpEnrolment(runtime, selfOf(request));
      return begun.ok ? redirect("/account/setup/totp") : refused(begun.refusal);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/account/setup/totp",
    about: "QR code and text of the pending secret.",
    guard: enrolmentGuard,
    handle: async (runtime, request) => {
      const html = await totpSetupPage(runtime, request, EMPTY);
      return html ? page(html) : redirect("/account/setup");
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/setup/totp",
    about: "Finishes the authenticator app with one code.",
    guard: enrolmentGuard,
    limit: { bucket: "enrol", limit: 30, windowSeconds: 3600 },
    body: form({ code: codeField }),
    invalid: async (runtime, request, invalid) => {
      const html = await totpSetupPage(runtime, request, invalidState(invalid));
      return html ? page(html, { status: 422 }) : redirect("/account/setup");
    },
    handle: async (runtime, request) => {
      const done = await finishTotpEnrolment(runtime, selfOf(request), request.body.code);
      if (done.ok)
        return redirect("/account/recovery-codes", {
          cookies: [{ name: SESSION_COOKIE, value: done.value.sessionToken.reveal() }],
        });
      const html = await totpSetupPage(
        runtime,
        request,
        refusedState(done.refusal, {}, { "authenticators/wrong": "code" }),
      );
      return html ? formAgain(request, done.refusal, html) : redirect("/account/setup");
    },
  }),
  defineRoute({
    method: "GET",
    path: "/account/recovery-codes",
    about: "The set of recovery codes, without the codes.",
    guard: subscriberGuard,
    handle: async (runtime, request) => page(await codesPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/recovery-codes",
    about: "Makes ten new recovery codes and shows them once.",
    guard: freshSubscriberGuard,
    limit: { bucket: "enrol", limit: 30, windowSeconds: 3600 },
    body: form({}),
    handle: async (runtime, request) => {
      const { account } = request.actor;
      const made = await makeRecoveryCodes(runtime, selfOf(request));
      if (!made.ok) return refused(made.refusal);
      const set = await describeCodes(runtime.db, account.id);
      const next = html`
        <h2>Do you have them?</h2>
        <p>Type one of them back from your copy, so that you know it is readable. It is not used up.</p>
        ${formElement({
          action: "/account/recovery-codes/check",
          csrf: request.csrfToken,
          body: html`${field({ name: "code", label: "One of your recovery codes", autocomplete: "off", required: true, maxlength: 64, spellcheck: false })}${button({ label: "Compare" })}`,
        })}`;
      const fileName = set?.fileName ?? "recovery-codes.txt";
      return page(
        codesSheet(runtime, request, {
          username: account.username,
          codes: made.value.reveal(),
          fileName,
          madeAt: request.now,
          next,
        }),
      );
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/recovery-codes/check",
    about: "Compares a typed-back recovery code without using it up.",
    guard: subscriberGuard,
    limit: { bucket: "code-check", limit: 30, windowSeconds: 3600 },
    body: form({ code: codeField }),
    invalid: async (runtime, request, invalid) =>
      page(await codesPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const done = await typeCodeBack(runtime, selfOf(request), request.body.code);
      if (!done.ok)
        return formAgain(request, done.refusal, await codesPage(runtime, request, refusedState(done.refusal, {})));
      const body = html`
        <h1>That is one of your codes</h1>
        <p>Your copy is good. The code is still unused.</p>
        <p>${linkButton({ href: "/account/setup", label: "Go on" })}</p>`;
      return page(
        layout(runtime, request, { title: "Your copy is good", body, signedInAs: request.actor.account.username }),
      );
    },
  }),
];
