import { z } from "zod";
import { defineRoute, form, idField, line, page, redirect, type Reply, type Route } from "../../kernel/http/index.ts";
import type { AccountId, BatchId } from "../../kernel/ids.ts";
import type { Refusal } from "../../kernel/refusal.ts";
import type { Result } from "../../kernel/result.ts";
import {
  askStillNeeded,
  assignCases,
  type Bulk,
  MOST_AT_ONCE,
  type RecoveryRuntime,
  undoBatch,
} from "../../recovery/index.ts";
import { staffGuard } from "../../sessions/index.ts";
import { CASE_NUMBER } from "../wording.ts";
import { addressOf, queueQuery, type QueueQuery } from "./filter.ts";
import type { QueueRequest } from "./done.ts";
import { queuePage } from "./page.ts";
import { pickField } from "./table.ts";

/** Support works on cases without deciding them; auditors only read. */
const handlerGuard = staffGuard("support", "reviewer", "administrator");

const BOXES = Array.from({ length: MOST_AT_ONCE }, (_, at) => pickField(at + 1));
const number = z.string().regex(CASE_NUMBER, "That is no case number.");
const bulkForm = form({
  ...Object.fromEntries(BOXES.map((name) => [name, number.optional()])),
  act: z.enum(["take", "give-back", "give", "still-needed"], "Please choose what to do."),
  to: idField("acc").optional(),
  back: line({ max: 400, min: 0 }),
});
type BulkBody = z.output<typeof bulkForm>;

const pickedIn = (body: BulkBody): readonly string[] =>
  BOXES.map((name) => (body as Readonly<Record<string, unknown>>)[name]).filter((one) => typeof one === "string");

/** Where somebody came from, as far as it is an address of the queue. */
function backTo(back: string): QueueQuery {
  const read = queueQuery.safeParse(Object.fromEntries(new URLSearchParams(back)));
  return read.success ? read.data : queueQuery.parse({});
}

const addressWith = (query: QueueQuery, more: Readonly<Record<string, string>>): string => {
  const params = addressOf(query, query.lane);
  for (const [name, value] of Object.entries(more)) params.set(name, value);
  return `/console?${params.toString()}`;
};

function actOn(runtime: RecoveryRuntime, request: QueueRequest, body: BulkBody): Promise<Result<Bulk>> {
  const { now, actor } = request;
  const me = actor.account.id;
  const numbers = pickedIn(body);
  if (body.act === "still-needed") return askStillNeeded(runtime, { accountId: me }, { numbers, now });
  const chosen = (body.to ?? me) as AccountId; // its shape was checked by idField
  const to = body.act === "take" ? me : body.act === "give-back" ? null : chosen;
  return assignCases(runtime, { accountId: me }, { numbers, to, now });
}

const refusedPage = async (
  runtime: RecoveryRuntime,
  request: QueueRequest,
  back: string,
  refusal: Refusal,
): Promise<Reply> => page(await queuePage(runtime, request, backTo(back), refusal), { status: refusal.status });

export const bulkRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "POST",
    path: "/console/bulk",
    about: "Takes, gives or gives back several cases at once, or asks whether they are still needed.",
    guard: handlerGuard,
    body: bulkForm,
    invalid: async (_, request, { fields }) =>
      page(
        await queuePage(runtime, request, queueQuery.parse({}), {
          code: "console/bad-input",
          status: 422,
          title: Object.values(fields).join(" "),
          tell: "anyone",
        }),
        { status: 422 },
      ),
    handle: async (_, request): Promise<Reply> => {
      const done = await actOn(runtime, request, request.body);
      if (!done.ok) return refusedPage(runtime, request, request.body.back, done.refusal);
      const { batchId, left } = done.value;
      const more = { ...(batchId ? { batch: batchId } : {}), ...(left > 0 ? { left: String(left) } : {}) };
      return redirect(addressWith(backTo(request.body.back), more));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/console/bulk/undo",
    about: "Takes back what was just done to several cases.",
    guard: handlerGuard,
    body: form({ batch: idField("bat"), back: line({ max: 400, min: 0 }) }),
    handle: async (_, request): Promise<Reply> => {
      const { batch, back } = request.body;
      const reviewer = { accountId: request.actor.account.id };
      const undone = await undoBatch(runtime, reviewer, batch as BatchId, request.now); // its shape was checked by idField
      if (!undone.ok) return refusedPage(runtime, request, back, undone.refusal);
      return redirect(addressWith(backTo(back), { batch }));
    },
  }),
];
