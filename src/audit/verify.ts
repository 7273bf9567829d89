import type { Reader } from "../kernel/db/database.ts";
import { commitPersonal, GENESIS, hashRow } from "./chain.ts";
import { type LinkedRow, listLinks } from "./store.ts";

export interface Breach {
  readonly seq: string;
  readonly what: string;
}

export interface Verification {
  readonly isIntact: boolean;
  /** Rows read. */
  readonly events: number;
  /** Hash of the last row, hex: compare it with a copy kept elsewhere to notice a cut-off end. */
  readonly head: string;
  /** The rows found altered, missing or out of place; at most the first 20. */
  readonly breaches: readonly Breach[];
}

const PAGE = 1000;
const MOST_BREACHES = 20;
/** The log begins with 1; rows before that are looked for as well, since the pages that list events would show them. */
const LEAST_SEQ = -(2n ** 63n);

/** Reads the whole log in order and recomputes every hash and commitment. Reports progress after each page. */
export async function verifyChain(reader: Reader, onProgress?: (events: number) => void): Promise<Verification> {
  const breaches: Breach[] = [];
  let seq = 0n;
  let hash: Buffer = GENESIS;
  let events = 0;
  let read = LEAST_SEQ;
  for (;;) {
    const page = await listLinks(reader, read, PAGE);
    for (const row of page) {
      read = row.seq;
      if (row.seq < 1n) {
        breaches.push({ seq: row.seq.toString(), what: `“${row.act}” stands before the beginning of the log` });
        continue;
      }
      breaches.push(...checkLink({ seq, hash }, row));
      seq = row.seq;
      hash = row.hash;
    }
    events += page.length;
    onProgress?.(events);
    if (page.length < PAGE) break;
  }
  return {
    isIntact: breaches.length === 0,
    events,
    head: hash.toString("hex"),
    breaches: breaches.slice(0, MOST_BREACHES),
  };
}

/** What is wrong with one row, given the one before it. */
function checkLink(before: { readonly seq: bigint; readonly hash: Buffer }, row: LinkedRow): Breach[] {
  const seq = row.seq.toString();
  const found: Breach[] = [];
  if (row.seq !== before.seq + 1n) {
    found.push({ seq, what: `the events from ${before.seq + 1n} to ${row.seq - 1n} are missing` });
  }
  if (!row.previousHash.equals(before.hash)) found.push({ seq, what: "does not follow the event before it" });
  if (!hashRow(row.previousHash, row).equals(row.hash)) found.push({ seq, what: `“${row.act}” was altered` });
  if (row.personal !== null && !commitPersonal(row.personalSalt, row.personal).equals(row.personalCommitment)) {
    found.push({ seq, what: `the personal data of “${row.act}” was altered` });
  }
  return found;
}
