import { join } from "node:path";
import type { CliContext } from "../cli/command.ts";
import type { ExitCode } from "../app/failure.ts";

/*
 * The real process, as the rest of the code gets to see it. Only files in this folder read the environment and the
 * command line.
 */

const packageDirectory = join(import.meta.dirname, "..", "..");

export const processContext: CliContext = {
  environment: process.env,
  places: { workingDirectory: process.cwd(), packageDirectory },
  process: {
    onSignal: (handler) => {
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => handler(signal));
    },
    onCrash: (handler) => {
      process.on("uncaughtException", handler);
      process.on("unhandledRejection", handler);
    },
    exitNow: (code) => process.exit(code),
  },
  readInput: () => process.stdin,
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  nodeVersion: process.versions.node,
  loadComposition: async () => (await import("../app/composition.ts")).composition,
};

const LINGER_MILLISECONDS = 2_000;

/** Ends with this code as soon as nothing is left to do, so that output to a pipe is complete; in any case soon. */
export function endWith(code: ExitCode): void {
  process.exitCode = code;
  setTimeout(() => process.exit(code), LINGER_MILLISECONDS).unref();
}
