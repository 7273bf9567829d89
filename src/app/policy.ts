import type { Refusal } from "../kernel/refusal.ts";
import type { policy as policies } from "../recovery/index.ts";
import { isLoopback } from "./config.ts";
import { EXIT, Failure } from "./failure.ts";

export type LoadedPolicy = policies.LoadedPolicy;

/** A policy that may be used, with the proof that it may. */
export interface CheckedPolicy {
  readonly policy: LoadedPolicy;
  readonly report: policies.PolicyReport;
}

/**
 * Reads the policy file and proves it safe. Throws a Failure (check failed) with what is wrong and where.
 * @param path absolute
 */
export async function loadCheckedPolicy(path: string): Promise<CheckedPolicy> {
  // Loaded here and not above: the command line must not load the whole recovery slice to print its help.
  const { policy: policies } = await import("../recovery/index.ts");
  const loaded = await policies.loadPolicy(path);
  if (!loaded.ok) throw new Failure(EXIT.checkFailed, sentence(loaded.refusal));
  const checked = policies.checkPolicy(loaded.value);
  if (!checked.ok) throw new Failure(EXIT.checkFailed, `${path}:\n${sentence(checked.refusal)}`);
  return { policy: loaded.value, report: checked.value };
}

/** Throws a Failure for a policy whose waits are seconds, where others than this machine can reach the installation. */
export function refuseDemonstration(policy: LoadedPolicy, publicUrl: URL): void {
  if (policy.purpose !== "demonstration" || isLoopback(publicUrl.hostname)) return;
  throw new Failure(
    EXIT.checkFailed,
    `The policy ${policy.version} is for demonstration: its waits protect nobody, and ${publicUrl.origin} is open to others. ` +
      "Set POLICY_FILE to another, or unset it for the one that comes with Locksmith.",
  );
}

const sentence = ({ title, detail }: Refusal): string => (detail === undefined ? title : `${title}\n${detail}`);
