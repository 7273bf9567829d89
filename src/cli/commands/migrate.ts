import { MIGRATIONS } from "../../app/migrations.ts";
import { prepareFolders, layoutOf } from "../../app/data-folder.ts";
import { EXIT } from "../../app/failure.ts";
import { openStore } from "../../app/store.ts";
import { migrate as migrateDatabase } from "../../kernel/db/migrate.ts";
import { prepareJobs } from "../../kernel/jobs/index.ts";
import type { Command } from "../command.ts";

export const migrate: Command = {
  name: "migrate",
  summary: "Bring the database's schema up to date.",
  about:
    "The server does this itself at start; use it to do so before, for example with a role that may change tables. " +
    "Forward only, all or nothing; a second one at the same time waits.",
  run: async (input) => {
    const config = input.config();
    await prepareFolders(layoutOf(config.dataDirectory));
    const store = await openStore(config, { mayCreate: true });
    try {
      const { applied } = await migrateDatabase(store.db, MIGRATIONS);
      await prepareJobs(store.connectionString, []);
      const text =
        applied.length === 0
          ? "The schema is up to date."
          : `Applied:\n${applied.map((name) => `  ${name}`).join("\n")}`;
      return { exitCode: EXIT.ok, text, json: { applied } };
    } finally {
      await store.close();
    }
  },
};
