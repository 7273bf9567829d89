import { listMailbox, readMailbox } from "../../notifications/index.ts";
import type { Mailbox, ReceivedMail } from "./person.ts";

const LOOK_EVERY_MS = 100;
const PATIENCE_MS = 90_000;

/** The mails an installation without a mail server writes to its data folder. A mail that was read is not given again. */
export function fileMailbox(folder: string): Mailbox {
  const seen = new Set<string>();
  return {
    wait: async (address, subject): Promise<ReceivedMail> => {
      const giveUpAt = performance.now() + PATIENCE_MS;
      for (;;) {
        const entries = await listMailbox(folder, { to: address });
        const found = entries.find((one) => subject.test(one.subject) && !seen.has(one.id));
        const mail = found && (await readMailbox(folder, found.id));
        if (mail) {
          seen.add(mail.id);
          return mail;
        }
        if (performance.now() > giveUpAt)
          throw new Error(
            `No mail to ${address} with ${String(subject)} came. There are: ${entries.map((one) => one.subject).join("; ")}`,
          );
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    },
  };
}
