import { type Forges, makeForges } from "../evidence/index.ts";
import { createGuardedFetch } from "../kernel/net/guarded-fetch.ts";
import { type Config, fetchExceptions } from "./config.ts";

/** The forges of the settings, each asked through a guarded fetch of its own. */
export const forgesOf = ({ forgeUrls }: Pick<Config, "forgeUrls">): Forges =>
  makeForges(forgeUrls.map((base) => ({ base, fetch: createGuardedFetch({ allowPrivate: fetchExceptions(base) }) })));
