export { deleteOldChallenges, drillData, eraseDrills } from "./account-data.ts";
export { beginTest, listWays, lookAtTest, type Test, testWay } from "./drill.ts";
export { isWaiting, nextToTest, standingOf } from "./due.ts";
export type { Ask, Pending } from "./kind.ts";
export { drillRefusals } from "./refusals.ts";
export { peekReminder, putOffReminder, sweepReminders } from "./remind.ts";
export type { Standing, Way, WayKindId } from "./types.ts";
