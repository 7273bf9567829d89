import { defineRefusals } from "../kernel/refusal.ts";

/*
 * Each sentence is read by a mail server, and by the person to whom that server returns the mail. Statuses are HTTP's;
 * `answers.ts` says the same in SMTP.
 */

export const mailInRefusals = defineRefusals("mail-in", {
  "not-here": { status: 404, title: "Nobody takes mail at that address." },
  "too-old": {
    status: 410,
    title: "The mail that this answers is too old. Please open your case page, or write anew.",
  },
  "too-large": {
    status: 413,
    title: "That mail is larger than 10 MB. Please send smaller pictures, or one file at a time.",
  },
  "too-long": {
    status: 413,
    title: "That text is longer than 20,000 characters. Please send the long part as an attached text file.",
  },
  "too-many-files": { status: 413, title: "That mail has more than 10 files. Please send them in several mails." },
  "case-full": {
    status: 413,
    title: "This case has as many files as it can hold. Please say in words what they would show.",
  },
  unreadable: { status: 422, title: "That mail could not be read. It needs one sender and readable parts." },
  loop: { status: 508, title: "That mail has been through too many servers. It goes in a circle." },
  forged: {
    status: 403,
    title: "The domain of that sender asks that mail be refused which it has not signed or sent itself.",
  },
  "another-mailbox": {
    status: 403,
    title: "This answers a mail that went to another mailbox. Please write from that mailbox, or use your case page.",
  },
  "too-many": {
    status: 429,
    title: "Many mails came from there today. Please answer the mail we sent you, or wait a day.",
  },
  "taken-already": { status: 409, title: "That mail was taken before." },
});
