import { join } from "node:path";

/** The folder of the schema's migrations, beside src. */
export const MIGRATIONS = join(import.meta.dirname, "..", "..", "migrations");
