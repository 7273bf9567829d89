import type { SenderVerdict, Verdicts } from "./types.ts";

/*
 * Whether a mail is from whom it says it is from. Nothing is proven by it: it says how far the desk can believe a name.
 */

/**
 * DMARC decides where the domain has a record (RFC 9989 §5.3): passed is confirmed, failed under `reject` is forged. Without
 * a record an aligned signature confirms, or SPF of the sender's own domain.
 * @param from the address of the one From field
 */
export function judgeSender(from: string, { spf, dkim, dmarc }: Verdicts): SenderVerdict {
  if (dmarc.result === "pass") return "confirmed";
  if (dmarc.result === "fail") return dmarc.policy === "reject" ? "forged" : "unconfirmed";
  if (dmarc.result !== "none") return "unconfirmed"; // the name servers did not answer
  const domain = from.slice(from.lastIndexOf("@") + 1).toLowerCase();
  const isSigned = dkim.some(({ result, isAligned }) => result === "pass" && isAligned);
  const isSentByDomain = spf.result === "pass" && spf.domain.toLowerCase() === domain;
  return isSigned || isSentByDomain ? "confirmed" : "unconfirmed";
}
