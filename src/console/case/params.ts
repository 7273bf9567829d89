import { z } from "zod";
import { CASE_NUMBER } from "../wording.ts";

/** What the addresses of a case's pages carry. */
export const PARAMS = z.strictObject({ number: z.string().regex(CASE_NUMBER) });
