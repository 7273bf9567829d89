import { findAddress, hasStanding, listAddresses } from "../../accounts/index.ts";
import { audit } from "../../audit/index.ts";
import { makeShortCode, readShortCode } from "../../kernel/crypto/short-code.ts";
import { transact } from "../../kernel/db/transact.ts";
import type { AddressId } from "../../kernel/ids.ts";
import { listSecrets, peekUsable, revokeSecrets, spend, storeSecret } from "../../kernel/one-time.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { queueMail } from "../../notifications/index.ts";
import type { Self } from "../../security-settings/index.ts";
import { clearName, countAttempt, countOnName } from "../../throttle/index.ts";
import type { WayKind } from "../kind.ts";
import { drillRefusals } from "../refusals.ts";
import type { Way } from "../types.ts";

const PURPOSE = "drill-mailbox-code";
/** As for the codes of a recovery case: slow mail may arrive. */
const MINUTES = 30;
const MAILS_PER_HOUR = 5;

const digestsOf = (runtime: Runtime, way: Way, code: string): readonly Buffer[] =>
  runtime.keys.macs("short-code", `${PURPOSE}\n${way.id}\n${code}`);

/** A confirmed address where mail arrives. Its confirmation is a test; whether it still reads its mail years later, only another one shows. */
export const mailbox: WayKind = {
  id: "mailbox",
  list: async (reader, account) =>
    (await listAddresses(reader, account.id)).flatMap((one) =>
      hasStanding(one)
        ? [
            {
              id: one.id,
              kind: "mailbox",
              label: `The mailbox ${one.address}`,
              since: one.addedAt,
              lastTestedAt: one.verifiedAt,
            },
          ]
        : [],
    ),
  ask: {
    words: "We mail a code to this address, and you type it here. The code opens nothing.",
    begin: "Mail me the code",
    answer: { label: "The code from the mail", hint: "Eight digits. It can take a minute.", shape: "digits" },
    mend: { href: "/account/addresses", label: "I do not read this mailbox any more" },
  },
  begin: mailCode,
  pending: async (runtime, self, way) => {
    const waits = (await listSecrets(runtime.db, PURPOSE, way.id)).some(
      (one) => !one.spentAt && !one.revokedAt && one.expiresAt !== null && one.expiresAt > self.now,
    );
    return waits ? { words: `The code is on its way. It works for ${MINUTES} minutes.` } : null;
  },
  verify: async (runtime, self, way, answer) => {
    const bucket = `drill-mailbox:${way.id}`;
    const counted = await countOnName(runtime.db, bucket, self.now);
    if (!counted.ok) return counted;
    const code = readShortCode(answer);
    if (code === null) return refuse(drillRefusals["wrong-code"]({ detail: "The code has eight digits." }));
    const presented = { purpose: PURPOSE, subject: way.id, digests: digestsOf(runtime, way, code) };
    const found = await peekUsable(runtime.db, presented, self.now);
    if (!found.ok)
      return found.refusal.code === "one-time/unknown" ? refuse(drillRefusals["wrong-code"]()) : refuse(found.refusal);
    return ok(async (tx) => {
      const spent = await spend(tx, presented);
      if (!spent.ok) return spent;
      await clearName(tx, bucket);
      return ok();
    });
  },
};

/** Mails a code; it replaces the one before. Refuses more than five mails an hour to one address. */
async function mailCode(runtime: Runtime, self: Self, way: Way): Promise<Result<undefined>> {
  const limit = { bucket: `drill-mail:${way.id}`, limit: MAILS_PER_HOUR, windowSeconds: 3600 };
  const counted = await countAttempt(runtime.db, limit, self.now);
  if (!counted.ok) return counted;
  const { id: accountId, username } = self.account;
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Result<undefined>> => {
    const address = await findAddress(tx, way.id as AddressId); // listed by this kind
    if (address?.accountId !== accountId || address.removedAt || !hasStanding(address))
      return refuse(drillRefusals["no-such-way"]());
    const code = makeShortCode(runtime.random);
    const [digest = Buffer.alloc(0)] = digestsOf(runtime, way, code);
    const expiresAt = new Date(tx.now.getTime() + MINUTES * 60_000);
    await revokeSecrets(tx, PURPOSE, way.id, "a newer code was sent");
    await storeSecret(tx, runtime.random, { purpose: PURPOSE, subject: way.id, digest, expiresAt });
    const params = { username, code: `${code.slice(0, 4)} ${code.slice(4)}`, expiresAt };
    await queueMail(tx, runtime, { to: address.address, message: "drill-code", params, accountId });
    audit(tx, runtime.random, {
      act: "drill/code-mailed",
      actor: { kind: "subscriber", id: accountId },
      accountId,
      facts: { way: way.id },
      personal: { ...self.source },
    });
    return ok();
  });
}
