import { keepView, removeView } from "../../desk/index.ts";
import { defineRoute, form, idField, line, page, redirect, type Route } from "../../kernel/http/index.ts";
import type { RecoveryRuntime } from "../../recovery/index.ts";
import { anyStaffGuard } from "../sign-in.ts";
import { bulkRoutes } from "./bulk.ts";
import { addressOf, queueQuery } from "./filter.ts";
import { queuePage } from "./page.ts";

/** The address of a view, written anew from what was read of it. */
function readAddress(text: string): string {
  const read = queueQuery.safeParse(Object.fromEntries(new URLSearchParams(text)));
  return read.success ? addressOf(read.data, read.data.lane).toString() : "";
}

export const queueRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/console",
    about: "The queue in lanes, with search, filters and views.",
    guard: anyStaffGuard,
    query: queueQuery,
    handle: async (_, request) => page(await queuePage(runtime, request, request.query)),
  }),
  ...bulkRoutes(runtime),
  defineRoute({
    method: "POST",
    path: "/console/views",
    about: "Keeps a view of the queue under a name.",
    guard: anyStaffGuard,
    body: form({ name: line({ max: 60, missing: "Please give the view a name." }), query: line({ max: 400, min: 0 }) }),
    handle: async (_, request) => {
      const { name } = request.body;
      const query = readAddress(request.body.query);
      const kept = await keepView(runtime, request.actor.account.id, { name, query }, request.now);
      if (kept.ok) return redirect(`/console?${query}`);
      return page(await queuePage(runtime, request, queueQuery.parse({}), kept.refusal), {
        status: kept.refusal.status,
      });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/console/views/remove",
    about: "Removes a view of one's own.",
    guard: anyStaffGuard,
    body: form({ id: idField("view") }),
    handle: async (_, request) => {
      await removeView(runtime, request.actor.account.id, request.body.id, request.now);
      return redirect("/console");
    },
  }),
];
