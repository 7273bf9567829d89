import type { Command } from "../command.ts";
import { runLong } from "../run-long.ts";

export const worker: Command = {
  name: "worker",
  summary: "Run the jobs alone, beside servers on the same DATABASE_URL.",
  about: "For installations with several processes. Needs DATABASE_URL: the embedded database belongs to one process.",
  run: async (input) => runLong(input, (await import("../../app/serve.ts")).work),
};
