import { z } from "zod";
import {
  badge,
  button,
  emptyState,
  field,
  hidden,
  html,
  type Html,
  pagination,
  table,
  time,
} from "../kernel/html/index.ts";
import { defineRoute, page, type Route } from "../kernel/http/index.ts";
import {
  type CaseState,
  CAUSES,
  caseLifecycle,
  countByState,
  listQueue,
  type RecoveryCase,
  type RecoveryRuntime,
} from "../recovery/index.ts";
import { deskLayout } from "./layout.ts";
import { anyStaffGuard } from "./sign-in.ts";
import { STATE_TONE, inWords } from "./wording.ts";

/** Lanes by who has the next move; incidents first. */
const LANES = {
  incident: { label: "Incidents", states: ["contested", "incident"] },
  us: { label: "Waiting for us", states: ["review", "second-review"] },
  them: { label: "Waiting for them", states: ["unconfirmed", "collecting", "information-requested", "ready"] },
  clock: { label: "Waiting time runs", states: ["waiting"] },
  done: { label: "Ended", states: ["restored", "refused", "withdrawn", "expired"] },
} as const satisfies Readonly<Record<string, { readonly label: string; readonly states: readonly CaseState[] }>>;

type Lane = keyof typeof LANES;
const PER_PAGE = 50;

const query = z.strictObject({
  lane: z.enum(Object.keys(LANES) as [Lane, ...Lane[]]).optional(), // the keys of LANES are its lanes
  search: z.string().max(100).optional(),
  page: z.coerce.number().int().min(1).max(10_000).optional().default(1),
});

const row = (one: RecoveryCase, now: Date): readonly (Html | string)[] => [
  html`<a href="/console/cases/${one.number}">${one.number}</a>`,
  one.claimedName,
  badge({ tone: STATE_TONE[one.state], text: inWords(one.state) }),
  one.decision ? `Tier ${one.decision.tier}` : "–",
  CAUSES[one.cause],
  time(one.stateSince, now, "relative"),
  one.waitEndsAt && one.state === "waiting" ? time(one.waitEndsAt, now, "relative") : "–",
];

/** The queue: what waits for whom, oldest first. */
export const queueRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/console",
    about: "The queue in lanes, with search.",
    guard: anyStaffGuard,
    query,
    handle: async (_, request) => {
      const counts = await countByState(runtime.db);
      const sizeOf = (lane: Lane) => LANES[lane].states.reduce((sum, state) => sum + (counts.get(state) ?? 0), 0);
      const fullest = (["incident", "us", "them"] as const).find((one) => sizeOf(one) > 0) ?? "us";
      const lane = request.query.lane ?? (request.query.search ? undefined : fullest);
      const states = lane ? LANES[lane].states : (Object.keys(caseLifecycle.states) as CaseState[]);
      const search = request.query.search?.trim() || undefined;
      const { cases, total } = await listQueue(runtime.db, {
        states,
        ...(search === undefined ? {} : { search }),
        limit: PER_PAGE,
        offset: (request.query.page - 1) * PER_PAGE,
      });
      const params = new URLSearchParams({ ...(lane ? { lane } : {}), ...(search ? { search } : {}) });
      const body = html`
        <h1>Recovery cases</h1>
        <nav class="lanes" aria-label="Lanes">
          <ul>${(Object.keys(LANES) as Lane[]).map(
            (one) =>
              html`<li><a href="/console?lane=${one}" aria-current="${one === lane ? "page" : "false"}">${LANES[one].label} <span class="count">${sizeOf(one)}</span></a></li>`,
          )}</ul>
        </nav>
        <form method="get" action="/console" role="search" class="search">
          ${lane ? hidden("lane", lane) : null}
          ${field({ name: "search", label: "Case number or username", value: search, maxlength: 100, autocomplete: "off" })}
          ${button({ label: "Search", kind: "secondary" })}
        </form>
        ${
          cases.length === 0
            ? emptyState({
                title: search ? "Nothing found" : "Nothing here",
                body: html`<p>${search ? "No case has that number or name in this lane." : "No case waits in this lane."}</p>`,
              })
            : table({
                caption: `${total} ${total === 1 ? "case" : "cases"}, longest in their state first`,
                columns: ["Case", "Name claimed", "State", "Tier", "Cause", "In this state since", "Wait ends"],
                rows: cases.map((one) => row(one, request.now)),
                empty: "",
                isKeyed: true,
              })
        }
        ${pagination({ page: request.query.page, pages: Math.max(1, Math.ceil(total / PER_PAGE)), href: (number) => `/console?${params.toString()}&page=${number}` })}`;
      return page(deskLayout(runtime, request, { title: "Recovery cases", body, staff: request.actor }));
    },
  }),
];
