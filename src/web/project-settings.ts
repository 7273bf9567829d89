import {
  badge,
  button,
  errorSummary,
  form as formElement,
  hidden,
  html,
  type Html,
  table,
  time,
} from "../kernel/html/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { pagesNamedBy, type PlaceView } from "../registry/index.ts";
import { accountFrame, type AccountRequest } from "./account-frame.ts";
import type { FormState } from "./forms.ts";
import { holdsBesideNotice } from "./holds.ts";
import { publishersSection } from "./publishers.ts";
import { act, pathOf, peopleSection } from "./sharing.ts";

/** The page of one project, for who has a role on it: people, organisation, verified pages. */
export async function projectSettingsPage(
  runtime: Runtime,
  request: AccountRequest,
  view: PlaceView,
  state: FormState,
): Promise<Html> {
  const { place, organisation } = view;
  const body = html`
    <p><a href="/account">Your account</a></p>
    <h1>${place.name}</h1>
    <p><a href="/project/${place.slug}/">Its public page</a>${organisation ? html` · Belongs to <a href="${pathOf(organisation)}">${organisation.name}</a>` : null}</p>
    ${await holdsBesideNotice(runtime, request, place.slug)}
    ${await peopleSection(runtime, request, view, state)}
    ${await pagesSection(runtime, request, view, state)}
    ${publishersSection(runtime, request, view, state)}`;
  return accountFrame(runtime, request, place.name, body);
}

async function pagesSection(runtime: Runtime, request: AccountRequest, view: PlaceView, state: FormState) {
  const { place, role, urls } = view;
  const base = pathOf(place);
  const isOwner = role === "owner";
  const named = await pagesNamedBy(runtime, place.slug);
  const known = new Set(urls.map((one) => one.url));
  const verify = (url: string, label: string) =>
    formElement({
      action: `${base}/pages`,
      csrf: request.csrfToken,
      body: html`${hidden("url", url)}${button({ label: html`${label}<span class="visually-hidden"> ${url}</span>`, kind: "secondary" })}`,
    });
  const here = new URL(`/project/${place.slug}/`, runtime.publicUrl).href;
  const rows = [
    ...urls.map((one) => [
      one.url,
      one.lostAt
        ? html`${badge({ tone: "warning", text: "Does not link back" })} since ${time(one.lostAt, request.now, "date")}. Mend it and verify it again, or remove it.`
        : html`${badge({ tone: "success", text: "Verified" })} since ${time(one.boundAt, request.now, "date")}`,
      isOwner
        ? html`<div class="row-actions">${named.includes(one.url) ? verify(one.url, one.lostAt ? "Verify" : "Look again") : null}${act(request, `${base}/pages/remove`, one.id, html`Remove<span class="visually-hidden"> ${one.url}</span>`)}</div>`
        : "",
    ]),
    ...named
      .filter((url) => !known.has(url))
      .map((url) => [
        url,
        badge({ tone: "neutral", text: "Named, not verified" }),
        isOwner ? verify(url, "Verify") : "",
      ]),
  ];
  return html`
    <h2>Pages of the project</h2>
    <p>A page counts as the project’s when it links back to <code>${here}</code>. If you are ever locked out, a verified page can help to show who you are, from its seventh day. We look again every week.</p>
    ${state.errors["url"] ? errorSummary({ url: state.errors["url"] }) : null}
    ${table({ caption: "Pages that the newest release names", columns: [{ label: "Page", isRowHeader: true }, "State", ""], rows, empty: "The newest release names no page. Add one to the project’s metadata under “Project-URL”." })}`;
}
