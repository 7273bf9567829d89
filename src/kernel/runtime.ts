import type { Clock } from "./clock.ts";
import type { Keyring } from "./crypto/keyring.ts";
import type { Database } from "./db/database.ts";
import type { Log } from "./log.ts";
import type { Random } from "./random.ts";

/** What every use case is given: the effects it may have, and nothing else. */
export interface Runtime {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: Keyring;
  readonly log: Log;
  /** Where people reach this installation, fixed by configuration, never taken from a request's Host. */
  readonly publicUrl: URL;
  /** The name people know the index by. */
  readonly indexName: string;
}
