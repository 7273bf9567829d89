import { encode } from "uqr";
import { z } from "zod";
import {
  authenticatorRefusals,
  credentialIdOf,
  describeCodes,
  mayHavePasskeys,
  rpIdOf,
} from "../authenticators/index.ts";
import {
  button,
  copyable,
  details,
  errorSummary,
  field,
  fieldId,
  form as formElement,
  html,
  type Html,
  linkButton,
  notice,
  PASSKEY_SCRIPTS,
  passkeyButton,
  passkeySignal,
  qrCode,
  time,
} from "../kernel/html/index.ts";
import {
  anyone,
  defineRoute,
  form,
  type Incoming,
  json,
  line,
  page,
  redirect,
  refused,
  type Reply,
  type Route,
  secretText,
} from "../kernel/http/index.ts";
import type { Refusal } from "../kernel/refusal.ts";
import { secret } from "../kernel/secret.ts";
import {
  type Bearer,
  beginRestorationPasskey,
  CASE_COOKIE,
  type NewSecondFactor,
  peekRestoration,
  recoveryRefusals,
  type RecoveryRuntime,
  restoreAccount,
  type RestorationForm,
  showCaseCode,
} from "../recovery/index.ts";
import { DEVICE_COOKIE, deviceCookie } from "../sessions/index.ts";
import { endCeremonies } from "../sign-in/index.ts";
import {
  answerField,
  codeField,
  EMPTY,
  formAgain,
  type FormState,
  invalidState,
  refusedState,
  tokenParam,
} from "./forms.ts";
import { layout, refusalPage } from "./layout.ts";
import { codesSheet } from "./setup.ts";

const FIELD_OF = {
  "authenticators/password-short-second": "password",
  "authenticators/password-long": "password",
  "authenticators/password-known": "password",
  "authenticators/password-context": "password",
  "authenticators/wrong": "code",
} as const;

function restorePage(
  runtime: RecoveryRuntime,
  incoming: Incoming,
  token: string,
  restoration: RestorationForm,
  state: FormState,
  orphan: string | null = null,
): Html {
  const { account, enrolment } = restoration;
  const body = html`
    <h1>Set up your account anew</h1>
    <p>You have shown that <strong>${account.username}</strong> is yours. Choose a new password and ${mayHavePasskeys(runtime.publicUrl) ? "a new second factor" : "connect your app"}; the old ones, every session and every API token end with it.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: `/restore/${token}`,
      csrf: incoming.csrfToken,
      body: html`
        <input type="text" name="username" autocomplete="username" value="${account.username}" readonly hidden>
        <h2>1. A new password</h2>
        ${field({ name: "password", label: "New password", type: "password", hint: "At least 8 characters, better four or five unrelated words.", autocomplete: "new-password", error: state.errors["password"], required: true, maxlength: 256 })}
        ${mayHavePasskeys(runtime.publicUrl) ? passkeyChoice(token) : html`<h2>2. Your authenticator app</h2>`}
        <p>Scan this picture with the app on your new phone.</p>
        ${qrCode(encode(enrolment.uri.reveal(), { ecc: "M", border: 2 }).data, "QR code for your authenticator app")}
        ${details({ summary: "I cannot scan it", body: html`<p>Enter this key in the app, as “time based”:</p>${copyable({ id: "totp-key", text: enrolment.text.reveal(), label: "Key" })}<p>Or open this address on the device that has the app:</p>${copyable({ id: "totp-uri", text: enrolment.uri.reveal(), label: "Address" })}` })}
        ${field({ name: "code", label: "Six-digit code it shows now", autocomplete: "one-time-code", inputmode: "numeric", error: state.errors["code"], required: true, maxlength: 16, width: "short" })}
        ${button({ label: "Set up my account" })}`,
    })}`;
  const signal = orphan
    ? passkeySignal({ signal: "unknown", rpId: rpIdOf(runtime.publicUrl), credentialIds: [orphan] })
    : null;
  return layout(runtime, incoming, {
    title: "Set up your account anew",
    body: html`${body}${signal}`,
    scripts: mayHavePasskeys(runtime.publicUrl) ? PASSKEY_SCRIPTS : undefined,
  });
}

const passkeyChoice = (token: string): Html => html`
  <h2>2. A passkey, or an authenticator app</h2>
  <p>A passkey is the quicker of the two, and nobody can phish it.</p>
  ${passkeyButton({
    ceremony: "create",
    optionsAt: `/restore/${token}/passkey/options`,
    label: "Set up my account with a passkey",
    kind: "secondary",
    needs: fieldId("password"),
    without: "Passkeys need scripts, which this browser has switched off. The app below works without.",
  })}
  <h3>Or an authenticator app</h3>`;

const bearerOf = (request: Incoming): Bearer => ({
  browser: request.cookies["browser"] ?? "",
  caseCookie: request.cookies[CASE_COOKIE],
});

/** The link came by mail, and the mailbox may be somebody else's by now: the case code says that it is the claimant. */
function caseCodePage(runtime: RecoveryRuntime, incoming: Incoming, token: string, state: FormState): Html {
  const body = html`
    <h1>Enter your case code</h1>
    <p>It was shown once, when you opened the case: sixteen letters and digits. It keeps out whoever else reads your mail.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: `/restore/${token}/case-code`,
      csrf: incoming.csrfToken,
      body: html`
        ${field({ name: "code", label: "Case code", autocomplete: "off", error: state.errors["code"], required: true, maxlength: 64, spellcheck: false })}
        ${button({ label: "Go on" })}`,
    })}
    ${details({ summary: "I no longer have it", body: html`<p>Then wait. In the second half of the time that our mail names, the link works without the code. Until then only whoever has the code can use it.</p>` })}`;
  return layout(runtime, incoming, { title: "Enter your case code", body });
}

/** Asks for the case code where it is missing; any other refusal is shown as it is. */
const notYet = (runtime: RecoveryRuntime, request: Incoming, token: string, refusal: Refusal): Reply =>
  refusal.code === recoveryRefusals["case-code-needed"]().code
    ? request.method === "GET"
      ? page(caseCodePage(runtime, request, token, EMPTY))
      : formAgain(request, refusal, caseCodePage(runtime, request, token, EMPTY))
    : page(refusalPage(runtime, refusal, request), { status: refusal.status });

/** The answer of a passkey counts before a code; the form has room for either. */
function secondFactorOf(answer: string | undefined, code: string | undefined): NewSecondFactor | null {
  if (answer) return { kind: "passkey", answer };
  return code ? { kind: "totp", code } : null;
}

/** A passkey that the browser made and that was not taken, so that it can forget it. */
const orphanOf = (code: string, answer: string | undefined): string | null =>
  answer === undefined || code === authenticatorRefusals["passkey-known"]().code ? null : credentialIdOf(answer);

/** The single-use right to bind new authenticators. Looking never uses it up, and a mistake does not either. */
export const restoreRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/restore/:token",
    about: "The form for new authenticators. Looking changes nothing.",
    guard: anyone,
    params: tokenParam,
    handle: async (_, request) => {
      const found = await peekRestoration(runtime, request.params.token, bearerOf(request), request.now);
      if (!found.ok) return notYet(runtime, request, request.params.token, found.refusal);
      return page(restorePage(runtime, request, request.params.token, found.value, EMPTY));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/restore/:token/case-code",
    about: "Takes the case code in a browser in which the case page is not open, and leads to the form.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "open-case-page", limit: 60, windowSeconds: 3600 },
    body: form({ code: codeField }),
    invalid: async (_, request, invalid) =>
      page(caseCodePage(runtime, request, request.params.token, invalidState(invalid)), { status: 422 }),
    handle: async (_, request) => {
      const { token } = request.params;
      const opened = await showCaseCode(runtime, token, request.body.code, request.now);
      if (opened.ok)
        return redirect(`/restore/${token}`, { cookies: [{ name: CASE_COOKIE, value: opened.value.reveal() }] });
      return opened.refusal.code.startsWith("one-time/")
        ? page(refusalPage(runtime, opened.refusal, request), { status: opened.refusal.status })
        : formAgain(
            request,
            opened.refusal,
            caseCodePage(runtime, request, token, refusedState(opened.refusal, {}, { "recovery/wrong-code": "code" })),
          );
    },
  }),
  defineRoute({
    method: "POST",
    path: "/restore/:token/passkey/options",
    about: "What a browser needs to make a passkey as the new second factor.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "restore-options", limit: 60, windowSeconds: 3600 },
    body: form({}),
    handle: async (_, request) => {
      const options = await beginRestorationPasskey(runtime, request.params.token, bearerOf(request), request.now);
      return options.ok ? json(options.value) : refused(options.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/restore/:token",
    about: "Binds new authenticators, ends everything old, and shows the new recovery codes once.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "restore", limit: 60, windowSeconds: 3600 },
    body: form({
      password: secretText(1024),
      code: line({ max: 64, min: 0 }).optional(),
      answer: z.union([z.literal(""), answerField]).optional(),
      username: secretText(64).optional(),
    }),
    invalid: async (_, request, invalid) => {
      const found = await peekRestoration(runtime, request.params.token, bearerOf(request), request.now);
      if (!found.ok) return notYet(runtime, request, request.params.token, found.refusal);
      return page(restorePage(runtime, request, request.params.token, found.value, invalidState(invalid)), {
        status: 422,
      });
    },
    handle: async (_, request) => {
      const { token } = request.params;
      const { password, code, answer } = request.body;
      const secondFactor = secondFactorOf(answer, code);
      if (!secondFactor) {
        const found = await peekRestoration(runtime, token, bearerOf(request), request.now);
        if (!found.ok) return notYet(runtime, request, token, found.refusal);
        const state = { errors: { code: "Please enter the code." }, values: {} };
        return page(restorePage(runtime, request, token, found.value, state), { status: 422 });
      }
      const restoration = {
        token,
        bearer: bearerOf(request),
        password: secret(password),
        secondFactor,
        source: request.source,
        deviceToken: request.cookies[DEVICE_COOKIE],
        now: request.now,
      };
      const done = await restoreAccount(runtime, restoration, (tx, account) => endCeremonies(tx, account.id));
      if (!done.ok) {
        const found = await peekRestoration(runtime, token, bearerOf(request), request.now);
        if (!found.ok) return notYet(runtime, request, token, found.refusal);
        return formAgain(
          request,
          done.refusal,
          restorePage(
            runtime,
            request,
            token,
            found.value,
            refusedState(done.refusal, {}, FIELD_OF),
            orphanOf(done.refusal.code, answer),
          ),
        );
      }
      const { account, codes, deviceToken, heldUntil } = done.value;
      const set = await describeCodes(runtime.db, account.id);
      const next = html`
        ${notice({
          tone: "success",
          title: "Your account is open again",
          body: heldUntil
            ? html`<p>Publishing and changes to owners, tokens and addresses wait until ${time(heldUntil, request.now)}, so that everybody has time to notice if it was not you. Then they work again by themselves.</p>`
            : html`<p>Everything works at once.</p>`,
        })}
        <p>Was somebody else in your account? Once you have signed in, you can <a href="/account/undo">go through what was done in that time</a> and undo it, also while the rest waits.</p>
        <p>${linkButton({ href: "/sign-in", label: "I have my codes, sign in" })}</p>`;
      const fileName = set?.fileName ?? "recovery-codes.txt";
      return page(
        codesSheet(runtime, request, {
          username: account.username,
          codes: codes.reveal(),
          fileName,
          madeAt: request.now,
          next,
        }),
        { cookies: [deviceCookie(deviceToken)] },
      );
    },
  }),
];
