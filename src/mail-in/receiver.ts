import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import { errorFields } from "../kernel/log.ts";
import type { RecoveryRuntime } from "../recovery/index.ts";
import { type SmtpAnswer, smtpAnswerOf } from "./answers.ts";
import { mailInRefusals } from "./refusals.ts";
import { type Intake, placeOf, takeMail } from "./take.ts";
import type { ReceivedMail } from "./types.ts";

/*
 * A small SMTP server (RFC 5321) that takes mail for our own addresses and for nothing else. It stands behind the mail
 * server of the index, which keeps what we cannot take just now; it sends nothing, so it can neither relay nor bounce.
 */

export interface ReceiverOptions {
  readonly host: string;
  readonly port: number;
  /** Mail servers that may say by XFORWARD who handed a mail in. */
  readonly relays: readonly string[];
  /** What it calls itself. */
  readonly name: string;
}

export interface Receiver {
  readonly port: number;
  /** Takes no more connections, and lets those end that are in the midst of a mail. */
  stop(): Promise<void>;
}

export const MOST_BYTES = 10 * 1024 * 1024;
/** Each may hold one mail in memory. */
const MOST_CLIENTS = 20;
/** One a mail, so that each has an answer of its own: the other side sends the rest again (RFC 5321 §4.5.3.1.10). */
const MOST_RECIPIENTS = 1;
const MOST_UNKNOWN = 10;
const IDLE_MS = 60_000;
const CLOSE_MS = 5_000;

/** Starts it. Throws where the port cannot be had. */
export async function startReceiver(
  runtime: RecoveryRuntime,
  intake: Intake,
  options: ReceiverOptions,
): Promise<Receiver> {
  const unknown = new WeakMap<SMTPServerSession, number>();
  const server = new SMTPServer({
    name: options.name,
    banner: "Locksmith",
    size: MOST_BYTES,
    maxClients: MOST_CLIENTS,
    maxRecipients: MOST_RECIPIENTS,
    socketTimeout: IDLE_MS,
    closeTimeout: CLOSE_MS,
    disabledCommands: ["AUTH", "STARTTLS"],
    hideSMTPUTF8: false,
    hideENHANCEDSTATUSCODES: true, // ours are in the texts
    disableReverseLookup: true,
    useXForward: [...options.relays],
    logger: false,
    onRcptTo: ({ address }, session, done) => {
      const place = placeOf(intake, address, runtime.clock.now());
      if (place.ok) return done();
      const count = (unknown.get(session) ?? 0) + 1;
      unknown.set(session, count);
      // Whoever tries address after address is sent away.
      done(
        asError(
          count > MOST_UNKNOWN
            ? { code: 421, text: "4.7.0 Too many unknown recipients." }
            : smtpAnswerOf(place.refusal),
        ),
      );
    },
    onData: (stream, session, done) => {
      void answer(runtime, intake, stream, session).then((said) => {
        // oxlint-disable-next-line promise/no-callback-in-promise -- the library takes its answer by a callback
        done(said.code === 250 ? null : asError(said), said.text);
      });
    },
  });
  server.on("error", (error) => runtime.log.warn("connection of a mail server failed", { error: error.message }));
  await new Promise<void>((resolve, reject) => {
    server.server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.server.address() as AddressInfo).port, // listening on TCP, so never a path
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** What the other server is told. Never rejects: what goes wrong here is ours to mend, and the mail comes again. */
async function answer(
  runtime: RecoveryRuntime,
  intake: Intake,
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
): Promise<SmtpAnswer> {
  try {
    return await take(runtime, intake, stream, session, runtime.clock.now());
  } catch (error) {
    runtime.log.error("mail could not be taken", errorFields(error));
    return { code: 451, text: "4.3.0 It cannot be taken just now. Please try again later." };
  }
}

async function take(
  runtime: RecoveryRuntime,
  intake: Intake,
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  now: Date,
): Promise<SmtpAnswer> {
  const bytes = await readAll(stream);
  if (!bytes || stream.sizeExceeded) return smtpAnswerOf(mailInRefusals["too-large"]());
  const { mailFrom, rcptTo } = session.envelope;
  const forwarded = (name: string) => {
    const value = session.xForward.get(name);
    return typeof value === "string" && value !== "" && !value.startsWith("[UNAVAILABLE") ? value : undefined;
  };
  const mail: Omit<ReceivedMail, "recipient"> = {
    bytes,
    envelopeFrom: mailFrom ? mailFrom.address : "",
    client: {
      ip: forwarded("ADDR") ?? session.remoteAddress,
      greeting: forwarded("HELO") ?? (session.hostNameAppearsAs || "unknown"),
    },
  };
  const taken = await takeMail(runtime, intake, { ...mail, recipient: rcptTo[0]?.address ?? "" }, now);
  return taken.ok ? { code: 250, text: `2.0.0 ${taken.value}` } : smtpAnswerOf(taken.refusal);
}

/** All of it, or null where it is too much: the rest is read and thrown away, since the other side sends to the end. */
async function readAll(stream: SMTPServerDataStream): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) chunks.length = 0;
    else chunks.push(chunk);
  }
  return size > MOST_BYTES ? null : Buffer.concat(chunks);
}

const asError = ({ code, text }: SmtpAnswer): Error => Object.assign(new Error(text), { responseCode: code });
