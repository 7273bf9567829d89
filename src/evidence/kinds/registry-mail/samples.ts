import type { Sample } from "../../types.ts";
import type { Observation } from "./observation.ts";

const SAMPLE: Observation = {
  outcome: "own",
  messageId: "<mail_00000000000000000000000001@index.example>",
  domain: "example.org",
  addressId: "adr_00000000000000000000000001",
  verifiedAt: "2024-01-05T08:10:00.000Z",
  sentAt: "2026-02-03T08:00:00.000Z",
  pinned: "2026-10-26T09:00:00.000Z",
  what: "api-token-made",
  key: { domain: "index.example", selector: "lks-0123456789", algorithm: "rsa-sha256" },
};

const sample = (title: string, changed: Partial<Observation> = {}): Sample<Observation> => ({
  title,
  observation: { ...SAMPLE, ...changed },
});
const nowhere = { addressId: null, verifiedAt: null } as const;

export const SAMPLES = {
  supports: [
    sample("nine months old"),
    sample("older than the log", { sentAt: "2024-02-01T08:00:00.000Z", what: null }),
  ],
  contradicts: [sample("about another account", { outcome: "other-account", ...nowhere })],
  inconclusive: [
    sample("altered", { outcome: "does-not-verify", domain: "unknown", what: null, ...nowhere }),
    sample("sent the day before", { outcome: "too-new", sentAt: "2026-11-01T08:00:00.000Z" }),
    sample("to an address that was never the account's", { outcome: "no-such-address", ...nowhere }),
    sample("not in the log", { outcome: "not-sent-by-us", what: null }),
    sample("shown for two accounts", { outcome: "used-elsewhere" }),
    sample("a key of another time", { outcome: "key-not-of-its-time" }),
  ],
};
