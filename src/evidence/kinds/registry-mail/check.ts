import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import { ok, refuse, type Result } from "../../../kernel/result.ts";
import { dkimDnsRecord, type KeptDkimKey } from "../../../notifications/index.ts";
import { evidenceRefusals } from "../../refusals.ts";
import { COVERED, domainOf, type KeptMail } from "./read.ts";

/* Whether a kept mail is as it was sent, by the keys that were ever used. Asks no network: nobody else is believed. */

const LEAST_BITS = 2048;
/** Keys that share one name; each is tried. */
const MOST_OF_ONE_NAME = 5;

export type Checked =
  /** Not a byte of what is covered was changed since it was signed with this key. */
  | { readonly outcome: "intact"; readonly key: KeptDkimKey }
  /** It names a key of ours, and the signature does not fit. */
  | { readonly outcome: "does-not-verify"; readonly key: KeptDkimKey };

type Outcome = Awaited<ReturnType<typeof dkimVerify>>["results"][number];

/**
 * Checks the signatures of ours on a mail (RFC 6376, RFC 8301, RFC 8463). Only "pass" with a key of the sender's own domain
 * counts. Refuses a mail without a signature of ours, and one that is signed in part: a length limit, or a field that is
 * not covered.
 */
export async function checkSignature(mail: KeptMail, keys: readonly KeptDkimKey[]): Promise<Result<Checked>> {
  const own = keys.filter(({ domain }) => isAligned(domainOf(mail.from), domain));
  const named = new Map<string, readonly KeptDkimKey[]>();
  for (const key of own) named.set(dkimDnsRecord(key).name, [...(named.get(dkimDnsRecord(key).name) ?? []), key]);
  let failed: KeptDkimKey | null = null;
  for (let round = 0; round < MOST_OF_ONE_NAME; round += 1) {
    const using = new Map<string, KeptDkimKey>();
    for (const [name, { [round]: key }] of named) if (key) using.set(name, key);
    if (using.size === 0) break;
    for (const one of await signaturesOn(mail, using)) {
      const key = using.get(`${one.selector}._domainkey.${one.signingDomain}`.toLowerCase());
      if (!key) continue;
      if (one.status.result !== "pass") {
        failed ??= key;
        continue;
      }
      if (!coversAll(one)) return refuse(evidenceRefusals["mail-half-signed"]());
      return ok({ outcome: "intact", key });
    }
  }
  return failed ? ok({ outcome: "does-not-verify", key: failed }) : refuse(evidenceRefusals["mail-not-ours"]());
}

/** None where the library gives up on a message: it was made to be hard to read. */
const signaturesOn = (mail: KeptMail, keys: ReadonlyMap<string, KeptDkimKey>): Promise<readonly Outcome[]> =>
  verify(mail, keys).catch(() => []);

async function verify(mail: KeptMail, keys: ReadonlyMap<string, KeptDkimKey>): Promise<readonly Outcome[]> {
  const { results } = await dkimVerify(mail.bytes, {
    resolver: async (name, type) => {
      const key = type === "TXT" ? keys.get(name.toLowerCase()) : undefined;
      if (!key) throw Object.assign(new Error("No such key was ever ours."), { code: "ENOTFOUND" });
      return [[dkimDnsRecord(key).value]];
    },
    minBitLength: LEAST_BITS,
    // A name of one label, as on a developer's machine, is no domain to the letter of RFC 6376.
    strict: [...keys.values()].every(({ domain }) => domain.includes(".")),
    rejectRsaSha1: true,
    curTime: mail.date, // a signature that was to expire was good when the mail arrived
  });
  return results;
}

/** RFC 7489 §3.1.1, without the list of public suffixes: the key's domain is the sender's, or one above it. */
const isAligned = (sender: string, domain: string): boolean => sender === domain || sender.endsWith(`.${domain}`);

function coversAll({ signingHeaders, canonBodyLengthLimited }: Outcome): boolean {
  const covered = (signingHeaders?.keys ?? "").split(":").map((name) => name.trim().toLowerCase());
  return canonBodyLengthLimited !== true && COVERED.every((name) => covered.includes(name));
}
