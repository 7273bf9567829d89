import { systemClock } from "../../kernel/clock.ts";
import { pendingMigrations } from "../../kernel/db/migrate.ts";
import { systemRandom } from "../../kernel/random.ts";
import { MIGRATIONS } from "../../app/migrations.ts";
import { EXIT, Failure } from "../../app/failure.ts";
import { issueAdministratorLink } from "../../app/first-administrator.ts";
import { openStore } from "../../app/store.ts";
import type { Command } from "../command.ts";

export const adminCreate: Command = {
  name: "admin create",
  summary: "Print a one-time link that creates an administrator.",
  about:
    "The link works once, within 24 hours, and replaces any printed before. Whoever opens it chooses name, password and " +
    "second factor; no password passes through the command line. The act is put on the audit log.",
  run: async (input) => {
    const config = input.config();
    const store = await openStore(config, { mayCreate: false });
    try {
      if ((await pendingMigrations(store.db, MIGRATIONS)).length > 0) {
        throw new Failure(
          EXIT.unavailable,
          "The database is not up to date. Start the server once, or run `locksmith migrate`.",
        );
      }
      const link = await issueAdministratorLink({
        db: store.db,
        clock: systemClock,
        random: systemRandom,
        publicUrl: config.publicUrl,
      });
      const until = link.expiresAt.toISOString();
      return {
        exitCode: EXIT.ok,
        text: `Open this link to create an administrator. It works once, until ${until}:\n\n  ${link.url.reveal()}`,
        json: { url: link.url.reveal(), expiresAt: until },
      };
    } finally {
      await store.close();
    }
  },
};
