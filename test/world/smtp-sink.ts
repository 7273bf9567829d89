import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/*
 * A real SMTP server for tests. It keeps what it takes, and answers what it is told to.
 */

export interface ReceivedMail {
  readonly to: readonly string[];
  readonly from: string;
  /** The whole message as it came over the wire. */
  readonly raw: Buffer;
  readonly messageId: string;
  readonly isEncrypted: boolean;
}

export interface SmtpSink {
  readonly port: number;
  readonly received: readonly ReceivedMail[];
  /** What to answer a recipient or a message with from now on; null to accept. */
  answer(stage: "recipient" | "message", reply: { readonly code: number; readonly text: string } | null): void;
  /** Called after a message was taken and before it is acknowledged. */
  beforeAcknowledging(hook: () => Promise<void>): void;
  stop(): Promise<void>;
}

const refusal = (reply: { readonly code: number; readonly text: string }): Error =>
  Object.assign(new Error(reply.text), { responseCode: reply.code });

/** Starts a sink on a free port of this machine, or on the one given. */
export async function startSmtpSink(
  options: { readonly port?: number; readonly name?: string; readonly offersTls?: boolean } & SMTPServerOptions = {},
): Promise<SmtpSink> {
  const { port = 0, name = "mx.sink.example", offersTls = false, ...more } = options;
  const received: ReceivedMail[] = [];
  const replies: Record<"recipient" | "message", { readonly code: number; readonly text: string } | null> = {
    recipient: null,
    message: null,
  };
  let hook = async () => {};
  const server = new SMTPServer({
    name,
    authOptional: true,
    hideSTARTTLS: !offersTls,
    disabledCommands: [...(more.onAuth ? [] : ["AUTH"]), ...(offersTls ? [] : ["STARTTLS"])],
    logger: false,
    onRcptTo: (_address, _session, done) => done(replies.recipient ? refusal(replies.recipient) : null),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", async () => {
        if (replies.message) return done(refusal(replies.message));
        const raw = Buffer.concat(chunks);
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          to: rcptTo.map((each) => each.address),
          from: mailFrom ? mailFrom.address : "",
          raw,
          messageId: /^message-id: (.*)$/im.exec(raw.toString("latin1"))?.[1]?.trim() ?? "",
          isEncrypted: session.secure,
        });
        await hook();
        done(null, `taken as ${received.length}`);
      });
    },
    ...more,
  });
  server.on("error", () => undefined); // a connection that a test broke off on purpose
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    port: (server.server.address() as AddressInfo).port, // listening on TCP, so never a path
    received,
    answer: (stage, reply) => {
      replies[stage] = reply;
    },
    beforeAcknowledging: (given) => {
      hook = given;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
