import type { WayKind } from "./kind.ts";
import { app } from "./ways/app.ts";
import { codes } from "./ways/codes.ts";
import { contact } from "./ways/contact.ts";
import { mailbox } from "./ways/mailbox.ts";
import { passkey } from "./ways/passkey.ts";
import { sshKey } from "./ways/ssh-key.ts";

/** Every kind of way back that the drill tests, one line each, in the order of the page. */
export const wayKinds: readonly WayKind[] = [passkey, app, codes, mailbox, sshKey, contact];
