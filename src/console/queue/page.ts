import { listStaff } from "../../accounts/index.ts";
import { listLookedAt, listViews } from "../../desk/index.ts";
import {
  button,
  details,
  emptyState,
  errorSummary,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  pagination,
  select,
} from "../../kernel/html/index.ts";
import type { Refusal } from "../../kernel/refusal.ts";
import {
  CAUSES,
  countByState,
  COUNTED,
  listQueue,
  MOST_FOUND,
  type QueuedCase,
  type RecoveryRuntime,
  searchCases,
} from "../../recovery/index.ts";
import type { StaffActor } from "../../sessions/index.ts";
import { deskLayout } from "../layout.ts";
import { doneNotice, type QueueRequest } from "./done.ts";
import {
  addressOf,
  filterOf,
  isFiltered,
  type Lane,
  LANE_NAMES,
  LANES,
  PER_PAGE,
  type QueueQuery,
  TIERS,
  withPart,
} from "./filter.ts";
import { readSearch } from "./search.ts";
import { casesTable } from "./table.ts";

/** Auditors only read. */
const mayHandle = ({ roles }: StaffActor): boolean => roles.some((role) => role !== "auditor");

/** What one visit to the queue shows. */
interface Shown {
  readonly lane: Lane | undefined;
  readonly cases: readonly QueuedCase[];
  readonly caption: string;
  readonly pages: Html | null;
}

const LANE_KEYS: Readonly<Record<Lane, string>> = { incident: "1", us: "2", them: "3", clock: "4", done: "5" };
const counted = (number: number): string => (number > COUNTED ? `${COUNTED.toLocaleString("en-GB")}+` : String(number));
const cases = (number: number): string => `${number} ${number === 1 ? "case" : "cases"}`;

async function laneSizes(runtime: RecoveryRuntime): Promise<Readonly<Record<Lane, number>>> {
  const counts = await countByState(
    runtime.db,
    LANE_NAMES.flatMap((lane) => [...LANES[lane].states]),
  );
  const sizeOf = (lane: Lane) => LANES[lane].states.reduce((sum, state) => sum + (counts.get(state) ?? 0), 0);
  return Object.fromEntries(LANE_NAMES.map((lane) => [lane, sizeOf(lane)])) as Record<Lane, number>; // of every lane
}

const ORDER_WORDS = {
  "longest-first": "longest in their state first",
  "ends-first": "the next to end first",
  "newest-first": "the last to end first",
} as const;

async function showLane(
  runtime: RecoveryRuntime,
  request: QueueRequest,
  query: QueueQuery,
  lane: Lane,
): Promise<Shown> {
  const { cases: found, next } = await listQueue(runtime.db, filterOf(query, lane, request.actor));
  const params = addressOf(query, lane);
  const pages =
    next === null && query.after === undefined
      ? null
      : html`<nav class="pagination" aria-label="Pages">
          ${query.after === undefined ? null : html`<a class="button button-secondary" href="${withPart(params, "after", undefined)}">First page</a>`}
          ${next === null ? html`<span>The end</span>` : html`<a class="button button-secondary" rel="next" data-key="n" aria-keyshortcuts="n" href="${withPart(params, "after", next)}">Next ${PER_PAGE}</a>`}
        </nav>`;
  return { lane, cases: found, caption: `${LANES[lane].label}, ${ORDER_WORDS[LANES[lane].order]}`, pages };
}

async function showFound(runtime: RecoveryRuntime, query: QueueQuery, typed: string): Promise<Shown> {
  const search = await readSearch(runtime.db, typed);
  const { cases: found, total } = await searchCases(runtime.db, search, {
    limit: PER_PAGE,
    offset: (query.page - 1) * PER_PAGE,
  });
  const params = addressOf(query, undefined);
  const caption =
    total >= MOST_FOUND
      ? `The first ${MOST_FOUND} of many: type a little more to narrow them`
      : `${cases(total)} found, open ones first`;
  const pages = pagination({
    page: query.page,
    pages: Math.max(1, Math.ceil(total / PER_PAGE)),
    href: (number) => withPart(params, "page", String(number)),
  });
  return { lane: undefined, cases: found, caption, pages };
}

const lanesNav = (sizes: Readonly<Record<Lane, number>>, current: Lane | undefined): Html => html`
  <nav class="lanes" aria-label="Lanes">
    <ul>${LANE_NAMES.map(
      (lane) =>
        html`<li><a href="/console?lane=${lane}" aria-current="${lane === current ? "page" : "false"}" data-key="${LANE_KEYS[lane]}" aria-keyshortcuts="${LANE_KEYS[lane]}">${LANES[lane].label} <span class="count">${counted(sizes[lane])}</span></a></li>`,
    )}</ul>
  </nav>`;

const filters = (query: QueueQuery, lane: Lane | undefined): Html => html`
  <form method="get" action="/console" class="filters search" role="search">
    ${field({ name: "search", type: "search", label: "Case number, name, address or project", value: query.search, maxlength: 100, autocomplete: "off", spellcheck: false, key: "/" })}
    ${button({ label: "Search", kind: "secondary" })}
  </form>
  ${
    lane === undefined
      ? null
      : html`<form method="get" action="/console" class="filters">
          ${hidden("lane", lane)}
          ${select({ name: "who", label: "Taken by", value: query.who ?? "", options: [ANY, { value: "me", label: "Me" }, { value: "nobody", label: "Nobody" }] })}
          ${select({ name: "tier", label: "Tier", value: query.tier ?? "", options: [ANY, ...TIERS.map((tier) => ({ value: tier, label: `Tier ${tier}` }))] })}
          ${select({ name: "cause", label: "Cause", value: query.cause ?? "", options: [ANY, ...Object.entries(CAUSES).map(([value, label]) => ({ value, label }))] })}
          ${button({ label: "Filter", kind: "secondary" })}
          ${isFiltered(query) ? html`<a href="/console?lane=${lane}">Without filter</a>` : null}
        </form>`
  }`;
const ANY = { value: "", label: "Any" };

/** Views that this person keeps, and a way to keep this one. */
async function viewsPart(runtime: RecoveryRuntime, request: QueueRequest, address: string): Promise<Html> {
  const { csrfToken, actor } = request;
  const views = await listViews(runtime.db, actor.account.id);
  const list = views.map(
    (view) => html`<li><a href="/console?${view.query}">${view.name}</a>
      ${formElement({ action: "/console/views/remove", csrf: csrfToken, class: "inline", body: html`${hidden("id", view.id)}${button({ label: html`Remove<span class="visually-hidden"> the view ${view.name}</span>`, kind: "secondary" })}` })}</li>`,
  );
  const keep = formElement({
    action: "/console/views",
    csrf: csrfToken,
    class: "filters",
    body: html`${hidden("query", address)}
      ${field({ name: "name", label: "Keep what you see now under a name", maxlength: 60, required: true, autocomplete: "off" })}
      ${button({ label: "Keep", kind: "secondary" })}`,
  });
  return details({
    summary: views.length === 0 ? "Your views" : `Your views (${views.length})`,
    body: html`${views.length === 0 ? html`<p>A lane with its filter, kept under a name, is one click away here.</p>` : html`<ul class="views">${list}</ul>`}${keep}`,
  });
}

const nothing = (query: QueueQuery): Html => {
  if (query.search)
    return emptyState({
      title: "Nothing found",
      body: html`<p>Searched for: the beginning of a case number or username, a whole mail address, a project's name.</p>`,
    });
  return isFiltered(query)
    ? emptyState({ title: "Nothing here", body: html`<p>No case of this lane fits the filter.</p>` })
    : emptyState({ title: "Nothing here", body: html`<p>No case waits in this lane.</p>` });
};

/** The queue: what waits for whom, in lanes, with search, filters, views, and acts on several cases at once. */
export async function queuePage(
  runtime: RecoveryRuntime,
  request: QueueRequest,
  query: QueueQuery,
  refusal?: Refusal,
): Promise<Html> {
  const { actor, now } = request;
  const [sizes, staff] = await Promise.all([laneSizes(runtime), listStaff(runtime.db)]);
  const fullest = (["incident", "us", "them"] as const).find((lane) => sizes[lane] > 0) ?? "us";
  const typed = query.search?.trim();
  const lane = query.lane ?? (typed ? undefined : fullest);
  const shown =
    typed && query.lane === undefined
      ? await showFound(runtime, query, typed)
      : await showLane(runtime, request, query, lane ?? fullest);
  const ids = shown.cases.map(({ id }) => id);
  const lookedAt = await listLookedAt(runtime.db, ids, actor.account.id, now);
  const names = new Map(staff.map(({ id, username }) => [id, username]));
  const isSelectable = mayHandle(actor);
  const address = addressOf(query, shown.lane).toString();
  const list = casesTable(shown.cases, {
    now,
    caption: shown.caption,
    isSelectable,
    nameOf: (id) => (id === actor.account.id ? "You" : (names.get(id) ?? "somebody who has left")),
    lookedAt,
  });
  const body = html`
    <h1>Recovery cases</h1>
    ${await doneNotice(runtime, request, query)}
    ${errorSummary({}, refusal?.title)}
    ${lanesNav(sizes, shown.lane)}
    ${filters(query, shown.lane)}
    ${
      shown.cases.length === 0
        ? nothing(query)
        : isSelectable
          ? formElement({
              action: "/console/bulk",
              csrf: request.csrfToken,
              body: html`${hidden("back", address)}${list}${bulkBar(staff, actor)}`,
            })
          : list
    }
    ${shown.pages}
    ${await viewsPart(runtime, request, address)}`;
  return deskLayout(runtime, request, { title: "Recovery cases", body, staff: actor });
}

/** What can be done with the cases that are ticked. */
const bulkBar = (staff: Awaited<ReturnType<typeof listStaff>>, actor: StaffActor): Html => html`
  <fieldset class="bulk">
    <legend>With the cases you have ticked</legend>
    <p class="muted" role="status" data-picked></p>
    ${button({ label: "Take them", name: "act", value: "take", kind: "secondary", key: "t" })}
    ${button({ label: "Give them back", name: "act", value: "give-back", kind: "secondary" })}
    ${button({ label: "Ask whether still needed", name: "act", value: "still-needed", kind: "secondary" })}
    <span class="bulk-give">
      ${select({ name: "to", label: "Give to", value: actor.account.id, options: staff.map(({ id, username }) => ({ value: id, label: username })) })}
      ${button({ label: "Give", name: "act", value: "give", kind: "secondary" })}
    </span>
  </fieldset>`;
