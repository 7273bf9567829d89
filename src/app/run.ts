import { errorFields, type Log } from "../kernel/log.ts";
import { type ExitCode, EXIT } from "./failure.ts";
import type { App } from "./start.ts";

export type Signal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** The process, as far as running in it needs. Given by src/bin. */
export interface ProcessHandle {
  onSignal(handler: (signal: Signal) => void): void;
  /** An exception or rejection that nothing caught: a bug. */
  onCrash(handler: (thrown: unknown) => void): void;
  /** Ends the process here and now. */
  exitNow(code: number): void;
}

export interface RunOptions {
  readonly process: ProcessHandle;
  readonly log: Log;
  /** For the person at the terminal. */
  readonly tell: (line: string) => void;
  readonly start: () => Promise<App>;
  readonly onStarted: (app: App) => void;
}

const STOP_MILLISECONDS = 10_000;
// One Ctrl-C in a terminal reaches the whole group, and npm passes it on once more.
const SAME_SIGNAL_MILLISECONDS = 500;
const SIGNAL_EXIT_CODES: Readonly<Record<Signal, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * Starts an installation and keeps it until a signal asks for its end: then it is closed in order, within 10 seconds.
 * A second signal ends the process at once; the next start recovers. Rejects with what the start throws.
 */
export async function runUntilStopped(options: RunOptions): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  let firstSignalAt: number | undefined;
  const asked = new Promise<void>((resolve) => {
    const end = () => {
      if (firstSignalAt !== undefined) return;
      firstSignalAt = performance.now();
      resolve();
    };
    options.process.onSignal((signal) => {
      if (firstSignalAt === undefined) {
        options.tell(
          `Stopping (${signal}). ${signal === "SIGINT" ? "Press Ctrl-C again to end at once." : ""}`.trimEnd(),
        );
        end();
      } else if (performance.now() - firstSignalAt > SAME_SIGNAL_MILLISECONDS) {
        options.tell("Ended at once; nothing that was saved is lost.");
        options.process.exitNow(SIGNAL_EXIT_CODES[signal]);
      }
    });
    options.process.onCrash((thrown) => {
      options.log.error("unexpected failure", errorFields(thrown));
      code = EXIT.unexpected;
      end();
    });
  });
  const app = await options.start();
  if (firstSignalAt === undefined) options.onStarted(app);
  await asked;
  const tooLate = setTimeout(() => {
    options.tell("Not everything stopped within 10 seconds; ended at once. The next start recovers.");
    options.process.exitNow(EXIT.unexpected);
  }, STOP_MILLISECONDS);
  await app.stop();
  clearTimeout(tooLate);
  options.tell("Stopped. The data is kept.");
  return code;
}
