import { createGuardedFetch, type GuardedFetch, type GuardedFetchOptions } from "./guarded-fetch.ts";
import { createTxtLookup, type TxtLookup, type TxtLookupOptions } from "./txt-records.ts";

/** How the world outside is asked about places that a stranger chose. */
export interface Outside {
  readonly fetch: GuardedFetch;
  readonly askTxt: TxtLookup;
}

/**
 * The outside as an installation has it: the guarded fetch without any exception, and the system's name servers.
 * @param options for tests, whose servers are on this machine
 */
export const createOutside = (
  options: { readonly fetch?: GuardedFetchOptions; readonly txt?: TxtLookupOptions } = {},
): Outside => ({ fetch: createGuardedFetch(options.fetch), askTxt: createTxtLookup(options.txt) });
