import type { Config, Environment, Places } from "../app/config.ts";
import type { ExitCode } from "../app/failure.ts";
import type { ProcessHandle } from "../app/run.ts";
import type { Composition } from "../app/start.ts";

/** What a command is given of the world. Only src/bin makes one from the real process. */
export interface CliContext {
  readonly environment: Environment;
  readonly places: Places;
  readonly process: ProcessHandle;
  /** Standard input, once. */
  readonly readInput: () => AsyncIterable<Uint8Array>;
  /** To standard output, as it is. */
  readonly write: (text: string) => void;
  /** To standard error, as it is. */
  readonly writeError: (text: string) => void;
  /** Whether a person watches standard error: progress is drawn over itself only then. */
  readonly isTerminal: boolean;
  /** Version of Node, as in process.versions.node. */
  readonly nodeVersion: string;
  /** Loaded when needed: most commands do without the pages. */
  readonly loadComposition: () => Promise<Composition>;
}

/** What a command ends with. Standard output carries `text`, or with --json `json`, and nothing else. */
export interface Outcome {
  readonly exitCode: ExitCode;
  /** Ends without a line break; empty for none. */
  readonly text: string;
  readonly json: unknown;
}

export interface CommandInput {
  readonly arguments: readonly string[];
  readonly isJson: boolean;
  readonly context: CliContext;
  /** The settings. Throws a Failure (usage) where they are not valid. */
  readonly config: () => Config;
  /** Says how far a long piece of work is, on standard error. */
  readonly progress: (line: string) => void;
}

/** One command: one file, one line in commands.ts. */
export interface Command {
  /** One or two words: `policy check`. */
  readonly name: string;
  readonly summary: string;
  /** Sentences for its own help, under the summary. */
  readonly about: string;
  readonly arguments?: readonly { readonly name: string; readonly about: string; readonly isRequired: boolean }[];
  readonly run: (input: CommandInput) => Promise<Outcome>;
}
