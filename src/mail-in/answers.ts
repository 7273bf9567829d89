import type { Refusal } from "../kernel/refusal.ts";

/** A reply to a mail server: code (RFC 5321 §4.2), enhanced code (RFC 3463), and a sentence for a person. */
export interface SmtpAnswer {
  readonly code: number;
  readonly text: string;
}

const CODES: Readonly<Record<number, readonly [code: number, enhanced: string]>> = {
  401: [550, "5.7.1"],
  403: [550, "5.7.1"],
  404: [550, "5.1.1"],
  409: [550, "5.7.1"],
  410: [550, "5.7.1"],
  413: [552, "5.3.4"],
  422: [550, "5.6.0"],
  429: [451, "4.7.1"],
  508: [554, "5.4.6"],
};

/** What a mail server is told of a refusal. What may pass by itself is 4xx: the server keeps the mail and comes again. */
export function smtpAnswerOf({ status, title }: Refusal): SmtpAnswer {
  const [code, enhanced] = CODES[status] ?? [550, "5.7.0"];
  return { code, text: `${enhanced} ${title}` };
}
