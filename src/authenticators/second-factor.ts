import type { Reader } from "../kernel/db/database.ts";
import type { AccountId } from "../kernel/ids.ts";
import { isPasskeyBound } from "./kinds/passkey/passkey.ts";
import { isTotpBound } from "./kinds/totp/totp.ts";

/**
 * Whether a password alone no longer opens the account. An app that was disabled after failures counts: guessing at it
 * must not take it away.
 */
export const hasSecondFactor = async (reader: Reader, accountId: AccountId): Promise<boolean> =>
  (await isTotpBound(reader, accountId)) || (await isPasskeyBound(reader, accountId));
