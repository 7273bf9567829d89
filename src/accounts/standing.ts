import type { Address } from "./types.ts";

/**
 * Whether reading an address may open something: it is confirmed, and since then mail has arrived there as far as we know.
 * One without standing stays its owner's, signs them in by name, and is still written to about security. Pure.
 */
export const hasStanding = (address: Pick<Address, "verifiedAt" | "unreachableAt">): boolean =>
  address.verifiedAt !== null && address.unreachableAt === null;
