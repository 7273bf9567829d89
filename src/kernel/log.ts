/**
 * Structured log, one JSON object a line on standard error. What may be logged is an allow-list: a field that is not in
 * it is a type error, so that nothing personal gets in by habit (ASVS 5.0 16.2.5).
 */
export interface LogFields {
  readonly requestId?: string;
  readonly route?: string;
  readonly method?: string;
  readonly status?: number;
  readonly milliseconds?: number;
  readonly refusal?: string;
  readonly job?: string;
  readonly count?: number;
  readonly accountId?: string;
  readonly caseId?: string;
  readonly mailId?: string;
  readonly error?: string;
  readonly stack?: string;
  readonly detail?: string;
}

export type LogLevel = "error" | "warn" | "info" | "debug";
export const LOG_LEVELS: readonly LogLevel[] = ["error", "warn", "info", "debug"];

export type Log = Readonly<Record<LogLevel, (event: string, fields?: LogFields) => void>>;

/**
 * @param threshold the least serious level that is written
 * @param write takes one finished line
 */
export function makeLog(
  threshold: LogLevel,
  write: (line: string) => void = (line) => process.stderr.write(line),
): Log {
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(threshold)) return;
      write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...fields })}\n`);
    };
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}

/** The message and stack of whatever was thrown, for the log only. */
export const errorFields = (thrown: unknown): LogFields =>
  thrown instanceof Error
    ? { error: thrown.message, ...(thrown.stack === undefined ? {} : { stack: thrown.stack }) }
    : { error: String(thrown) };
