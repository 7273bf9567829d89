export { type Door, type DoorKind, type Holding, type HoldingKind, type Loss } from "./access-graph.ts";
export { type CheckUp, checkUp } from "./check-up.ts";
