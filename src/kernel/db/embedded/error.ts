/** Why the embedded server could not be started or stopped. Stable: scripts may test for it. */
export type EmbeddedErrorCode =
  | "no-binaries" // the optional dependency for this platform is absent
  | "binaries-not-runnable"
  | "not-writable" // the data folder, or one above it
  | "not-ours" // the folder holds a database that something else made
  | "already-running" // another start holds the folder
  | "no-file-locks" // the file system has none
  | "other-major" // data of another PostgreSQL major version
  | "password-missing"
  | "socket-folder" // no safe, short enough place for the socket
  | "initdb-failed"
  | "start-failed"
  | "stop-failed";

/** An expected failure of the embedded server. The message says what happened and what to do. */
export class EmbeddedError extends Error {
  override readonly name = "EmbeddedError";
  readonly code: EmbeddedErrorCode;

  constructor(code: EmbeddedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The `code` that Node's system errors carry, such as ENOENT. */
export const systemCode = (thrown: unknown): string | undefined => {
  const code = (thrown as { code?: unknown } | null)?.code; // whatever was thrown; only a string counts
  return typeof code === "string" ? code : undefined;
};
