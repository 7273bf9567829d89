import { authenticate } from "mailauth";
import type { RecordLookup } from "../kernel/net/dns-records.ts";
import type { ReceivedMail, Verdicts } from "./types.ts";

/** Asks SPF, DKIM and DMARC of a mail. Never throws, and takes no longer than `TIME_MS`. */
export type AskVerdicts = (mail: ReceivedMail) => Promise<Verdicts>;

const TIME_MS = 20_000;
const MOST_SIGNATURES = 10;
/** Shorter RSA keys prove nothing (RFC 8301 §3.2). */
const LEAST_BITS = 1024;

const UNKNOWN: Verdicts = {
  spf: { result: "temperror", domain: "" },
  dkim: [],
  dmarc: { result: "temperror", policy: null },
};

/**
 * @param lookup where records are asked; without an answer in time the verdict is that nobody knows
 * @param host what this server is called
 */
export const makeAskVerdicts =
  (lookup: RecordLookup, host: string): AskVerdicts =>
  async (mail) => {
    const timer = Promise.withResolvers<Verdicts>();
    const timeout = setTimeout(() => timer.resolve(UNKNOWN), TIME_MS);
    try {
      return await Promise.race([ask(lookup, host, mail), timer.promise]);
    } catch {
      return UNKNOWN; // the library gives up on what was made to be hard to read
    } finally {
      clearTimeout(timeout);
    }
  };

async function ask(
  lookup: RecordLookup,
  host: string,
  { bytes, envelopeFrom, client }: ReceivedMail,
): Promise<Verdicts> {
  const { spf, dkim, dmarc } = await authenticate(bytes, {
    ip: client.ip,
    helo: client.greeting,
    sender: envelopeFrom,
    mta: host,
    resolver: lookup,
    disableArc: true,
    disableBimi: true,
    minBitLength: LEAST_BITS,
    rejectRsaSha1: true,
  });
  const policy = dmarc ? dmarc.policy : "";
  return {
    spf: { result: spf ? spf.status.result : "none", domain: (spf && spf.domain) || domainOf(envelopeFrom) },
    dkim: dkim.results.slice(0, MOST_SIGNATURES).map((one) => ({
      result: one.status.result,
      domain: one.signingDomain ?? "",
      isAligned: Boolean(one.status.aligned),
    })),
    dmarc: {
      result: dmarc ? dmarc.status.result : "none",
      policy: policy === "none" || policy === "quarantine" || policy === "reject" ? policy : null,
    },
  };
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf("@") + 1);
