import { listAccounts } from "../accounts/index.ts";
import {
  badge,
  button,
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
import type { AccountId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { mayChange, type Place, type PlaceView, rolesOf, type SharedRole } from "../registry/index.ts";
import type { AccountRequest } from "./account-frame.ts";
import type { FormState } from "./forms.ts";

/* What the pages of projects and of organisations have in common: who shares it, who is invited, and inviting. */

export const pathOf = ({ kind, slug }: Pick<Place, "kind" | "slug">): string => `/account/${kind}s/${slug}`;

const ROLE_HINT: Readonly<Record<Place["kind"], string>> = {
  project: "Owners publish and change who shares it. Maintainers publish.",
  organisation: "Owners change everything. Managers own the projects and invite members. Members publish.",
};

export const capital = (word: string): string => word.replace(/^./, (first) => first.toUpperCase());

const roleOptions = (kind: Place["kind"], roles: readonly SharedRole[]) =>
  rolesOf(kind)
    .filter((role) => roles.includes(role))
    .map((role) => ({ value: role, label: capital(role) }));

/** A button of one row. */
export const act = (request: AccountRequest, action: string, id: string, label: Html | string): Html =>
  formElement({
    action,
    csrf: request.csrfToken,
    body: html`${hidden("id", id)}${button({ label, kind: "secondary" })}`,
  });

const namesOf = async (runtime: Runtime, ids: readonly AccountId[]): Promise<ReadonlyMap<AccountId, string>> =>
  new Map((await listAccounts(runtime.db, ids)).map((one) => [one.id, one.username]));

/** The roles that whoever looks at the page may give. */
const givable = ({ place, role }: PlaceView): readonly SharedRole[] =>
  rolesOf(place.kind).filter((other) => mayChange(place.kind, role, other));

/** Who shares a place, with what may be changed; who is invited; and the form to invite somebody. */
export async function peopleSection(
  runtime: Runtime,
  request: AccountRequest,
  view: PlaceView,
  state: FormState,
): Promise<Html> {
  const { place, invitations } = view;
  const owners = new Set(
    view.sharers.flatMap((one) => (one.through === null && one.role === "owner" ? [one.accountId] : [])),
  );
  const sharers = view.sharers.filter((one) => one.through === null || !owners.has(one.accountId)); // each once is enough
  const base = pathOf(place);
  const names = await namesOf(runtime, [
    ...sharers.map((one) => one.accountId),
    ...invitations.flatMap((one) => [one.invitedBy, ...(one.accountId ? [one.accountId] : [])]),
  ]);
  const me = request.actor.account.id;
  const mine = givable(view);
  const nameOf = (id: AccountId) => names.get(id) ?? "Somebody";
  const hiddenName = (name: string) => html`<span class="visually-hidden"> ${name}</span>`;
  const rows = sharers.map((one) => [
    one.accountId === me
      ? html`${nameOf(one.accountId)} ${badge({ tone: "info", text: "You" })}`
      : nameOf(one.accountId),
    one.through === null ? capital(one.role) : html`${capital(one.role)}, through ${one.through}`,
    time(one.since, request.now, "date"),
    one.through !== null
      ? ""
      : one.accountId === me
        ? formElement({
            action: `${base}/leave`,
            csrf: request.csrfToken,
            body: button({ label: "Leave", kind: "secondary" }),
          })
        : mine.includes(one.role)
          ? html`<div class="row-actions">${mine
              .filter((role) => role !== one.role)
              .map((role) =>
                formElement({
                  action: `${base}/role`,
                  csrf: request.csrfToken,
                  body: html`${hidden("id", one.accountId)}${hidden("role", role)}${button({ label: html`Make ${role}${hiddenName(nameOf(one.accountId))}`, kind: "secondary" })}`,
                }),
              )}${act(request, `${base}/remove`, one.accountId, html`Remove${hiddenName(nameOf(one.accountId))}`)}</div>`
          : "",
  ]);
  return html`
    <h2>Who shares it</h2>
    ${table({ caption: "People", columns: [{ label: "Who", isRowHeader: true }, "Role", "Since", ""], rows, empty: "Nobody." })}
    ${
      invitations.length === 0
        ? null
        : html`<h2>Invited</h2>${table({
            caption: "Not answered yet",
            columns: [{ label: "Who", isRowHeader: true }, "As", "By", "Until", ""],
            rows: invitations.map((one) => [
              one.accountId ? nameOf(one.accountId) : (one.address ?? ""),
              capital(one.role),
              nameOf(one.invitedBy),
              time(one.expiresAt, request.now, "date"),
              mine.includes(one.role) ? act(request, `${base}/withdraw`, one.id, "Take back") : "",
            ]),
            empty: "",
          })}`
    }
    ${mine.length === 0 ? null : inviteForm(request, place, mine, state)}`;
}

const inviteForm = (
  request: AccountRequest,
  place: Place,
  roles: readonly SharedRole[],
  state: FormState,
): Html => html`
  <h2>Invite somebody</h2>
  ${errorSummary(state.errors, state.general)}
  ${formElement({
    action: `${pathOf(place)}/invite`,
    csrf: request.csrfToken,
    body: html`
      ${field({ name: "who", label: "Username, or mail address", hint: "They get a mail and decide within 14 days.", autocomplete: "off", value: state.values["who"], error: state.errors["who"], required: true, maxlength: 254, spellcheck: false })}
      ${select({ name: "role", label: "As", hint: ROLE_HINT[place.kind], value: state.values["role"] ?? roles.at(-1) ?? "", options: roleOptions(place.kind, roles), error: state.errors["role"] })}
      ${button({ label: "Invite" })}`,
  })}`;
