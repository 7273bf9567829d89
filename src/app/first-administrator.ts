import { audit } from "../audit/index.ts";
import { isRoleHeld } from "../accounts/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { issueToken, revokeSecrets } from "../kernel/one-time.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { type Secret, secret } from "../kernel/secret.ts";

/** The one-time token behind the link, as the page that spends it names it. */
export const FIRST_ADMINISTRATOR = { purpose: "first-administrator", subject: "installation" } as const;

const VALID_HOURS = 24;

export interface AdministratorLink {
  readonly url: Secret<string>;
  readonly expiresAt: Date;
}

/**
 * Issues the link with which one administrator account can be created, once, within 24 hours, and revokes every older
 * one. For whoever runs the process; the operator's act is audited.
 */
export async function issueAdministratorLink(
  runtime: Pick<Runtime, "db" | "clock" | "random" | "publicUrl">,
): Promise<AdministratorLink> {
  const now = runtime.clock.now();
  const expiresAt = new Date(now.getTime() + VALID_HOURS * 3_600_000);
  const issued = await transact(runtime.db, { now }, async (tx) => {
    const { purpose, subject } = FIRST_ADMINISTRATOR;
    const revoked = await revokeSecrets(tx, purpose, subject, "replaced by a newer link");
    const { id, token } = await issueToken(tx, runtime.random, { ...FIRST_ADMINISTRATOR, expiresAt });
    audit(tx, runtime.random, {
      act: "operator/administrator-link-issued",
      actor: { kind: "operator" },
      facts: { link: id, revoked, expiresAt: expiresAt.toISOString() },
    });
    return ok(token);
  });
  if (!issued.ok) throw new Error(issued.refusal.title); // nothing above refuses
  const path = `/first-administrator/${issued.value.reveal()}`;
  return { url: secret(new URL(path, runtime.publicUrl).href), expiresAt };
}

/** A fresh link where nobody is administrator yet, else null. */
export const linkForFirstStart = async (runtime: Runtime): Promise<AdministratorLink | null> =>
  (await isRoleHeld(runtime.db, "administrator")) ? null : issueAdministratorLink(runtime);
