import { z } from "zod";
import { asOwnerSees, describeAct, listEvents, type StoredAuditEvent } from "../audit/index.ts";
import { html, type Html, table, time } from "../kernel/html/index.ts";
import { defineRoute, page, type Route, text } from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { subscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest } from "./account-frame.ts";
import { describeBrowser } from "./wording.ts";

const HISTORY_PAGE = 50;

const personal = (event: StoredAuditEvent, name: string): string => String(event.personal?.[name] ?? "");

async function historyPage(runtime: Runtime, request: AccountRequest, before: bigint | undefined): Promise<Html> {
  const events = await listEvents(runtime.db, {
    accountId: request.actor.account.id,
    limit: HISTORY_PAGE,
    ...(before === undefined ? {} : { before }),
  });
  const last = events.at(-1);
  const body = html`
    <h1>Account history</h1>
    <p>Everything that happened around your account's security. Something you do not recognise? <a href="/help/something-is-wrong">What to do</a>.</p>
    ${table({
      caption: "Events, newest first",
      columns: ["When", "What", "Network", "Browser"],
      rows: events.map((event) => [
        time(event.at, request.now),
        describeAct(event),
        personal(event, "ip"),
        personal(event, "userAgent") ? describeBrowser(personal(event, "userAgent")) : "",
      ]),
      empty: "Nothing yet.",
    })}
    <p>${events.length === HISTORY_PAGE && last ? html`<a href="/account/history?before=${last.seq.toString()}">Older events</a> · ` : null}<a href="/account/history.json">Download as JSON</a></p>`;
  return accountFrame(runtime, request, "Account history", body);
}

export const historyRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account/history",
    about: "Security events of the account.",
    guard: subscriberGuard,
    query: z.strictObject({
      before: z
        .string()
        .regex(/^\d{1,18}$/)
        .transform(BigInt)
        .optional(),
    }),
    handle: async (runtime, request) => page(await historyPage(runtime, request, request.query.before)),
  }),
  defineRoute({
    method: "GET",
    path: "/account/history.json",
    about: "The same as JSON, newest first, at most ten thousand.",
    guard: subscriberGuard,
    handle: async (runtime, request) => {
      const events = await listEvents(runtime.db, { accountId: request.actor.account.id, limit: 10_000 });
      const rows = events.map(asOwnerSees).map((event) => ({ ...event, seq: event.seq.toString() }));
      return text(JSON.stringify(rows, null, 2), {
        type: "application/json",
        headers: { "content-disposition": 'attachment; filename="account-history.json"' },
      });
    },
  }),
];
