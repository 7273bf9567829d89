import { listAccounts } from "../accounts/index.ts";
import {
  badge,
  button,
  emptyState,
  errorSummary,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  table,
  time,
} from "../kernel/html/index.ts";
import { defineRoute, form, line, page, redirect, refused, type Route } from "../kernel/http/index.ts";
import type { AccountId, ContactId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import {
  acceptContact,
  endContact,
  inviteContact,
  listContactFor,
  listContactsOf,
  type RecoveryContact,
} from "../recovery-contacts/index.ts";
import { freshSubscriberGuard, subscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest, idField } from "./account-frame.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";

const PATH = "/account/contacts";

/** A button of one row. */
const act = (request: AccountRequest, action: string, id: ContactId, label: string): Html =>
  formElement({
    action: `${PATH}/${action}`,
    csrf: request.csrfToken,
    body: html`${hidden("id", id)}${button({ label, kind: "secondary" })}`,
  });

async function contactsPage(runtime: Runtime, request: AccountRequest, state: FormState): Promise<Html> {
  const { account } = request.actor;
  const [mine, theirs] = await Promise.all([
    listContactsOf(runtime.db, account.id),
    listContactFor(runtime.db, account.id),
  ]);
  const people = await listAccounts(runtime.db, [
    ...mine.map((one) => one.contactId),
    ...theirs.map((one) => one.accountId),
  ]);
  const names = new Map<AccountId, string>(people.map((one) => [one.id, one.username]));
  const since = (one: RecoveryContact): Html =>
    one.acceptedAt
      ? html`${badge({ tone: "success", text: "Accepted" })} ${time(one.acceptedAt, request.now, "relative")}`
      : html`${badge({ tone: "neutral", text: "Invited" })} ${time(one.invitedAt, request.now, "relative")}`;
  const body = html`
    <h1>Recovery contacts</h1>
    <p>People you trust. Should somebody ask to recover your account, we tell them too, and each of them can stop it. They never see your account.</p>
    <p>They can also give you a code that helps you back in, once they have spoken with you. <a href="/help/vouching">How that works</a></p>
    ${
      mine.length === 0
        ? emptyState({
            title: "Nobody yet",
            body: html`<p>Best are two people who know you outside this index and do not know each other.</p>`,
          })
        : table({
            caption: "People you have named",
            columns: [{ label: "Who", isRowHeader: true }, "State", ""],
            rows: mine.map((one) => [
              names.get(one.contactId) ?? "Somebody",
              since(one),
              act(request, "end", one.id, one.acceptedAt ? "Remove" : "Take back"),
            ]),
            empty: "",
          })
    }
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: PATH,
      csrf: request.csrfToken,
      body: html`
        ${field({ name: "username", label: "Their username here", hint: "They get a mail and decide.", autocomplete: "off", value: state.values["username"], error: state.errors["username"], required: true, maxlength: 50, spellcheck: false })}
        ${button({ label: "Ask them" })}`,
    })}
    ${
      theirs.length === 0
        ? null
        : html`<h2>People who have named you</h2>${table({
            caption: "You decide, and can stop at any time",
            columns: [{ label: "Who", isRowHeader: true }, "State", ""],
            rows: theirs.map((one) => [
              names.get(one.accountId) ?? "Somebody",
              since(one),
              one.acceptedAt
                ? act(request, "end", one.id, "Stop being it")
                : html`${act(request, "accept", one.id, "Accept")}${act(request, "end", one.id, "Decline")}`,
            ]),
            empty: "",
          })}`
    }`;
  return accountFrame(runtime, request, "Recovery contacts", body);
}

const FIELD = {
  "recovery-contacts/unknown": "username",
  "recovery-contacts/yourself": "username",
  "recovery-contacts/already": "username",
} as const;

export const contactRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: PATH,
    about: "People the subscriber has named as recovery contacts, and who has named them.",
    guard: freshSubscriberGuard,
    handle: async (runtime, request) => page(await contactsPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: PATH,
    about: "Asks somebody to be a recovery contact.",
    guard: freshSubscriberGuard,
    limit: { bucket: "contacts", limit: 30, windowSeconds: 3600 },
    body: form({ username: line({ max: 50, missing: "Please enter a username." }) }),
    invalid: async (runtime, request, invalid) =>
      page(await contactsPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { username } = request.body;
      const done = await inviteContact(runtime, request.actor.account, username, request.now);
      if (done.ok) return redirect(PATH);
      const state = refusedState(done.refusal, { username }, FIELD);
      return formAgain(request, done.refusal, await contactsPage(runtime, request, state));
    },
  }),
  defineRoute({
    method: "POST",
    path: `${PATH}/accept`,
    about: "Accepts to be somebody's recovery contact.",
    guard: subscriberGuard,
    limit: { bucket: "contacts", limit: 30, windowSeconds: 3600 },
    body: form({ id: idField("rct") }),
    handle: async (runtime, request) => {
      const id = request.body.id as ContactId; // its shape was checked by idField
      const done = await acceptContact(runtime, request.actor.account, id, request.now);
      return done.ok ? redirect(PATH) : refused(done.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: `${PATH}/end`,
    about: "Ends a recovery contact or an invitation, from either side.",
    guard: freshSubscriberGuard,
    limit: { bucket: "contacts", limit: 30, windowSeconds: 3600 },
    body: form({ id: idField("rct") }),
    handle: async (runtime, request) => {
      const id = request.body.id as ContactId; // its shape was checked by idField
      const done = await endContact(runtime, request.actor.account, id, request.now);
      return done.ok ? redirect(PATH) : refused(done.refusal);
    },
  }),
];
