import { createRecordLookup } from "../kernel/net/dns-records.ts";
import { type Intake, makeAskVerdicts, type Receiver, startReceiver } from "../mail-in/index.ts";
import { makeBounceAddresses, makeReplyAddresses } from "../notifications/index.ts";
import type { RecoveryRuntime } from "../recovery/index.ts";
import type { Config } from "./config.ts";
import { EXIT, Failure } from "./failure.ts";

/** Where people may write to by mail; undefined where none is taken in. */
export const supportAddressOf = ({ mailIn }: Config): string | undefined =>
  mailIn ? `${mailIn.mailbox.name}@${mailIn.mailbox.domain}` : undefined;

/** What the receiver takes, for the settings of an installation that takes mail in. */
export function intakeOf(config: Config, runtime: RecoveryRuntime, servers?: readonly string[]): Intake | null {
  const { mailIn, bounceAddress, publicUrl } = config;
  return (
    mailIn && {
      supportAddress: `${mailIn.mailbox.name}@${mailIn.mailbox.domain}`,
      replies: makeReplyAddresses(mailIn.mailbox, runtime.keys),
      bounces: bounceAddress && makeBounceAddresses(bounceAddress, runtime.keys),
      askVerdicts: makeAskVerdicts(createRecordLookup(servers), publicUrl.hostname),
    }
  );
}

/** Starts taking mail, where the operator has said at which address. Throws a Failure where the port cannot be had. */
export async function takeMailIn(config: Config, runtime: RecoveryRuntime): Promise<Receiver | null> {
  const intake = intakeOf(config, runtime);
  if (!config.mailIn || !intake) return null;
  const { host, port, relays } = config.mailIn;
  try {
    return await startReceiver(runtime, intake, { host, port, relays, name: config.publicUrl.hostname });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(
      EXIT.unavailable,
      `Mail cannot be taken in at MAIL_IN_HOST ${host}, MAIL_IN_PORT ${port}: ${why}`,
    );
  }
}
