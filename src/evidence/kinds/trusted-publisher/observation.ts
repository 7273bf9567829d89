import { z } from "zod";

/** What was seen of a token: what it says, never the token. */
export const observation = z.strictObject({
  outcome: z.enum([
    "fits",
    "bad-token",
    "unreachable",
    "not-registered",
    "too-young",
    "recreated",
    "transferred",
    "proposal",
  ]),
  issuer: z.string().nullable(),
  subject: z.string().nullable(),
  repository: z.string().nullable(),
  workflow: z.string().nullable(),
  environment: z.string().nullable(),
  run: z.string().nullable(),
  project: z.string().nullable(),
  /** The registration it was compared with, in words. */
  publisher: z.string().nullable(),
  publisherId: z.string().nullable(),
  boundAt: z.iso.datetime().nullable(),
  pinnedAt: z.iso.datetime(),
  sign: z.string(),
  problem: z.string().nullable(),
});

export type Observation = z.infer<typeof observation>;
