import type { Runtime } from "../kernel/runtime.ts";
import type { LoadedPolicy } from "./policy/index.ts";

/** What recovery's use cases are given: the runtime, and the policy that decides. */
export interface RecoveryRuntime extends Runtime {
  readonly policy: LoadedPolicy;
}
