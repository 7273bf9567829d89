import { hasShown, listFindings } from "../evidence/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { RecoveryCase } from "./types.ts";

/** Whether the claimant has shown anything: before that the case page speaks in general words of the account's people. */
export const hasShownSomething = async (reader: Reader, { id }: RecoveryCase, now: Date): Promise<boolean> =>
  hasShown(await listFindings(reader, id), now);
