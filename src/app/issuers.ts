import { createGuardedFetch } from "../kernel/net/guarded-fetch.ts";
import { type IssuedTokens, makeIssuedTokens } from "../kernel/net/issued-tokens.ts";
import { type Config, fetchExceptions } from "./config.ts";

/** The services of the settings whose tokens are believed, each asked for its keys through a guarded fetch of its own. */
export const issuersOf = ({ trustedIssuers }: Pick<Config, "trustedIssuers">): IssuedTokens | undefined =>
  trustedIssuers.length === 0
    ? undefined
    : makeIssuedTokens(
        trustedIssuers.map(({ service, issuer }) => ({
          service,
          issuer,
          fetch: createGuardedFetch({ allowPrivate: fetchExceptions(new URL(issuer)) }),
        })),
      );
