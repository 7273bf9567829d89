export { undoRefusals } from "./refusals.ts";
export {
  beginUndo,
  decideChange,
  finishUndo,
  isOpen,
  isUndoUrged,
  type Item,
  type Listing,
  type UndoView,
  viewUndo,
} from "./review.ts";
export { eraseUndo, undoData } from "./store.ts";
export type { Change, Told, Verdict } from "./types.ts";
export { type Choice, FURTHEST_DAYS, type Moments, OPEN_DAYS } from "./window.ts";
