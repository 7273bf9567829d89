import { z } from "zod";
import {
  actsOfKind,
  asOwnerSees,
  describeAct,
  EVENT_KINDS,
  type EventKind,
  kindOfAct,
  listEvents,
  type StoredAuditEvent,
} from "../audit/index.ts";
import { toCsv } from "../kernel/csv.ts";
import { exactTime } from "../kernel/calendar.ts";
import { html, type Html, table, time } from "../kernel/html/index.ts";
import { defineRoute, page, type Reply, type Route, text } from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { subscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest } from "./account-frame.ts";
import { eventNumber } from "./lock.ts";
import { describeBrowser } from "./wording.ts";

const HISTORY_PAGE = 50;
const MOST_EXPORTED = 10_000;

const kindField = z.enum(Object.keys(EVENT_KINDS) as [EventKind, ...EventKind[]]).optional(); // its keys are the kinds

const personal = (event: StoredAuditEvent, name: string): string => String(event.personal?.[name] ?? "");

const WHO: Readonly<Record<StoredAuditEvent["actorKind"], string>> = {
  subscriber: "signed in to the account",
  staff: "the desk",
  claimant: "claimant of a recovery case",
  anyone: "somebody not signed in",
  clock: "by itself",
  operator: "the operator",
};

/** Keeps the filter in a link. */
const query = (params: Readonly<Record<string, string | undefined>>): string => {
  const set = Object.entries(params).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return set.length === 0 ? "" : `?${new URLSearchParams(set).toString()}`;
};

const listOf = async (
  runtime: Runtime,
  request: AccountRequest,
  kind: EventKind | undefined,
  limit: number,
  before?: bigint,
): Promise<readonly StoredAuditEvent[]> => {
  const events = await listEvents(runtime.db, {
    accountId: request.actor.account.id,
    limit,
    ...(kind === undefined ? {} : { acts: actsOfKind(kind) }),
    ...(before === undefined ? {} : { before }),
  });
  return events.map(asOwnerSees);
};

const kindLinks = (chosen: EventKind | undefined): Html => {
  const entry = (kind: EventKind | undefined, label: string) =>
    html`<li><a href="/account/history${query({ kind })}" aria-current="${kind === chosen ? "page" : "false"}">${label}</a></li>`;
  const kinds = Object.entries(EVENT_KINDS) as [EventKind, string][]; // as above
  return html`<nav class="lanes" aria-label="Kinds of event"><ul>${[entry(undefined, "Everything"), ...kinds.map(([kind, label]) => entry(kind, label))]}</ul></nav>`;
};

/** Times to the second, since a history is compared with other records. */
const row = (event: StoredAuditEvent, now: Date): readonly (Html | string)[] => [
  html`${time(event.at, now)}<br><small class="muted">${exactTime(event.at)}</small>`,
  describeAct(event),
  html`<span class="unbroken">${personal(event, "ip")}</span>`,
  event.personal?.["userAgent"] === undefined ? "" : describeBrowser(personal(event, "userAgent")),
  html`<a href="/account/lock?event=${event.seq.toString()}">This was not me<span class="visually-hidden">: ${describeAct(event)}, ${exactTime(event.at)}</span></a>`,
];

async function historyPage(
  runtime: Runtime,
  request: AccountRequest,
  { kind, before }: { readonly kind?: EventKind | undefined; readonly before?: bigint | undefined },
): Promise<Html> {
  const events = await listOf(runtime, request, kind, HISTORY_PAGE, before);
  const last = events.at(-1);
  const older = events.length === HISTORY_PAGE && last ? query({ kind, before: last.seq.toString() }) : null;
  const body = html`
    <h1>Account history</h1>
    <p>Everything that happened around your account's security. If something in it was not you, say so beside it: that leads to the button that locks your account. <a href="/help/something-is-wrong">What else to do</a>.</p>
    ${kindLinks(kind)}
    ${table({
      caption: before === undefined ? "Newest first" : "Older events, newest first",
      columns: ["When", "What", "Network", "Browser", ""],
      rows: events.map((event) => row(event, request.now)),
      empty: kind === undefined ? "Nothing yet." : "Nothing of this kind.",
    })}
    <p>${before === undefined ? null : html`<a href="/account/history${query({ kind })}">Newest events</a> · `}${older === null ? null : html`<a href="/account/history${older}">Older events</a> · `}Download: <a href="/account/history.csv${query({ kind })}">CSV</a>, <a href="/account/history.json${query({ kind })}">JSON</a></p>
    <p class="muted">Events stay. Networks, browsers and addresses in them are erased after some time, at the earliest after a year.</p>`;
  return accountFrame(runtime, request, "Account history", body);
}

const download = (body: string, type: string, name: string): Reply =>
  text(body, { type, headers: { "content-disposition": `attachment; filename="${name}"` } });

const CSV_HEADER = ["number", "time (UTC)", "kind", "what", "by", "network", "browser", "act", "details"];

const csvRow = (event: StoredAuditEvent): readonly string[] => [
  event.seq.toString(),
  exactTime(event.at),
  EVENT_KINDS[kindOfAct(event.act)],
  describeAct(event),
  WHO[event.actorKind],
  personal(event, "ip"),
  personal(event, "userAgent"),
  event.act,
  JSON.stringify(event.facts),
];

export const historyRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account/history",
    about: "Security events of the account, by kind.",
    guard: subscriberGuard,
    query: z.strictObject({ before: eventNumber, kind: kindField }),
    handle: async (runtime, request) => page(await historyPage(runtime, request, request.query)),
  }),
  defineRoute({
    method: "GET",
    path: "/account/history.json",
    about: "The same as JSON, newest first, at most ten thousand.",
    guard: subscriberGuard,
    query: z.strictObject({ kind: kindField }),
    handle: async (runtime, request) => {
      const events = await listOf(runtime, request, request.query.kind, MOST_EXPORTED);
      const rows = events.map((event) => ({ ...event, seq: event.seq.toString() }));
      return download(JSON.stringify(rows, null, 2), "application/json", "account-history.json");
    },
  }),
  defineRoute({
    method: "GET",
    path: "/account/history.csv",
    about: "The same as CSV (RFC 4180), for spreadsheets, with nothing in it that a spreadsheet would compute.",
    guard: subscriberGuard,
    query: z.strictObject({ kind: kindField }),
    handle: async (runtime, request) => {
      const events = await listOf(runtime, request, request.query.kind, MOST_EXPORTED);
      return download(
        toCsv(CSV_HEADER, events.map(csvRow)),
        "text/csv; charset=utf-8; header=present",
        "account-history.csv",
      );
    },
  }),
];
