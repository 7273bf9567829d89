import { z } from "zod";
import { defineRoute, form, line, page, redirect, refused, type Reply, type Route } from "../kernel/http/index.ts";
import type { AccountId, InvitationId, ProjectUrlId, PublisherId } from "../kernel/ids.ts";
import type { GuardedFetch } from "../kernel/net/guarded-fetch.ts";
import type { Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import {
  addPublisher,
  changeRole,
  invite,
  isProjectName,
  leavePlace,
  moveIn,
  normalizeName,
  type Place,
  type PlaceName,
  removePublisher,
  removeSharer,
  removeUrl,
  rolesOf,
  type SharedRole,
  takeOut,
  verifyUrl,
  viewPlace,
  withdrawInvitation,
} from "../registry/index.ts";
import { freshSubscriberGuard } from "../sessions/index.ts";
import { type AccountRequest, idField } from "./account-frame.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";
import { refusalPage } from "./layout.ts";
import { organisationPage } from "./organisations.ts";
import { projectSettingsPage } from "./project-settings.ts";
import { pathOf } from "./sharing.ts";

const LIMIT = { bucket: "sharing", limit: 120, windowSeconds: 3600 };
const PAGES = { project: projectSettingsPage, organisation: organisationPage } as const;

/** Which field a refusal belongs to. */
const FIELD_OF: Readonly<Record<string, string>> = {
  "registry/invite-yourself": "who",
  "registry/invite-nobody": "who",
  "registry/invited-already": "who",
  "registry/shares-already": "who",
  "registry/declined-lately": "who",
  "accounts/bad-address": "who",
  "registry/not-a-page": "url",
  "registry/not-in-metadata": "url",
  "registry/page-unreachable": "url",
  "registry/no-link-back": "url",
  "registry/too-many-urls": "url",
  "registry/no-publishers": "issuer",
  "registry/publisher-there": "issuer",
  "registry/too-many-publishers": "issuer",
};

const nameParam = z.string().max(128).refine(isProjectName).transform(normalizeName);
const projectField = line({ max: 128 }).refine(isProjectName, "That is not a project.").transform(normalizeName);

/** The pages of projects and organisations for those who share them, and what can be done on each. */
export const sharingRoutes = (fetch: GuardedFetch): readonly Route[] => [
  ...placeRoutes("project"),
  ...placeRoutes("organisation"),
  ...moveRoutes,
  ...pageRoutes(fetch),
  ...publisherRoutes,
];

const placeOf = (kind: Place["kind"], params: unknown): PlaceName => ({
  kind,
  slug: (params as { readonly name: string }).name, // every path here has it, and its schema is nameParam
});

async function showPage(runtime: Runtime, request: AccountRequest, name: PlaceName, state: FormState, status = 200) {
  const view = await viewPlace(runtime.db, name, request.actor.account, request.now);
  if (!view.ok) return page(refusalPage(runtime, view.refusal, request), { status: view.refusal.status });
  return page(await PAGES[name.kind](runtime, request, view.value, state), { status });
}

/** After an act: back to the page, or the page again with the refusal. */
async function after(
  runtime: Runtime,
  request: AccountRequest,
  name: PlaceName,
  done: Result<unknown>,
  values: FormState["values"] = {},
): Promise<Reply> {
  if (done.ok) return redirect(pathOf(name));
  if (request.wantsJson) return refused(done.refusal);
  const view = await viewPlace(runtime.db, name, request.actor.account, request.now);
  if (!view.ok) return page(refusalPage(runtime, done.refusal, request), { status: done.refusal.status });
  const state = refusedState(done.refusal, values, FIELD_OF);
  return formAgain(request, done.refusal, await PAGES[name.kind](runtime, request, view.value, state));
}

/** One act of a page: its row of the table. */
function actRoute<B extends z.ZodType>(
  kind: Place["kind"],
  name: string,
  about: string,
  body: B,
  run: (
    runtime: Runtime,
    request: AccountRequest & { readonly body: z.output<B> },
    place: PlaceName,
  ) => Promise<Result<unknown>>,
  keep: (body: z.output<B>) => FormState["values"] = () => ({}),
): Route {
  return defineRoute({
    method: "POST",
    path: `/account/${kind}s/:name/${name}`,
    about,
    guard: freshSubscriberGuard,
    params: z.strictObject({ name: nameParam }),
    limit: LIMIT,
    body,
    invalid: (runtime, request, invalid) =>
      showPage(runtime, request, placeOf(kind, request.params), invalidState(invalid), 422),
    handle: async (runtime, request) => {
      const place = placeOf(kind, request.params);
      const known = request as AccountRequest & { readonly body: z.output<B> }; // the route has parsed the body with this very schema
      return after(runtime, request, place, await run(runtime, known, place), keep(known.body));
    },
  });
}

function placeRoutes(kind: Place["kind"]): readonly Route[] {
  const role = z.enum(rolesOf(kind) as [SharedRole, ...SharedRole[]], "Please choose one of the roles."); // none is empty
  const accountField = idField("acc").transform((id) => id as AccountId); // its shape was checked by idField
  return [
    defineRoute({
      method: "GET",
      path: `/account/${kind}s/:name`,
      about: `Who shares ${kind === "project" ? "a project" : "an organisation"}, for those who do.`,
      guard: freshSubscriberGuard,
      params: z.strictObject({ name: nameParam }),
      handle: (runtime, request) => showPage(runtime, request, placeOf(kind, request.params), EMPTY),
    }),
    actRoute(
      kind,
      "invite",
      "Invites somebody to share it.",
      form({ who: line({ max: 254, missing: "Please enter a username or a mail address." }), role }),
      (runtime, { actor, body, now }, place) =>
        invite(runtime, actor.account, { place, who: body.who, role: body.role }, now),
      ({ who, role: as }) => ({ who, role: as }),
    ),
    actRoute(
      kind,
      "withdraw",
      "Takes an invitation back.",
      form({ id: idField("inv").transform((id) => id as InvitationId) }), // its shape was checked by idField
      (runtime, { actor, body, now }, place) => withdrawInvitation(runtime, actor.account, { place, id: body.id }, now),
    ),
    actRoute(
      kind,
      "role",
      "Gives somebody another role.",
      form({ id: accountField, role }),
      (runtime, { actor, body, now }, place) =>
        changeRole(runtime, actor.account, { place, accountId: body.id, role: body.role }, now),
    ),
    actRoute(
      kind,
      "remove",
      "Takes somebody's role away.",
      form({ id: accountField }),
      (runtime, { actor, body, now }, place) =>
        removeSharer(runtime, actor.account, { place, accountId: body.id }, now),
    ),
    actRoute(kind, "leave", "Gives one's own role back.", form({}), (runtime, { actor, now }, place) =>
      leavePlace(runtime, actor.account, place, now),
    ),
  ];
}

const moveRoutes: readonly Route[] = [
  actRoute(
    "organisation",
    "projects",
    "Puts a project into the organisation.",
    form({ project: projectField }),
    (runtime, { actor, body, now }, place) =>
      moveIn(runtime, actor.account, { organisation: place.slug, project: body.project }, now),
  ),
  actRoute(
    "organisation",
    "projects/remove",
    "Takes a project out of the organisation.",
    form({ project: projectField }),
    (runtime, { actor, body, now }, place) =>
      takeOut(runtime, actor.account, { organisation: place.slug, project: body.project }, now),
  ),
];

const typedPart = line({ max: 300, min: 0 }).optional().default("");

const publisherRoutes: readonly Route[] = [
  actRoute(
    "project",
    "publishers",
    "Registers something that runs at another service as a trusted publisher.",
    form({
      issuer: line({ max: 300, missing: "Please choose a service." }),
      repository: typedPart,
      workflow: typedPart,
      environment: typedPart,
      subject: typedPart,
    }),
    (runtime, { actor, body: { _csrf, ...typed }, now }, place) =>
      addPublisher(runtime, actor.account, { project: place.slug, ...typed }, now),
    ({ _csrf, ...typed }) => typed,
  ),
  actRoute(
    "project",
    "publishers/remove",
    "Takes a trusted publisher away.",
    form({ id: idField("pub").transform((id) => id as PublisherId) }), // its shape was checked by idField
    (runtime, { actor, body, now }, place) =>
      removePublisher(runtime, actor.account, { project: place.slug, id: body.id }, now),
  ),
];

const pageRoutes = (fetch: GuardedFetch): readonly Route[] => [
  actRoute(
    "project",
    "pages",
    "Looks whether a page that the project names links back to it.",
    form({ url: line({ max: 500, missing: "Please choose a page." }) }),
    (runtime, { actor, body, now }, place) =>
      verifyUrl(runtime, fetch, actor.account, { project: place.slug, url: body.url }, now),
  ),
  actRoute(
    "project",
    "pages/remove",
    "Takes a verified page away.",
    form({ id: idField("url").transform((id) => id as ProjectUrlId) }), // its shape was checked by idField
    (runtime, { actor, body, now }, place) =>
      removeUrl(runtime, actor.account, { project: place.slug, id: body.id }, now),
  ),
];
