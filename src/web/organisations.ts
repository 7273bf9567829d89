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
  select,
  table,
  time,
} from "../kernel/html/index.ts";
import { listAccounts } from "../accounts/index.ts";
import { defineRoute, form, line, page, redirect, refused, type Route } from "../kernel/http/index.ts";
import type { InvitationId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import {
  acceptInvitation,
  declineInvitation,
  foundOrganisation,
  type Invitation,
  listInvitationsTo,
  listOrganisationsOf,
  listProjectsOf,
  type PlaceView,
  normalizeName,
} from "../registry/index.ts";
import { freshSubscriberGuard, subscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest, idField } from "./account-frame.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";
import { act, capital, pathOf, peopleSection } from "./sharing.ts";

const PATH = "/account/organisations";
const INVITATIONS = "/account/invitations";
const LIMIT = { bucket: "sharing", limit: 120, windowSeconds: 3600 };

async function organisationsPage(runtime: Runtime, request: AccountRequest, state: FormState): Promise<Html> {
  const { account } = request.actor;
  const mine = await listOrganisationsOf(runtime.db, account.id);
  const body = html`
    <h1>Organisations</h1>
    <p>People who look after the same projects. Whoever joins can publish to all of them, and whoever leaves cannot any more.</p>
    ${
      mine.length === 0
        ? emptyState({
            title: "None yet",
            body: html`<p>A project of your own needs none. One with several maintainers is safer with one: it is never left without an owner.</p>`,
          })
        : table({
            caption: "Your organisations",
            columns: [{ label: "Name", isRowHeader: true }, "Your role"],
            rows: mine.map((one) => [
              html`<a href="${pathOf({ kind: "organisation", slug: normalizeName(one.name) })}">${one.name}</a>`,
              capital(one.role),
            ]),
            empty: "",
          })
    }
    <h2>Make one</h2>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: PATH,
      csrf: request.csrfToken,
      body: html`
        ${field({ name: "name", label: "Name", hint: "Letters, digits, dots, dashes and underscores. It stands in invitations and mails.", autocomplete: "off", value: state.values["name"], error: state.errors["name"], required: true, maxlength: 64, spellcheck: false })}
        ${button({ label: "Make organisation" })}`,
    })}
    <p class="muted"><a href="${INVITATIONS}">Invitations to you</a></p>`;
  return accountFrame(runtime, request, "Organisations", body);
}

/** The page of one organisation, for who is in it. */
export async function organisationPage(
  runtime: Runtime,
  request: AccountRequest,
  view: PlaceView,
  state: FormState,
): Promise<Html> {
  const { place, role, projects } = view;
  const base = pathOf(place);
  const mayMove = role === "owner" || role === "manager";
  const owned = mayMove
    ? (await listProjectsOf(runtime.db, request.actor.account.id)).filter((one) => one.role === "owner")
    : [];
  const here = new Set(projects.map((one) => one.slug));
  const movable = owned.filter((one) => !here.has(one.normalizedName));
  const body = html`
    <p><a href="${PATH}">Your organisations</a></p>
    <h1>${place.name}</h1>
    ${await peopleSection(runtime, request, view, state)}
    <h2>Projects</h2>
    ${table({
      caption: "Projects of the organisation",
      columns: [{ label: "Project", isRowHeader: true }, ""],
      rows: projects.map((one) => [
        html`<a href="${pathOf(one)}">${one.name}</a>`,
        mayMove
          ? formElement({
              action: `${base}/projects/remove`,
              csrf: request.csrfToken,
              body: html`${hidden("project", one.slug)}${button({ label: html`Take out<span class="visually-hidden"> ${one.name}</span>`, kind: "secondary" })}`,
            })
          : "",
      ]),
      empty: "None yet.",
    })}
    ${
      movable.length === 0
        ? null
        : formElement({
            action: `${base}/projects`,
            csrf: request.csrfToken,
            body: html`
              ${select({ name: "project", label: "Put in a project of yours", hint: "Owners and managers here will own it; members can publish to it.", value: "", options: movable.map((one) => ({ value: one.normalizedName, label: one.name })) })}
              ${button({ label: "Put in", kind: "secondary" })}`,
          })
    }`;
  return accountFrame(runtime, request, place.name, body);
}

async function invitationsPage(runtime: Runtime, request: AccountRequest): Promise<Html> {
  const invitations = await listInvitationsTo(runtime.db, request.actor.account.id, request.now);
  const people = await listAccounts(
    runtime.db,
    invitations.map((one) => one.invitedBy),
  );
  const names = new Map(people.map((one) => [one.id, one.username]));
  const row = (one: Invitation) => [
    html`${capital(one.place.kind)} ${one.place.kind === "project" ? html`<a href="/project/${one.place.slug}/">${one.place.name}</a>` : one.place.name}`,
    badge({ tone: "neutral", text: capital(one.role) }),
    names.get(one.invitedBy) ?? "Somebody",
    time(one.expiresAt, request.now, "date"),
    html`<div class="row-actions">${act(request, `${INVITATIONS}/accept`, one.id, html`Accept<span class="visually-hidden"> ${one.place.name}</span>`)}${act(request, `${INVITATIONS}/decline`, one.id, html`Decline<span class="visually-hidden"> ${one.place.name}</span>`)}</div>`,
  ];
  const body = html`
    <h1>Invitations</h1>
    <p>What you accept, you can publish to, and your name stands beside it. Do you know who asks?</p>
    ${
      invitations.length === 0
        ? emptyState({
            title: "No open invitations",
            body: html`<p>If somebody says that they invited you, ask them which name or address they used. An address counts once it is confirmed on your account.</p>`,
          })
        : table({
            caption: "Waiting for your answer",
            columns: [{ label: "To", isRowHeader: true }, "As", "From", "Until", ""],
            rows: invitations.map(row),
            empty: "",
          })
    }
    <p class="muted"><a href="${PATH}">Your organisations</a></p>`;
  return accountFrame(runtime, request, "Invitations", body);
}

/** Organisations in the list, and invitations to whoever is signed in. */
export const organisationRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: PATH,
    about: "The organisations of the subscriber, and a form to make one.",
    guard: freshSubscriberGuard,
    handle: async (runtime, request) => page(await organisationsPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: PATH,
    about: "Makes an organisation.",
    guard: freshSubscriberGuard,
    limit: LIMIT,
    body: form({ name: line({ max: 64, missing: "Please give it a name." }) }),
    invalid: async (runtime, request, invalid) =>
      page(await organisationsPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { name } = request.body;
      const made = await foundOrganisation(runtime, request.actor.account, name, request.now);
      if (made.ok) return redirect(pathOf(made.value));
      const state = refusedState(made.refusal, { name }, { "registry/organisation-taken": "name" });
      return formAgain(request, made.refusal, await organisationsPage(runtime, request, state));
    },
  }),
  defineRoute({
    method: "GET",
    path: INVITATIONS,
    about: "Open invitations to the subscriber.",
    guard: freshSubscriberGuard,
    handle: async (runtime, request) => page(await invitationsPage(runtime, request)),
  }),
  defineRoute({
    method: "POST",
    path: `${INVITATIONS}/accept`,
    about: "Accepts an invitation to share a project or an organisation.",
    guard: freshSubscriberGuard,
    limit: LIMIT,
    body: form({ id: idField("inv") }),
    handle: async (runtime, request) => {
      const id = request.body.id as InvitationId; // its shape was checked by idField
      const done = await acceptInvitation(runtime, request.actor.account, id, request.now);
      return done.ok ? redirect(pathOf(done.value)) : refused(done.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: `${INVITATIONS}/decline`,
    about: "Declines an invitation.",
    guard: subscriberGuard,
    limit: LIMIT,
    body: form({ id: idField("inv") }),
    handle: async (runtime, request) => {
      const id = request.body.id as InvitationId; // its shape was checked by idField
      const done = await declineInvitation(runtime, request.actor.account, id, request.now);
      return done.ok ? redirect(INVITATIONS) : refused(done.refusal);
    },
  }),
];
