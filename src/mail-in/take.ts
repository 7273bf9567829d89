import { createHash } from "node:crypto";
import { parseAddress, takeUndelivered } from "../accounts/index.ts";
import { takeTexts } from "../evidence/index.ts";
import type { CaseId, MailId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { listMails, readDeliveryReport, type SignedAddresses } from "../notifications/index.ts";
import {
  answerByMail,
  findCase,
  type KeepWithIt,
  noteAnswerToNotice,
  openByMail,
  type RecoveryRuntime,
  sayInCase,
  takeInCase,
} from "../recovery/index.ts";
import { countAttempt, networkBucket } from "../throttle/index.ts";
import { type ReadMail, readMail } from "./read.ts";
import { mailInRefusals } from "./refusals.ts";
import { judgeSender } from "./sender.ts";
import { filesOfCase, insertInbound, isKept } from "./store.ts";
import type { KeptFile, ReceivedMail, Verdicts } from "./types.ts";
import type { AskVerdicts } from "./verdicts.ts";

/** Our addresses, and how a sender is looked into. */
export interface Intake {
  /** Who has no case yet writes here. */
  readonly supportAddress: string;
  /** Answers to our mails about cases. */
  readonly replies: SignedAddresses;
  /** Reports of mails that could not be delivered; null where none are asked for. */
  readonly bounces: SignedAddresses | null;
  readonly askVerdicts: AskVerdicts;
}

/** What became of a mail, in words for the mail server's log. */
export type Taken =
  | "opened a case"
  | "added to its case"
  | "noted for the desk"
  | "noted as undelivered"
  | "automatic, left alone"
  | "known already";

const DAY_SECONDS = 24 * 3600;
const CASES_A_SENDER = 3;
const CASES_A_NETWORK = 30;
const MAILS_A_CASE = 40;
const FILES_A_CASE = 40;
const BYTES_A_CASE = 40 * 1024 * 1024;

type Place =
  | { readonly kind: "support" }
  | { readonly kind: "reply"; readonly mailId: MailId }
  | { readonly kind: "bounce"; readonly mailId: MailId };

/** Which of our addresses an envelope recipient is. Refuses all others, and signed ones that are too old. */
export function placeOf(intake: Intake, recipient: string, now: Date): Result<Place> {
  if (recipient.trim().toLowerCase() === intake.supportAddress.toLowerCase()) return ok({ kind: "support" });
  const reply = intake.replies.read(recipient, now);
  if (reply.ok) return ok({ kind: "reply", mailId: reply.value });
  const bounce = intake.bounces?.read(recipient, now);
  if (bounce?.ok) return ok({ kind: "bounce", mailId: bounce.value });
  const isOld = [reply, bounce].some((one) => one?.ok === false && one.refusal.code === "mail-address/expired");
  return refuse(mailInRefusals[isOld ? "too-old" : "not-here"]());
}

/**
 * Takes one mail: opens a case, adds it to the thread of the case it answers, or notes it for the desk. When this returns,
 * it is kept or refused for good; what throws (the database is away) has changed nothing and may come again. The same mail
 * again is known by its digest.
 */
export async function takeMail(
  runtime: RecoveryRuntime,
  intake: Intake,
  mail: ReceivedMail,
  now: Date,
): Promise<Result<Taken>> {
  const place = placeOf(intake, mail.recipient, now);
  if (!place.ok) return place;
  if (place.value.kind === "bounce") return takeReport(runtime, place.value.mailId, mail, now);
  const read = await readMail(mail);
  if (!read.ok) return read;
  if (read.value.isAutomatic) return ok("automatic, left alone");
  const verdicts = await intake.askVerdicts(mail);
  if (judgeSender(read.value.from, verdicts) === "forged") return refuse(mailInRefusals.forged());
  const digest = createHash("sha256").update(mail.recipient.toLowerCase()).update("\n").update(mail.bytes).digest();
  if (await isKept(runtime.db, digest)) return ok("known already");
  const incoming: Incoming = { mail, read: read.value, verdicts, digest };
  const taken =
    place.value.kind === "support"
      ? await takeNew(runtime, incoming, now)
      : await takeAnswer(runtime, place.value.mailId, incoming, now);
  // Two servers, or one that did not wait: the other was first.
  return !taken.ok && taken.refusal.code === mailInRefusals["taken-already"]().code ? ok("known already") : taken;
}

interface Incoming {
  readonly mail: ReceivedMail;
  readonly read: ReadMail;
  readonly verdicts: Verdicts;
  readonly digest: Buffer;
}

/** What a mail server sends back is about the mail whose address it came to; anything else there says nothing. */
async function takeReport(runtime: Runtime, mailId: MailId, mail: ReceivedMail, now: Date): Promise<Result<Taken>> {
  const { failure } = await readDeliveryReport(mail.bytes);
  if (!failure) return ok("automatic, left alone");
  const taken = await takeUndelivered(runtime, mailId, failure, now);
  return taken.ok ? ok(taken.value.isNews ? "noted as undelivered" : "known already") : taken;
}

/** A mail to the support address opens a case. */
async function takeNew(runtime: RecoveryRuntime, incoming: Incoming, now: Date): Promise<Result<Taken>> {
  const { mail, read } = incoming;
  const from = parseAddress(read.from);
  if (!from.ok) return refuse(mailInRefusals.unreadable());
  const sender = runtime.keys.mac("network-digest", `mail/${from.value.folded}`).subarray(0, 12).toString("base64url");
  const limits = [
    { bucket: `mail-in:sender:${sender}`, limit: CASES_A_SENDER },
    { bucket: `mail-in:network:${networkBucket(runtime, mail.client.ip)}`, limit: CASES_A_NETWORK },
  ];
  for (const one of limits) {
    const counted = await countAttempt(runtime.db, { ...one, windowSeconds: DAY_SECONDS }, now);
    if (!counted.ok) return refuse(mailInRefusals["too-many"]());
  }
  const files = await cleanFiles(runtime, null, read.files, now);
  const opening = {
    contact: from.value.address,
    story: [read.subject, read.words].filter((part) => part !== "").join("\n\n"),
    source: { ip: mail.client.ip, userAgent: "mail" },
    now,
  };
  const opened = await openByMail(runtime, opening, keeping(runtime, incoming, files));
  return opened.ok ? ok("opened a case") : opened;
}

/**
 * An answer finds its case by the address alone, which we gave to one mailbox. It must come from that mailbox: a mail that
 * was passed on gives nobody else a voice in the case.
 */
async function takeAnswer(
  runtime: RecoveryRuntime,
  mailId: MailId,
  incoming: Incoming,
  now: Date,
): Promise<Result<Taken>> {
  const { read } = incoming;
  const [sent] = await listMails(runtime.db, { id: mailId });
  const recoveryCase = sent?.caseId ? await findCase(runtime.db, sent.caseId) : null;
  if (!sent || !recoveryCase) return refuse(mailInRefusals["too-old"]());
  if (foldedOf(read.from) !== foldedOf(sent.toAddress)) return refuse(mailInRefusals["another-mailbox"]());
  const bucket = `mail-in:case:${recoveryCase.id}`;
  const counted = await countAttempt(runtime.db, { bucket, limit: MAILS_A_CASE, windowSeconds: DAY_SECONDS }, now);
  if (!counted.ok) return refuse(mailInRefusals["too-many"]());
  const isClaimant = foldedOf(sent.toAddress) === foldedOf(recoveryCase.contactAddress) && isToClaimant(sent.message);
  const words = read.words === "" ? "(The mail has no words of its own.)" : read.words;
  const files = await cleanFiles(runtime, recoveryCase.id, read.files, now);
  const held = await filesOfCase(runtime.db, recoveryCase.id);
  const bytes = files.reduce((sum, { content }) => sum + content.length, held.bytes);
  if (held.count + files.length > FILES_A_CASE || bytes > BYTES_A_CASE) return refuse(mailInRefusals["case-full"]());
  const keep = keeping(runtime, incoming, files);
  if (!isClaimant) {
    const noted = await noteAnswerToNotice(runtime, recoveryCase.id, words, now, keep);
    return noted.ok ? ok("noted for the desk") : noted;
  }
  const answered = await answerByMail(runtime, recoveryCase.id, words, now, keep);
  return answered.ok ? ok("added to its case") : answered;
}

/** Notices go to the account's people; who opened a case may be one of them, or a thief who has their mailbox. */
const isToClaimant = (message: string): boolean => !message.startsWith("case-notice");

const foldedOf = (address: string): string => {
  const parsed = parseAddress(address);
  return parsed.ok ? parsed.value.folded : address.toLowerCase();
};

/** Texts are looked through for secrets, as everything that is written; what is cut out of one is not kept in it. */
async function cleanFiles(
  runtime: RecoveryRuntime,
  caseId: CaseId | null,
  files: readonly KeptFile[],
  now: Date,
): Promise<readonly KeptFile[]> {
  const clean: KeptFile[] = [];
  for (const file of files) {
    const isText = file.mediaType === "text/plain" || file.mediaType === "message/rfc822";
    clean.push(
      isText
        ? { ...file, content: Buffer.from(await cleanText(runtime, caseId, file.content.toString("utf8"), now)) }
        : file,
    );
  }
  return clean;
}

async function cleanText(runtime: RecoveryRuntime, caseId: CaseId | null, text: string, now: Date): Promise<string> {
  return caseId === null
    ? (await takeTexts(runtime, { text }, { actor: { kind: "anyone" }, caseId, now })).clean.text
    : (await takeInCase(runtime, caseId, "claimant", { text }, now)).clean.text;
}

/** The mail and its files, kept in the transaction that keeps its words. */
const keeping =
  (runtime: RecoveryRuntime, { mail, read, verdicts, digest }: Incoming, files: readonly KeptFile[]): KeepWithIt =>
  async (tx, { caseId, messageId }) => {
    const size = mail.bytes.length;
    const isNew = await insertInbound(tx, runtime, {
      digest,
      caseId,
      messageId,
      sender: read.from,
      verdicts,
      size,
      files,
    });
    if (!isNew) return refuse(mailInRefusals["taken-already"]());
    // Its writer must not wait for an answer to a file that nobody has.
    const list = read.notKept.map((line) => `– ${line}`).join("\n");
    if (list !== "") await sayInCase(tx, runtime, caseId, `Not kept of the files in a mail:\n${list}`);
    return ok();
  };
