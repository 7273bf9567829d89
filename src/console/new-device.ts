import { maskAddress } from "../accounts/index.ts";
import {
  button,
  errorSummary,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  radios,
  time,
} from "../kernel/html/index.ts";
import {
  defineRoute,
  form,
  type Guard,
  type Incoming,
  line,
  page,
  redirect,
  refused,
  type Route,
} from "../kernel/http/index.ts";
import { type AddressId, isId } from "../kernel/ids.ts";
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
import { deskLayout } from "./layout.ts";
import { atDesk, codeLine, deskDevicePath, NEXT, nextIn, say, sayInvalid, type State } from "./sign-in.ts";

/** A member of staff who has shown every factor, in a browser that the account does not know. */
const staffDeviceGuard: Guard<Confirming> = {
  name: "staff factors were right, browser new",
  authorize: async (runtime, incoming) => {
    const found = await findConfirming(runtime, incoming.cookies[CEREMONY_COOKIE], incoming.now);
    return found?.ceremony.purpose === "staff" ? ok(found) : refuse(signInRefusals["start-again"]());
  },
  signInAt: () => "/console/sign-in",
};

function fateOf(mail: CodeMail, now: Date): Html {
  if (mail.state === "failed") return html`The mail to ${mail.to} could not be delivered.`;
  if (mail.state === "accepted" && mail.acceptedAt)
    return html`The mail to ${mail.to} was accepted by ${mail.acceptedBy ?? "its mail server"} ${time(mail.acceptedAt, now)}.`;
  return html`The mail to ${mail.to} is on its way, since ${time(mail.queuedAt, now, "relative")}.`;
}

async function devicePage(
  runtime: Runtime,
  incoming: Incoming,
  actor: Confirming,
  state: State,
  next: string | undefined,
): Promise<Html> {
  const { id } = actor.account;
  const [ways, mails, known] = await Promise.all([
    waysToConfirm(runtime.db, id),
    listCodeMails(runtime, actor),
    findDevice(runtime.db, id, incoming.cookies[DEVICE_COOKIE], incoming.now),
  ]);
  const [first] = ways.addresses;
  const body = html`
    <h1>Confirm that it is you</h1>
    <p>Your password and the code from your app were right. ${known ? "But many wrong passwords come from your network just now, so the desk asks for one thing more." : "This browser is new to your account, so the desk asks for one thing more. Only this once."}</p>
    ${errorSummary({}, state.message)}
    ${
      mails[0]
        ? html`<p>We mailed a code to <strong>${mails[0].to}</strong>. It works for ${DEVICE_CODE_MINUTES} minutes.</p>
            ${formElement({
              action: "/console/sign-in/new-device",
              csrf: incoming.csrfToken,
              body: html`
                ${next ? hidden("next", next) : null}
                ${field({ name: "code", label: "Eight-digit code", autocomplete: "one-time-code", inputmode: "numeric", required: true, maxlength: 16, width: "short" })}
                ${button({ label: "Confirm and sign in" })}`,
            })}
            <ul>${mails.map((mail) => html`<li>${fateOf(mail, incoming.now)}</li>`)}</ul>
            <p><a href="${deskDevicePath(next)}">See what became of it now</a></p>`
        : null
    }
    ${
      first
        ? formElement({
            action: "/console/sign-in/new-device/mail",
            csrf: incoming.csrfToken,
            body: html`
              ${next ? hidden("next", next) : null}
              ${
                ways.addresses.length > 1
                  ? radios({
                      name: "id",
                      label: "Where to?",
                      options: ways.addresses.map((one) => ({ value: one.id, label: maskAddress(one.address) })),
                      value: first.id,
                    })
                  : hidden("id", first.id)
              }
              ${button({ label: mails[0] ? "Send a new code" : "Send me a code", kind: mails[0] ? "secondary" : "primary" })}`,
          })
        : null
    }
    <h2>No mail arrives?</h2>
    <p>Sign in on the <a href="/sign-in">ordinary pages</a> in this browser, with a recovery code. It is then known here as well. With a passkey the desk never asks this.</p>`;
  return deskLayout(runtime, incoming, { title: "Confirm that it is you", body });
}

const LIMIT = { bucket: "console-sign-in", limit: 60, windowSeconds: 300 };

/** The end of a sign-in at the desk, on a browser that is new to the account. */
export const deskDeviceRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/console/sign-in/new-device",
    about: "Asks for the mailed code at the desk, on a browser that is new to the account.",
    guard: staffDeviceGuard,
    query: NEXT,
    handle: async (runtime, request) => page(await devicePage(runtime, request, request.actor, {}, request.query.next)),
  }),
  defineRoute({
    method: "POST",
    path: "/console/sign-in/new-device",
    about: "Checks the mailed code and opens the desk; the browser is then known.",
    guard: staffDeviceGuard,
    limit: LIMIT,
    body: form({ code: codeLine, next: NEXT.shape.next }),
    invalid: async (runtime, request, invalid) =>
      page(await devicePage(runtime, request, request.actor, sayInvalid(invalid), nextIn(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { code, next } = request.body;
      const step = {
        ceremonyToken: request.cookies[CEREMONY_COOKIE],
        typed: code,
        source: request.source,
        deviceToken: request.cookies[DEVICE_COOKIE],
        now: request.now,
      };
      const done = await submitDeviceCode(runtime, step, async () => {});
      if (done.ok) return redirect(next ?? "/console", { cookies: atDesk(done.value) });
      if (request.wantsJson) return refused(done.refusal);
      const again = await devicePage(runtime, request, request.actor, say(done.refusal), next);
      return page(again, { status: done.refusal.status });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/console/sign-in/new-device/mail",
    about: "Mails a new code to one of the confirmed addresses of a member of staff.",
    guard: staffDeviceGuard,
    limit: { bucket: "device-mail", limit: 30, windowSeconds: 3600 },
    body: form({
      id: line({ max: 64 }).refine((id) => isId("adr", id), "That is not one of yours."),
      next: NEXT.shape.next,
    }),
    handle: async (runtime, request) => {
      const { id, next } = request.body;
      const done = await mailDeviceCode(runtime, {
        ceremonyToken: request.cookies[CEREMONY_COOKIE],
        addressId: id as AddressId, // checked by the schema
        source: request.source,
        now: request.now,
      });
      if (done.ok) return redirect(deskDevicePath(next));
      if (request.wantsJson) return refused(done.refusal);
      const again = await devicePage(runtime, request, request.actor, say(done.refusal), next);
      return page(again, { status: done.refusal.status });
    },
  }),
];
