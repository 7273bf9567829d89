export { type Run } from "./rules.ts";
export { findRun, noteWrongPassword } from "./runs.ts";
export { type Watched, watchAccounts } from "./watch.ts";
