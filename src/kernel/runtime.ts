import type { Clock } from "./clock.ts";
import type { Keyring } from "./crypto/keyring.ts";
import type { Sigstore } from "./crypto/sigstore.ts";
import type { Database } from "./db/database.ts";
import type { Log } from "./log.ts";
import type { IssuedTokens } from "./net/issued-tokens.ts";
import type { Outside } from "./net/outside.ts";
import type { Random } from "./random.ts";
import type { Secret } from "./secret.ts";

/** How often a secret stands in lists of leaked ones: 0 for never, null where it cannot be known just now. */
export type LeakLookup = (password: Secret<string>) => Promise<number | null>;

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
  /** Where people can write to by mail, and answer. Absent where no mail is taken in. */
  readonly supportAddress?: string | undefined;
  /** Absent where the operator has set up none. */
  readonly countLeaks?: LeakLookup | undefined;
  /** How places that strangers chose are asked. Absent: they are not asked, and proofs there show nothing. */
  readonly outside?: Outside | undefined;
  /** Tokens of other services by which their runs are known. Absent: none is believed. */
  readonly issuedTokens?: IssuedTokens | undefined;
  /** Signatures of sigstore. Absent where the operator has named no roots: they show nothing. */
  readonly sigstore?: Sigstore | undefined;
}
