import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import nodemailer, { type SendMailOptions } from "nodemailer";
import { defineRefusals } from "../kernel/refusal.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { type Secret, secret } from "../kernel/secret.ts";
import type { SignedAddresses } from "./signed-address.ts";
import { ATTEMPT_TIMEOUT_MS } from "./delivery-rules.ts";
import type { DkimKey } from "./dkim.ts";
import type { MailTransport, OutgoingMail, SendOutcome } from "./types.ts";
import { oneLine } from "./wording.ts";

/*
 * The two ways a mail leaves: by SMTP to the server that SMTP_URL names, or, in development, as a complete message
 * (RFC 5322) in a file of its own.
 */

export const mailRefusals = defineRefusals("notifications", {
  "bad-smtp-url": { status: 400, title: "SMTP_URL cannot be used." },
});

export interface Sender {
  /** The name beside the address. */
  readonly name: string;
  readonly address: string;
}

/** The sender of an installation: `locksmith@` the host people reach it at. */
export function senderFor(publicUrl: URL, indexName: string): Sender {
  const host = publicUrl.hostname.replace(/^\[|\]$/g, "");
  const domain = isIP(host) === 0 ? host : "localhost";
  return { name: `${oneLine(indexName)} account security`, address: `locksmith@${domain}` };
}

const domainOf = (sender: Sender): string => sender.address.slice(sender.address.lastIndexOf("@") + 1);

export interface TransportOptions {
  readonly sender: Sender;
  /** Signs every mail (RFC 6376) where there is a key. */
  readonly dkim?: DkimKey | null;
  /** Gives every mail an envelope sender of its own, to which what cannot be delivered comes back; else the sender's. */
  readonly bounces?: SignedAddresses | null;
  /** Gives every mail about a case an address of its own to answer to; else answers go to the sender's. */
  readonly replies?: SignedAddresses | null;
}

/** The message as nodemailer takes it. The Message-ID is the mail's own, so that a second copy can be known as one. */
function compose(mail: OutgoingMail, { sender, dkim, bounces, replies }: TransportOptions): SendMailOptions {
  return {
    messageId: `<${mail.id}@${domainOf(sender)}>`,
    date: mail.at,
    from: { name: sender.name, address: sender.address },
    to: { name: "", address: mail.to },
    envelope: { from: bounces?.addressFor(mail.id, mail.at) ?? sender.address, to: [mail.to] },
    // RFC 3461 §4: a report, please, and in it the headers alone, since the text may carry a one-time link.
    ...(bounces ? { dsn: { return: "headers", notify: ["failure"], id: mail.id } } : {}),
    ...(replies && mail.isAboutCase ? { replyTo: replies.addressFor(mail.id, mail.at) } : {}),
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    textEncoding: "quoted-printable",
    // RFC 3834: no auto-reply to this, please.
    headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(dkim
      ? { dkim: { domainName: dkim.domainName, keySelector: dkim.keySelector, privateKey: dkim.privateKey.reveal() } }
      : {}),
  };
}

export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (RFC 8314), or STARTTLS required, or, on this machine only, whatever the server offers. */
  readonly tls: "implicit" | "starttls" | "opportunistic";
  readonly login: { readonly name: string; readonly password: Secret<string> } | null;
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Reads SMTP_URL: `smtp://[name:password@]host[:port]` or `smtps://...`. Refuses anything else, saying what is wrong. */
export function parseSmtpUrl(text: string): Result<SmtpSettings> {
  const bad = (detail: string) => refuse(mailRefusals["bad-smtp-url"]({ detail }));
  if (!URL.canParse(text)) return bad("It is not a URL. Write smtp://name:password@host:587 or smtps://…");
  const url = new URL(text);
  if (url.protocol !== "smtp:" && url.protocol !== "smtps:") return bad("It must begin with smtp:// or smtps://.");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (host === "") return bad("It names no host.");
  if ((url.pathname !== "" && url.pathname !== "/") || url.search !== "" || url.hash !== "") {
    return bad("It must end after the host and port.");
  }
  if ((url.username === "") !== (url.password === "")) return bad("A login needs both a name and a password.");
  let login: SmtpSettings["login"] = null;
  try {
    if (url.username !== "") {
      login = { name: decodeURIComponent(url.username), password: secret(decodeURIComponent(url.password)) };
    }
  } catch {
    return bad("The name or password is not percent-encoded correctly.");
  }
  const tls = url.protocol === "smtps:" ? "implicit" : isLoopback(host) ? "opportunistic" : "starttls";
  const port = url.port === "" ? (tls === "implicit" ? 465 : login ? 587 : 25) : Number(url.port);
  return ok({ host, port, tls, login });
}

interface SmtpError {
  readonly code?: string;
  readonly command?: string;
  readonly responseCode?: number;
  readonly response?: string;
  readonly message?: string;
}

/**
 * What an error means. Only a 5xx about this message or its addressee is final: one about our login, our sender's
 * greeting or TLS is the operator's to mend, and until then no mail may be lost.
 */
function outcomeOfError(thrown: unknown): SendOutcome {
  const error = thrown as SmtpError; // nodemailer's errors; anything else has none of these and is deferred
  const answer = error.response ?? error.message ?? String(thrown);
  const isAboutThisMail = error.code === "EENVELOPE" || error.code === "EMESSAGE";
  const isFinal = isAboutThisMail && error.responseCode !== undefined && error.responseCode >= 500;
  return { kind: isFinal ? "rejected" : "deferred", answer };
}

/** Notes the host in each connection's greeting (RFC 5321 §4.2), out of nodemailer's transaction log. */
function makeGreetingEar() {
  const greeted = new Set<string>();
  let host: string | null = null;
  const hear = (entry: unknown, line: unknown) => {
    const { tnx, sid } = (entry ?? {}) as { tnx?: string; sid?: string };
    if (tnx !== "server" || sid === undefined || greeted.has(sid) || typeof line !== "string") return;
    if (greeted.size > 100) greeted.clear();
    greeted.add(sid);
    host = /^220[ -]([A-Za-z0-9.[\]:-]+)/.exec(line)?.[1] ?? host;
  };
  const deaf = () => undefined;
  const logger = { level: deaf, trace: deaf, debug: hear, info: deaf, warn: deaf, error: deaf, fatal: deaf };
  return { logger, greetedBy: () => host };
}

/** Sends through one server, over at most five connections that are kept open between mails. */
export function smtpTransport(settings: SmtpSettings, options: TransportOptions): MailTransport {
  const ear = makeGreetingEar();
  const domain = domainOf(options.sender);
  const mailer = nodemailer.createTransport({
    pool: true,
    maxConnections: 5,
    host: settings.host,
    port: settings.port,
    ...(domain.includes(".") ? { name: domain } : {}), // what we say in EHLO
    secure: settings.tls === "implicit",
    requireTLS: settings.tls === "starttls",
    // A server on this machine rarely has a certificate for `localhost`, and nobody sits on that wire.
    tls: { minVersion: "TLSv1.2", rejectUnauthorized: settings.tls !== "opportunistic" },
    ...(settings.login ? { auth: { user: settings.login.name, pass: settings.login.password.reveal() } } : {}),
    connectionTimeout: 20_000,
    greetingTimeout: 20_000,
    socketTimeout: 60_000,
    logger: ear.logger,
    transactionLog: true,
  });
  return {
    name: "smtp",
    send: async (mail) => {
      try {
        const signal = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
        const { response } = await mailer.sendMail({ ...compose(mail, options), signal });
        return { kind: "accepted", by: ear.greetedBy() ?? settings.host, answer: response ?? "" };
      } catch (thrown) {
        return outcomeOfError(thrown);
      }
    },
    close: async () => mailer.close(),
  };
}

/**
 * Writes every mail as `<id>.eml` into a folder: complete or not there at all, readable by the owner only, and one
 * file however often the same mail is sent.
 */
export function emlTransport(folder: string, options: TransportOptions): MailTransport {
  const mailer = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  return {
    name: "eml",
    send: async (mail) => {
      const draft = join(folder, `.${mail.id}.${randomBytes(6).toString("hex")}.new`);
      try {
        const { message } = await mailer.sendMail(compose(mail, options));
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const file = await open(draft, "wx", 0o600);
        try {
          await file.writeFile(message as Buffer); // a buffer, since the transport was made with `buffer`
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(draft, join(folder, `${mail.id}.eml`));
        return { kind: "accepted", by: "the folder for development mail", answer: `${mail.id}.eml` };
      } catch (thrown) {
        await rm(draft, { force: true }).catch(() => undefined); // the first error is the one to tell
        return { kind: "deferred", answer: thrown instanceof Error ? thrown.message : String(thrown) };
      }
    },
    close: async () => mailer.close(),
  };
}
