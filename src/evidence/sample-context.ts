import type { AccountId, CaseId, OneTimeId } from "../kernel/ids.ts";
import type { EvidenceContext } from "./types.ts";

/** The case that every kind's samples are judged in. */
export const SAMPLE_CONTEXT: EvidenceContext = {
  caseId: "case_00000000000000000000000001" as CaseId, // ids of samples name nothing
  caseNumber: "LK-4F7Q-9KMT",
  accountId: "acc_00000000000000000000000001" as AccountId,
  username: "alice",
  openedAt: new Date("2026-11-02T09:00:00.000Z"),
  publicUrl: new URL("https://index.example"),
  indexName: "the example index",
  now: new Date("2026-11-02T10:00:00.000Z"),
  challenge: {
    id: "one_00000000000000000000000001" as OneTimeId,
    value: "c2FtcGxlLWNoYWxsZW5nZS12YWx1ZS1vZi0zMi1ieXQ",
    expiresAt: new Date("2026-11-03T10:00:00.000Z"),
  },
};
