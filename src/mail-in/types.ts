import type { CaseId, InboundFileId, InboundMailId, MessageId } from "../kernel/ids.ts";

/** A mail as the receiver took it from the wire, for one of our addresses. */
export interface ReceivedMail {
  readonly bytes: Buffer;
  /** The envelope's sender (RFC 5321 MAIL FROM); empty for reports of mail servers. */
  readonly envelopeFrom: string;
  /** The envelope's recipient: one of our addresses. */
  readonly recipient: string;
  /** Who handed it in: as the relay before us says, where it is one we trust. */
  readonly client: { readonly ip: string; readonly greeting: string };
}

/** What SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 9989) say, kept with the mail and shown to the desk. */
export interface Verdicts {
  readonly spf: { readonly result: string; readonly domain: string };
  readonly dkim: readonly { readonly result: string; readonly domain: string; readonly isAligned: boolean }[];
  readonly dmarc: { readonly result: string; readonly policy: "none" | "quarantine" | "reject" | null };
}

/** `forged`: its domain's owner asks that such mail be refused. */
export type SenderVerdict = "confirmed" | "unconfirmed" | "forged";

/** A file that came with a mail and is kept. */
export interface KeptFile {
  readonly name: string;
  readonly mediaType: string;
  readonly content: Buffer;
}

/** A mail of a case, as it is shown beside its words. */
export interface InboundMail {
  readonly id: InboundMailId;
  readonly caseId: CaseId;
  /** Null for the mail that opened the case. */
  readonly messageId: MessageId | null;
  /** As its From says. */
  readonly sender: string;
  readonly verdicts: Verdicts;
  readonly receivedAt: Date;
  readonly files: readonly InboundFile[];
}

export interface InboundFile {
  readonly id: InboundFileId;
  readonly name: string;
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
}
