import { z } from "zod";
import { OUTCOMES } from "./which.ts";

/** What is kept of a mail: nothing that it says, but for whom, when and by which key it was sent. */
export const observation = z.strictObject({
  outcome: z.enum(OUTCOMES),
  messageId: z.string(),
  /** Of the address it went to. */
  domain: z.string(),
  addressId: z.string().nullable(),
  verifiedAt: z.iso.datetime().nullable(),
  sentAt: z.iso.datetime(),
  /** What is younger than this does not count: seven days before the first sign of trouble. */
  pinned: z.iso.datetime(),
  /** Which kind of mail, by the delivery log; null where it is too old to stand there. */
  what: z.string().nullable(),
  key: z.strictObject({ domain: z.string(), selector: z.string(), algorithm: z.string() }),
});

export type Observation = z.infer<typeof observation>;
