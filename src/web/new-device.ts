import { z } from "zod";
import { maskAddress } from "../accounts/index.ts";
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
  PASSKEY_SCRIPTS,
  passkeyForm,
  radios,
  time,
} from "../kernel/html/index.ts";
import { defineRoute, form, type Guard, type Incoming, page, redirect, type Route } from "../kernel/http/index.ts";
import type { AddressId } from "../kernel/ids.ts";
import { ok, refuse } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { DEVICE_COOKIE, findDevice } from "../sessions/index.ts";
import {
  CEREMONY_COOKIE,
  type CodeMail,
  type Confirming,
  DEVICE_CODE_MINUTES,
  findConfirming,
  listCodeMails,
  mailDeviceCode,
  signInRefusals,
  submitDeviceCode,
  waysToConfirm,
} from "../sign-in/index.ts";
import { idField } from "./account-frame.ts";
import { codeField, EMPTY, formAgain, type FormState, invalidState, nextPath, refusedState } from "./forms.ts";
import { layout } from "./layout.ts";
import { newDevicePath, onSignedIn, signedIn } from "./sign-in.ts";
import { shownInWords } from "./stuck.ts";

/** Somebody who has shown every factor, in a browser that the account does not know. */
const newDeviceGuard: Guard<Confirming> = {
  name: "factors were right, browser new",
  authorize: async (runtime, incoming) => {
    const found = await findConfirming(runtime, incoming.cookies[CEREMONY_COOKIE], incoming.now);
    return found?.ceremony.purpose === "subscriber" ? ok(found) : refuse(signInRefusals["start-again"]());
  },
  signInAt: () => "/sign-in",
};

/** What became of one mail, so that nobody waits for one that will not come. */
function fateOf(mail: CodeMail, now: Date): Html {
  if (mail.state === "failed") return html`Our mail to ${mail.to} could not be delivered. Choose another way below.`;
  if (mail.state === "accepted" && mail.acceptedAt)
    return html`Our mail to ${mail.to} was accepted by ${mail.acceptedBy ?? "its mail server"} ${time(mail.acceptedAt, now)}.`;
  return html`Our mail to ${mail.to} is on its way, since ${time(mail.queuedAt, now, "relative")}.`;
}

const codeForm = (incoming: Incoming, state: FormState, next: string | undefined, newest: CodeMail): Html => html`
  <p>We mailed a code to <strong>${newest.to}</strong>. It works for ${DEVICE_CODE_MINUTES} minutes.</p>
  ${formElement({
    action: "/sign-in/new-device",
    csrf: incoming.csrfToken,
    body: html`
      ${next ? hidden("next", next) : null}
      ${field({ name: "code", label: "Eight-digit code", autocomplete: "one-time-code", inputmode: "numeric", error: state.errors["code"], required: true, maxlength: 16, width: "short" })}
      ${button({ label: "Confirm and sign in" })}`,
  })}`;

async function newDevicePage(
  runtime: Runtime,
  incoming: Incoming,
  actor: Confirming,
  state: FormState,
  next: string | undefined,
): Promise<Html> {
  const { account, ceremony } = actor;
  const [ways, mails, known] = await Promise.all([
    waysToConfirm(runtime.db, account.id),
    listCodeMails(runtime, actor),
    findDevice(runtime.db, account.id, incoming.cookies[DEVICE_COOKIE], incoming.now),
  ]);
  const [newest] = mails;
  const chosen = ways.addresses[mails.length > 0 && ways.addresses.length > 1 ? 1 : 0]; // after one mail, the other route
  const mailForm =
    chosen &&
    formElement({
      action: "/sign-in/new-device/mail",
      csrf: incoming.csrfToken,
      body: html`
        ${next ? hidden("next", next) : null}
        ${
          ways.addresses.length > 1
            ? radios({
                name: "id",
                label: "Where to?",
                options: ways.addresses.map((one) => ({
                  value: one.id,
                  label: `${maskAddress(one.address)}${one.isPrimary ? ", your main address" : ""}`,
                })),
                value: chosen.id,
                error: state.errors["id"],
              })
            : hidden("id", chosen.id)
        }
        ${button({ label: newest ? "Send a new code" : "Send me a code", kind: newest ? "secondary" : "primary" })}`,
    });
  const more = html`
    <ul>${mails.map((mail) => html`<li>${fateOf(mail, incoming.now)}</li>`)}</ul>
    <p>Mail can take some minutes; look into the spam folder too. <a href="${newDevicePath(next)}">See what became of it now</a>.</p>
    ${mailForm}`;
  const body = html`
    <h1>Confirm that it is you</h1>
    <p>${shownInWords(ceremony.factors)}. ${known ? "But many wrong passwords come from your network just now, so we ask for one thing more." : "This browser is new to your account, so we ask for one thing more. Only this once."}</p>
    ${errorSummary(state.errors, state.general)}
    ${newest ? codeForm(incoming, state, next, newest) : null}
    ${newest ? details({ summary: "The mail does not come", body: more, isOpen: mails.some((one) => one.state === "failed") || mails.length > 1 }) : mailForm}
    ${!newest && !mailForm ? notice({ tone: "warning", title: "Our mail does not arrive at your addresses", body: html`<p>Please use one of the other ways.</p>` }) : null}
    ${
      ways.passkey
        ? passkeyForm({
            ceremony: "get",
            action: "/sign-in/second-factor/passkey",
            csrf: incoming.csrfToken,
            fields: html`<h2>Or with your passkey</h2>${next ? hidden("next", next) : null}`,
            optionsAt: "/sign-in/second-factor/passkey/options",
            label: "Use a passkey",
            kind: "secondary",
            without: "Passkeys need scripts, which this browser has switched off.",
          })
        : null
    }
    ${ways.unusedCodes > 0 ? html`<p><a href="/sign-in/recovery-code">Use a recovery code</a></p>` : null}
    <p><a href="/sign-in/stuck">I can’t use any of these</a></p>
    <p class="muted">Why do we ask? <a href="/help/new-device">Confirm a new device</a>.</p>`;
  const scripts = ways.passkey ? PASSKEY_SCRIPTS : undefined;
  return layout(runtime, incoming, { title: "Confirm that it is you", body, scripts });
}

const FIELD_OF = { "sign-in/wrong-device-code": "code", "sign-in/no-such-address": "id" } as const;

/** The end of a sign-in on a browser that is new to the account. Nothing here is a link that a mail scanner could follow. */
export const newDeviceRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/sign-in/new-device",
    about: "Asks for the mailed code, a passkey or a recovery code on a browser that is new to the account.",
    guard: newDeviceGuard,
    query: z.strictObject({ next: nextPath }),
    handle: async (runtime, request) =>
      page(await newDevicePage(runtime, request, request.actor, EMPTY, request.query.next)),
  }),
  defineRoute({
    method: "POST",
    path: "/sign-in/new-device",
    about: "Checks the mailed code and signs in; the browser is then known.",
    guard: newDeviceGuard,
    limit: { bucket: "second-factor", limit: 60, windowSeconds: 300 },
    body: form({ code: codeField, next: nextPath }),
    invalid: async (runtime, request, invalid) =>
      page(await newDevicePage(runtime, request, request.actor, invalidState(invalid), undefined), { status: 422 }),
    handle: async (runtime, request) => {
      const { code, next } = request.body;
      const step = {
        ceremonyToken: request.cookies[CEREMONY_COOKIE],
        typed: code,
        source: request.source,
        deviceToken: request.cookies[DEVICE_COOKIE],
        now: request.now,
      };
      const done = await submitDeviceCode(runtime, step, onSignedIn(runtime));
      if (done.ok)
        return redirect(done.value.factors.length < 2 ? "/account/setup" : (next ?? "/account"), {
          cookies: signedIn(done.value),
        });
      const state = refusedState(done.refusal, {}, FIELD_OF);
      return formAgain(request, done.refusal, await newDevicePage(runtime, request, request.actor, state, next));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/sign-in/new-device/mail",
    about: "Mails a new code to one of the account’s confirmed addresses; it replaces the one before.",
    guard: newDeviceGuard,
    limit: { bucket: "device-mail", limit: 30, windowSeconds: 3600 },
    body: form({ id: idField("adr"), next: nextPath }),
    invalid: async (runtime, request, invalid) =>
      page(await newDevicePage(runtime, request, request.actor, invalidState(invalid), undefined), { status: 422 }),
    handle: async (runtime, request) => {
      const { id, next } = request.body;
      const done = await mailDeviceCode(runtime, {
        ceremonyToken: request.cookies[CEREMONY_COOKIE],
        addressId: id as AddressId, // checked by the schema
        source: request.source,
        now: request.now,
      });
      if (done.ok) return redirect(newDevicePath(next));
      const state = refusedState(done.refusal, {}, FIELD_OF);
      return formAgain(request, done.refusal, await newDevicePage(runtime, request, request.actor, state, next));
    },
  }),
];
