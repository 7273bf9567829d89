import { type Address, hasStanding, listAddresses, type ParsedAddress } from "../../../accounts/index.ts";
import type { Reader } from "../../../kernel/db/database.ts";
import type { EvidenceContext } from "../../types.ts";

/** What an address is to an account. */
export interface AddressStanding {
  readonly standing: "present" | "undelivered" | "removed" | "unverified" | "not-on-account";
  readonly address: Address | null;
  /** The domain of the account's first mailbox: addresses elsewhere are a mailbox of their own. */
  readonly firstDomain: string | null;
}

const EVER = new Date(0);

/** Looks an address up among all the account ever had. A present one goes before a removed one, verified before not. */
export async function standingOf(
  reader: Reader,
  context: EvidenceContext,
  asked: Pick<ParsedAddress, "folded">,
): Promise<AddressStanding> {
  const all = context.accountId ? await listAddresses(reader, context.accountId, EVER) : [];
  const present = all.filter((one) => one.verifiedAt && !one.removedAt);
  const firstDomain = (present.find((one) => one.isPrimary) ?? present[0])?.domain ?? null;
  const same = all.filter((one) => one.folded === asked.folded);
  const here = same.find((one) => one.verifiedAt && !one.removedAt);
  if (here) return { standing: hasStanding(here) ? "present" : "undelivered", address: here, firstDomain };
  const removed = same.findLast((one) => one.verifiedAt && one.removedAt);
  if (removed) return { standing: hasStanding(removed) ? "removed" : "undelivered", address: removed, firstDomain };
  const unverified = same.find((one) => !one.removedAt);
  return unverified
    ? { standing: "unverified", address: unverified, firstDomain }
    : { standing: "not-on-account", address: null, firstDomain };
}
