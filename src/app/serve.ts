import { type Log, makeLog } from "../kernel/log.ts";
import type { Config } from "./config.ts";
import { EXIT, type ExitCode, Failure } from "./failure.ts";
import { type ProcessHandle, runUntilStopped } from "./run.ts";
import { type Composition, startApp, startWorker } from "./start.ts";

export interface ServeOptions {
  readonly config: Config;
  readonly composition: Composition;
  readonly process: ProcessHandle;
  /** One line for a person, on standard output. */
  readonly tell: (line: string) => void;
  /** One line of log, on standard error. */
  readonly writeLog: (line: string) => void;
}

const logOf = ({ config, writeLog }: ServeOptions): Log => makeLog(config.logLevel, writeLog);

/** Runs the web server and the jobs until a signal. */
export function serve(options: ServeOptions): Promise<ExitCode> {
  const { config, composition, tell } = options;
  const log = logOf(options);
  return runUntilStopped({
    process: options.process,
    log,
    tell,
    start: () =>
      startApp(config, {
        ...composition,
        log,
        onFirstStart: ({ url, expiresAt }) => {
          tell("Nobody is administrator yet. Create the first one with this link. It works once, and until");
          tell(`${expiresAt.toISOString()}; each start makes a new one, for as long as it is needed:`);
          tell(`\n  ${url.reveal()}\n`);
        },
      }),
    onStarted: (app) => {
      const publicUrl = app.runtime.publicUrl.origin;
      tell(
        `Locksmith is running at ${app.url.origin}${publicUrl === app.url.origin ? "" : ` (public address ${publicUrl})`}.`,
      );
      tell(`Data: ${config.dataDirectory}. Stop with Ctrl-C.`);
    },
  });
}

/** Runs the jobs alone until a signal, beside servers on the same database. */
export function work(options: ServeOptions): Promise<ExitCode> {
  const { config, composition, tell } = options;
  if (config.databaseUrl === null) {
    throw new Failure(
      EXIT.usage,
      "A worker of its own needs DATABASE_URL: the embedded database belongs to one process, and `locksmith serve` does " +
        "its jobs itself. Example: DATABASE_URL=postgres://locksmith:password@db.example.org:5432/locksmith",
    );
  }
  const log = logOf(options);
  return runUntilStopped({
    process: options.process,
    log,
    tell,
    start: () => startWorker(config, { log, buildJobs: composition.buildJobs }),
    onStarted: () => tell("Locksmith's worker is running. Stop with Ctrl-C."),
  });
}
