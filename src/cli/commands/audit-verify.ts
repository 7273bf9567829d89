import { verifyChain, type Verification } from "../../audit/index.ts";
import { EXIT } from "../../app/failure.ts";
import { openStore } from "../../app/store.ts";
import type { Command } from "../command.ts";

export const auditVerify: Command = {
  name: "audit verify",
  summary: "Prove that no event of the audit log was altered, removed or put in.",
  about:
    "Reads the whole log and computes its chain of hashes again. Names every event that does not fit, and then exits " +
    "with 3. Note the head: compared with one noted earlier, it also shows whether the end was cut off.",
  run: async (input) => {
    const store = await openStore(input.config(), { mayCreate: false });
    try {
      const found = await verifyChain(store.db, (events) => input.progress(`${events} events read`));
      return { exitCode: found.isIntact ? EXIT.ok : EXIT.checkFailed, text: verdict(found), json: found };
    } finally {
      await store.close();
    }
  },
};

const verdict = ({ isIntact, events, head, breaches }: Verification): string =>
  isIntact
    ? `The audit log is intact: ${events} events, head ${head}.`
    : [
        `The audit log is NOT intact (${events} events read):`,
        ...breaches.map(({ seq, what }) => `  event ${seq}: ${what}`),
        "Keep this database and its backups as they are, and compare with a backup from before.",
      ].join("\n");
