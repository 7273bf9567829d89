import type { Command } from "./command.ts";
import { adminCreate } from "./commands/admin-create.ts";
import { auditVerify } from "./commands/audit-verify.ts";
import { doctor } from "./commands/doctor.ts";
import { help } from "./commands/help.ts";
import { keysRetire, keysRotate } from "./commands/keys.ts";
import { mailBounce } from "./commands/mail-bounce.ts";
import { mailKey, mailKeyAdd, mailKeyDrop } from "./commands/mail-key.ts";
import { migrate } from "./commands/migrate.ts";
import { policyCheck } from "./commands/policy-check.ts";
import { serve } from "./commands/serve.ts";
import { worker } from "./commands/worker.ts";

/** Every command, in the order help shows them. */
export const commands: readonly Command[] = [
  help,
  serve,
  worker,
  migrate,
  adminCreate,
  policyCheck,
  auditVerify,
  keysRotate,
  keysRetire,
  mailBounce,
  mailKey,
  mailKeyAdd,
  mailKeyDrop,
  doctor,
];
