import type { Account } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import { transact } from "../kernel/db/transact.ts";
import type { Refusal } from "../kernel/refusal.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { Self } from "../security-settings/index.ts";
import { laterOf } from "./due.ts";
import type { Ask, Pending, WayKind } from "./kind.ts";
import { drillRefusals } from "./refusals.ts";
import { listTests, setTested } from "./store.ts";
import type { Way } from "./types.ts";
import { wayKinds } from "./ways.ts";

/** Every way back that the account has, with when each last worked. Reads only. */
export async function listWays(reader: Reader, account: Account): Promise<readonly Way[]> {
  const tests = await listTests(reader, account.id);
  const listed: Way[] = [];
  for (const kind of wayKinds) listed.push(...(await kind.list(reader, account)));
  return listed.map((way) => ({ ...way, lastTestedAt: laterOf(way.lastTestedAt, tests.get(way.id) ?? null) }));
}

interface Found {
  readonly way: Way;
  readonly kind: WayKind;
}

async function find(runtime: Runtime, self: Self, id: string): Promise<Result<Found>> {
  const way = (await listWays(runtime.db, self.account)).find((one) => one.id === id);
  const kind = wayKinds.find((one) => one.id === way?.kind);
  return way && kind ? ok({ way, kind }) : refuse(drillRefusals["no-such-way"]());
}

/** A test as its page shows it. */
export interface Test {
  readonly way: Way;
  readonly ask: Ask;
  readonly pending: Pending | null;
}

/** What testing a way of the account asks for, and what is under way. Refuses what is not one of its ways. */
export async function lookAtTest(runtime: Runtime, self: Self, id: string): Promise<Result<Test>> {
  const found = await find(runtime, self, id);
  if (!found.ok) return found;
  const { way, kind } = found.value;
  return ok({ way, ask: kind.ask, pending: (await kind.pending?.(runtime, self, way)) ?? null });
}

/** Starts a test of two steps: mails a code, makes a text to sign, asks a contact. */
export async function beginTest(runtime: Runtime, self: Self, id: string): Promise<Result<undefined>> {
  const found = await find(runtime, self, id);
  if (!found.ok) return found;
  const { way, kind } = found.value;
  return kind.begin ? kind.begin(runtime, self, way) : refuse(drillRefusals["nothing-to-begin"]());
}

/**
 * Checks an answer without using the way up, and notes that the way works. A wrong answer is on the account's history,
 * since a thief in a session would guess here. Refuses as signing in does, with the same counters.
 */
export async function testWay(runtime: Runtime, self: Self, id: string, answer: string): Promise<Result<Way>> {
  const found = await find(runtime, self, id);
  if (!found.ok) return found;
  const { way, kind } = found.value;
  if (!kind.verify) return refuse(drillRefusals["no-answer-here"]());
  const settle = await kind.verify(runtime, self, way, answer);
  if (!settle.ok) return failed(runtime, self, way, settle.refusal);
  const done = await transact(runtime.db, { now: self.now }, async (tx): Promise<Result<undefined>> => {
    const settled = await settle.value(tx);
    if (!settled.ok) return settled;
    await setTested(tx, self.account.id, way.id);
    audit(tx, runtime.random, { act: "drill/way-tested", ...eventOf(self, way) });
    return ok();
  });
  return done.ok ? ok({ ...way, lastTestedAt: self.now }) : failed(runtime, self, way, done.refusal);
}

const eventOf = (self: Self, way: Way, refusal: string | null = null) => ({
  actor: { kind: "subscriber", id: self.account.id } as const,
  accountId: self.account.id,
  facts: { way: way.id, kind: way.kind, refusal },
  personal: { ...self.source },
});

/** Whoever waits or has nothing to answer has tried nothing; everything else is written down. */
async function failed(runtime: Runtime, self: Self, way: Way, refusal: Refusal): Promise<Result<never>> {
  if (refusal.status !== 429 && refusal.code !== "drill/not-begun")
    await transact(runtime.db, { now: self.now }, async (tx) => {
      audit(tx, runtime.random, { act: "drill/way-failed", ...eventOf(self, way, refusal.code) });
      return ok();
    });
  return refuse(refusal);
}
