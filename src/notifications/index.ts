export {
  type SignedAddresses,
  type PlusMailbox,
  addressRefusals,
  makeBounceAddresses,
  makeReplyAddresses,
  parsePlusMailbox,
} from "./signed-address.ts";
export { type BounceKind, doesNotArrive, type FailedDelivery } from "./bounce-rules.ts";
export { type BounceReport, readDeliveryReport } from "./delivery-report.ts";
export {
  type DkimKey,
  type DkimPublicKey,
  dkimDnsRecord,
  type DnsRecord,
  makeDkimKey,
  publicDkimKey,
  readDkimKey,
  readDkimRecord,
  writeDkimKey,
} from "./dkim.ts";
export { dropDkimKey, keepDkimKey, type KeptDkimKey, listDkimKeys, noteDkimKey } from "./dkim-keys.ts";
export { NOT_ME } from "./not-me.ts";
export {
  deliverDue,
  deliverMailJob,
  type DeliveryReport,
  type MailRequest,
  makeDeliverMailJob,
  type MessageName,
  type MessageParams,
  noteUndelivered,
  type OnUndelivered,
  type NotMeMessage,
  queueMail,
} from "./outbox.ts";
export { deleteOldMails, eraseMails, pageMails } from "./account-data.ts";
export { listMailbox, type MailboxEntry, type MailboxMail, readMailbox } from "./mailbox.ts";
export { accountOfMail, cancelMail, listBounces, listMails, type MailFilter, outboxDepth } from "./store.ts";
export { emlTransport, parseSmtpUrl, type Sender, senderFor, type SmtpSettings, smtpTransport } from "./transports.ts";
export type { MailRecord, MailState, MailTransport, OutgoingMail, SendOutcome, Undelivered } from "./types.ts";
export { dateInWords } from "./wording.ts";
