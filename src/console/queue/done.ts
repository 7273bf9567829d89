import { button, form as formElement, hidden, html, type Html, notice } from "../../kernel/html/index.ts";
import type { HttpRequest } from "../../kernel/http/index.ts";
import { isId } from "../../kernel/ids.ts";
import { findBatch, type RecoveryRuntime, UNDO_MS } from "../../recovery/index.ts";
import type { StaffActor } from "../../sessions/index.ts";
import { addressOf, type QueueQuery } from "./filter.ts";

export type QueueRequest = HttpRequest<StaffActor, unknown, unknown, unknown>;

const counted = (count: number): string => `${count} ${count === 1 ? "case" : "cases"}`;

/** What was just done to several cases, with the way to take it back as long as there is one. */
export async function doneNotice(
  runtime: RecoveryRuntime,
  request: QueueRequest,
  query: QueueQuery,
): Promise<Html | null> {
  const { batch: id, left = 0 } = query;
  const rest = left > 0 ? `${counted(left)} left as before: done already, or not in a state for it.` : "";
  if (id === undefined)
    return left > 0 ? notice({ tone: "info", title: "Nothing was done.", body: html`<p>${rest}</p>` }) : null;
  const batch = isId("bat", id) ? await findBatch(runtime.db, id, request.actor.account.id) : null;
  if (!batch) return null;
  if (batch.isUndone) return notice({ tone: "info", title: "Taken back." });
  const until = new Date(batch.doneAt.getTime() + UNDO_MS);
  const isAsked = batch.act === "still-needed";
  const title = `${counted(batch.items.length)} ${isAsked ? "will be asked whether they are still needed" : "changed hands"}.`;
  const more = [isAsked ? "The mails go out in five minutes." : "", rest].join(" ").trim();
  const undo = formElement({
    action: "/console/bulk/undo",
    csrf: request.csrfToken,
    body: html`${hidden("batch", batch.id)}${hidden("back", addressOf(query, query.lane).toString())}${button({ label: "Take it back", kind: "secondary", key: "u" })}`,
  });
  return notice({
    tone: "success",
    title,
    body: html`${more === "" ? null : html`<p>${more}</p>`}${request.now < until ? undo : null}`,
  });
}
