export { type DkimKey, makeDkimKey, readDkimKey } from "./dkim.ts";
export { NOT_ME } from "./not-me.ts";
export {
  deliverDue,
  deliverMailJob,
  type DeliveryReport,
  type MailRequest,
  makeDeliverMailJob,
  type MessageName,
  type MessageParams,
  type NotMeMessage,
  queueMail,
} from "./outbox.ts";
export { deleteOldMails, eraseMails, pageMails } from "./account-data.ts";
export { listMailbox, type MailboxEntry, type MailboxMail, readMailbox } from "./mailbox.ts";
export { listMails, type MailFilter, outboxDepth } from "./store.ts";
export { emlTransport, parseSmtpUrl, type Sender, senderFor, type SmtpSettings, smtpTransport } from "./transports.ts";
export type { MailRecord, MailState, MailTransport, OutgoingMail, SendOutcome } from "./types.ts";
export { dateInWords } from "./wording.ts";
