import { adviceOnDomain, type Address, hasStanding, listAddresses, suggestDomain } from "../accounts/index.ts";
import {
  badge,
  button,
  card,
  errorSummary,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  notice,
} from "../kernel/html/index.ts";
import { anyone, defineRoute, form, line, page, redirect, type Route } from "../kernel/http/index.ts";
import type { AddressId } from "../kernel/ids.ts";
import type { Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import {
  addAddress,
  confirmAgain,
  makePrimary,
  peekAddressUndo,
  removeAddress,
  type Self,
  undoAddressChange,
} from "../security-settings/index.ts";
import { freshSubscriberGuard, subscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest, idField } from "./account-frame.ts";
import { confirmationDelivery, deliveryLog, unreachableAdvice } from "./delivery.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState, tokenParam } from "./forms.ts";
import { layout, refusalPage } from "./layout.ts";
import { selfOf } from "./setup.ts";

/** One address: its state, advice, and what can be done with it. */
async function addressCard(runtime: Runtime, request: AccountRequest, address: Address): Promise<Html> {
  const typo = address.verifiedAt ? null : suggestDomain(address.domain);
  const advice = typo || address.unreachableAt ? null : adviceOnDomain(address.domain);
  const delivery = hasStanding(address) ? null : await confirmationDelivery(runtime, address, request.now);
  return card({
    title: address.address,
    level: 3,
    aside: html`${address.isPrimary ? badge({ tone: "info", text: "Main" }) : null} ${addressBadge(address)}`,
    body: html`
      ${unreachableAdvice(address, request.now)}
      ${delivery ? html`<p>${delivery}</p>` : null}
      ${typo ? html`<p><strong>Did you mean ${typo}?</strong> Then add the right one and remove this.</p>` : null}
      ${advice ? html`<p class="muted">${advice}</p>` : null}
      <div class="actions">${actionsOf(request, address)}</div>
      ${await deliveryLog(runtime, address, request.now)}`,
  });
}

/** An address's state in a word or two. */
export const addressBadge = (address: Address): Html => {
  if (!address.verifiedAt) return badge({ tone: "warning", text: "Not confirmed" });
  return hasStanding(address)
    ? badge({ tone: "success", text: "Confirmed" })
    : badge({ tone: "danger", text: "Mail does not arrive" });
};

function actionsOf(request: AccountRequest, address: Address): Html {
  const act = (action: string, label: string): Html =>
    formElement({
      action: `/account/addresses/${action}`,
      csrf: request.csrfToken,
      body: html`${hidden("id", address.id)}${button({ label, kind: "secondary" })}`,
    });
  if (!hasStanding(address))
    return html`${act("resend", address.unreachableAt ? "Confirm it again" : "Send the mail again")}${address.isPrimary ? null : act("remove", "Remove")}`;
  return address.isPrimary ? html`` : html`${act("main", "Make main")}${act("remove", "Remove")}`;
}

async function addressesPage(runtime: Runtime, request: AccountRequest, state: FormState): Promise<Html> {
  const addresses = await listAddresses(runtime.db, request.actor.account.id);
  const cards = await Promise.all(addresses.map((one) => addressCard(runtime, request, one)));
  const body = html`
    <h1>Mail addresses</h1>
    <p>We write to the main one, and about security to all of them. A second address at another provider is a way back if you lose the first.</p>
    ${errorSummary(state.errors, state.general)}
    <h2>Your addresses</h2>
    ${cards}
    <h2>Add an address</h2>
    ${formElement({
      action: "/account/addresses",
      csrf: request.csrfToken,
      body: html`
        ${field({ name: "address", label: "Mail address", type: "email", hint: "We send a mail there. It counts once you have opened its link.", autocomplete: "email", value: state.values["address"], error: state.errors["address"], required: true, maxlength: 254 })}
        ${button({ label: "Add address" })}`,
    })}
    <p class="muted"><a href="/help/leaving-a-job">Leaving a job or a university?</a></p>`;
  return accountFrame(runtime, request, "Mail addresses", body);
}

const FIELD = { "accounts/address-shape": "address", "accounts/address-known": "address" } as const;

/** A row of the table that changes one address: does it, and shows the page again with the refusal if there is one. */
const change = (
  name: string,
  about: string,
  guard: typeof freshSubscriberGuard,
  act: (runtime: Runtime, self: Self, id: AddressId) => Promise<Result<undefined>>,
): Route =>
  defineRoute({
    method: "POST",
    path: `/account/addresses/${name}`,
    about,
    guard,
    limit: { bucket: "addresses", limit: 60, windowSeconds: 3600 },
    body: form({ id: idField("adr") }),
    handle: async (runtime, request) => {
      const done = await act(runtime, selfOf(request), request.body.id as AddressId); // its shape was checked by idField
      if (done.ok) return redirect("/account/addresses");
      return formAgain(request, done.refusal, await addressesPage(runtime, request, refusedState(done.refusal, {})));
    },
  });

export const addressRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account/addresses",
    about: "The account's mail addresses.",
    guard: freshSubscriberGuard, // asked for before anything is typed, so that nothing typed is lost
    handle: async (runtime, request) => page(await addressesPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/addresses",
    about: "Adds a mail address, to be confirmed.",
    guard: freshSubscriberGuard,
    limit: { bucket: "addresses", limit: 60, windowSeconds: 3600 },
    body: form({ address: line({ max: 254, missing: "Please enter an address." }) }),
    invalid: async (runtime, request, invalid) =>
      page(await addressesPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { address } = request.body;
      const done = await addAddress(runtime, selfOf(request), address);
      if (done.ok) return redirect("/account/addresses");
      const state = refusedState(done.refusal, { address }, FIELD);
      return formAgain(request, done.refusal, await addressesPage(runtime, request, state));
    },
  }),
  change("resend", "Mails the confirmation of an address again.", subscriberGuard, confirmAgain),
  change("main", "Makes a confirmed address the main one.", freshSubscriberGuard, makePrimary),
  change("remove", "Removes an address.", freshSubscriberGuard, removeAddress),
  defineRoute({
    method: "GET",
    path: "/undo-address/:token",
    about: "The page behind the link that takes an address change back, with one button. Looking changes nothing.",
    guard: anyone,
    params: tokenParam,
    handle: async (runtime, request) => {
      const found = await peekAddressUndo(runtime, request.params.token, request.now);
      if (!found.ok) return page(refusalPage(runtime, found.refusal, request), { status: found.refusal.status });
      const body = html`
        <h1>Take the change back?</h1>
        <p>The addresses of the account <strong>${found.value.username}</strong> were changed. With this button <strong>${found.value.address}</strong> becomes its main address again, everybody is signed out, and the addresses cannot be changed for 72 hours.</p>
        ${formElement({ action: `/undo-address/${request.params.token}`, csrf: request.csrfToken, body: button({ label: "Take the change back", kind: "danger" }) })}
        <p>If you made the change yourself, close this page. Without the button nothing happens.</p>
        <p class="muted"><a href="/help/phishing">Is this page really from us?</a></p>`;
      return page(layout(runtime, request, { title: "Take the change back?", body }));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/undo-address/:token",
    about: "Takes an address change back.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "undo-address", limit: 30, windowSeconds: 3600 },
    body: form({}),
    handle: async (runtime, request) => {
      const done = await undoAddressChange(runtime, request.params.token, request.source, request.now);
      if (!done.ok) return page(refusalPage(runtime, done.refusal, request), { status: done.refusal.status });
      const body = html`
        ${notice({ tone: "success", title: "Taken back", body: html`<p>Your address is the main one of ${done.value.username} again, and everybody is signed out.</p>` })}
        <h1>What to do now</h1>
        <p>Whoever changed it could sign in. Sign in yourself, change your password, and look at your account history.</p>
        <p><a href="/help/something-is-wrong">Something is wrong with my account: step by step</a></p>`;
      return page(layout(runtime, request, { title: "Taken back", body }));
    },
  }),
];
