import type { ServeOptions } from "../app/serve.ts";
import type { ExitCode } from "../app/failure.ts";
import type { CommandInput, Outcome } from "./command.ts";

/** Runs what lives until a signal. With --json its lines to a person are JSON, one object a line, and the log is as ever. */
export async function runLong(
  input: CommandInput,
  run: (options: ServeOptions) => Promise<ExitCode>,
): Promise<Outcome> {
  const { context } = input;
  const exitCode = await run({
    config: input.config(),
    composition: await context.loadComposition(),
    process: context.process,
    tell: (line) => context.write(`${input.isJson ? JSON.stringify({ message: line.trim() }) : line}\n`),
    writeLog: context.writeError,
  });
  return { exitCode, text: "", json: { ended: true } };
}
