import assert from "node:assert/strict";
import { test } from "node:test";
import { isSettled } from "./unlock.ts";

const DAY = 24 * 3600_000;
const CREATED = new Date("2026-01-01T00:00:00Z");
const after = (days: number): Date => new Date(CREATED.getTime() + days * DAY);

test("what was bound a week before the lock counts, and what belongs to the setting up of the account", () => {
  const locked = after(100);
  assert(isSettled(after(50), locked, CREATED));
  assert(isSettled(after(93), locked, CREATED), "seven days to the millisecond");
  assert(!isSettled(new Date(after(93).getTime() + 1), locked, CREATED));
  assert(!isSettled(after(100), locked, CREATED));
  assert(!isSettled(after(101), locked, CREATED), "bound after the lock");
  assert(isSettled(after(1), after(2), CREATED), "the first day replaces nothing");
  assert(!isSettled(after(1.01), after(2), CREATED));
});
