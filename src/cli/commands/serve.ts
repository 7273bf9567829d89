import type { Command } from "../command.ts";
import { runLong } from "../run-long.ts";

export const serve: Command = {
  name: "serve",
  summary: "Run the web server and the jobs until Ctrl-C.",
  about:
    "The same as `npm start`. Brings the database up to date first. While nobody is administrator, each start prints a " +
    "one-time link to create the first one.",
  // Loaded when needed: the pages and all they need take a while.
  run: async (input) => runLong(input, (await import("../../app/serve.ts")).serve),
};
