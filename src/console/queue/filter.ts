import { z } from "zod";
import { line } from "../../kernel/http/index.ts";
import type { StaffActor } from "../../sessions/index.ts";
import {
  type CaseState,
  CAUSES,
  type Cause,
  isQueuePlace,
  type QueueFilter,
  type QueueOrder,
} from "../../recovery/index.ts";

/** Lanes by who has the next move; incidents first. Each with the order in which it is worked off. */
export const LANES = {
  incident: {
    label: "Incidents",
    order: "longest-first",
    states: ["contested", "incident", "disputed", "disputed-second"],
  },
  us: { label: "Waiting for us", order: "longest-first", states: ["review", "second-review"] },
  them: {
    label: "Waiting for them",
    order: "longest-first",
    states: ["unconfirmed", "collecting", "information-requested", "ready"],
  },
  clock: { label: "Waiting time runs", order: "ends-first", states: ["waiting"] },
  done: { label: "Ended", order: "newest-first", states: ["restored", "reversed", "refused", "withdrawn", "expired"] },
} as const satisfies Readonly<
  Record<string, { readonly label: string; readonly order: QueueOrder; readonly states: readonly CaseState[] }>
>;

export type Lane = keyof typeof LANES;
export const LANE_NAMES = Object.keys(LANES) as readonly Lane[]; // the keys of LANES are its lanes
export const PER_PAGE = 50;
export const TIERS = ["0", "1", "2", "3"] as const;

/** An empty choice of a form counts as none. */
const choice = <T extends z.ZodType>(of: T) =>
  z.preprocess((value) => (value === "" ? undefined : value), of.optional());

/** What the queue's address may say. */
export const queueQuery = z.strictObject({
  lane: choice(z.enum(LANE_NAMES as [Lane, ...Lane[]])),
  search: choice(line({ max: 100, min: 0 })),
  tier: choice(z.enum(TIERS)),
  cause: choice(z.enum(Object.keys(CAUSES) as [Cause, ...Cause[]])), // the keys of CAUSES are the causes
  who: choice(z.enum(["me", "nobody"])),
  after: choice(z.string().max(80).refine(isQueuePlace, "This page of the queue is not there any more.")),
  page: z.coerce.number().int().min(1).max(10).optional().default(1),
  batch: choice(z.string().max(40)),
  left: choice(z.coerce.number().int().min(0).max(50)),
});

export type QueueQuery = z.output<typeof queueQuery>;

/** The parts of the address that make a view: which cases, and not where in them. */
export function addressOf(query: QueueQuery, lane: Lane | undefined): URLSearchParams {
  const { search, tier, cause, who } = query;
  const all = { lane, search: search?.trim() || undefined, tier, cause, who };
  return new URLSearchParams(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** The address with something put in or, where it is undefined, taken out. */
export function withPart(params: URLSearchParams, name: string, value: string | undefined): string {
  const changed = new URLSearchParams(params);
  if (value === undefined) changed.delete(name);
  else changed.set(name, value);
  return `/console?${changed.toString()}`;
}

/** Whether anything besides the lane narrows the queue. */
export const isFiltered = ({ tier, cause, who }: QueueQuery): boolean =>
  [tier, cause, who].some((one) => one !== undefined);

export function filterOf(query: QueueQuery, lane: Lane, actor: StaffActor): QueueFilter {
  const { order, states } = LANES[lane];
  const { tier, cause, who, after } = query;
  return {
    states,
    order,
    tier: tier === undefined ? undefined : Number(tier),
    cause,
    assignedTo: who === undefined ? undefined : who === "me" ? actor.account.id : null,
    after,
    limit: PER_PAGE,
  };
}
