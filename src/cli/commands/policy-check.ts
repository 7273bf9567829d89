import { resolve } from "node:path";
import { EXIT } from "../../app/failure.ts";
import { loadCheckedPolicy } from "../../app/policy.ts";
import type { Command } from "../command.ts";

export const policyCheck: Command = {
  name: "policy check",
  summary: "Prove that a policy file lets no attacker in alone.",
  about:
    "Reads the file as the server would, and goes through every set of proofs an attacker class can hold. Without a " +
    "file: the policy this installation uses. Exits with 3, and says where and why, when it may not be used.",
  arguments: [{ name: "file", about: "a policy file", isRequired: false }],
  run: async (input) => {
    const [file] = input.arguments;
    const path = file === undefined ? input.config().policyFile : resolve(input.context.places.workingDirectory, file);
    const { policy, report } = await loadCheckedPolicy(path);
    const { policy: policies } = await import("../../recovery/index.ts"); // not above: see app/policy.ts
    const { policy: _whole, ...numbers } = report; // the policy itself is in the file
    return {
      exitCode: EXIT.ok,
      text: policies.formatReport(report).trimEnd(),
      json: { isSafe: true, file: path, digest: policy.digest, ...numbers },
    };
  },
};
