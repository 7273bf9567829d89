export {
  askDeletion,
  type DeletionWork,
  findPendingDeletion,
  keepAccount,
  keepAccountByLink,
  obstaclesNow,
  peekKeepLink,
  runDueDeletions,
} from "./deletion.ts";
export { exportAccount } from "./export.ts";
export type { DeletionFacts, Obstacle } from "./obstacles.ts";
export { DELETION_DAYS, KEEP_DAYS } from "./periods.ts";
export { privacyRefusals } from "./refusals.ts";
export { eraseOldData, type RetentionWork } from "./retention.ts";
export {
  type KeyNeed,
  type Retirement,
  retireKeys,
  rotateKeys,
  type RotationSetting,
  type RotationWork,
  sealedColumns,
} from "./rotation.ts";
export type { PendingDeletion } from "./store.ts";
