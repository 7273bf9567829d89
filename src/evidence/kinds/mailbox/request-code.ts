import { parseAddress } from "../../../accounts/index.ts";
import { audit } from "../../../audit/index.ts";
import type { Source } from "../../../kernel/http/index.ts";
import { transact } from "../../../kernel/db/transact.ts";
import { ok, type Result } from "../../../kernel/result.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import { queueMail } from "../../../notifications/index.ts";
import { countTry } from "../../prove.ts";
import type { EvidenceContext } from "../../types.ts";
import { issueMailboxCode } from "./code.ts";
import { standingOf } from "./lookup.ts";

/** Mails with a code in one case, right or wrong address. */
const MOST_CODES = 5;

export interface CodeRequest {
  /** As typed. */
  readonly address: string;
  /** Where the claimant wrote from: the one address elsewhere that a code may be sent to. */
  readonly contactAddress: string;
  readonly source?: Source;
}

/**
 * Sends a code to an address, if it is or was the account's or is the case's contact address. Answers the same, after
 * the same look-ups and the same rows but for the mail, whatever the address is; the route's floor hides the rest.
 * Refuses what is no address, and one request too many; requests are counted first.
 */
export async function requestMailboxCode(
  runtime: Runtime,
  context: EvidenceContext,
  request: CodeRequest,
): Promise<Result<{ readonly expiresAt: Date }>> {
  const asked = parseAddress(request.address);
  if (!asked.ok) return asked;
  const counted = await countTry(runtime, context, { name: "mailbox-code", limit: MOST_CODES });
  if (!counted.ok) return counted;
  const contact = parseAddress(request.contactAddress);
  return transact(runtime.db, { now: context.now }, async (tx) => {
    const { standing, address } = await standingOf(tx, context, asked.value);
    const { code, expiresAt } = await issueMailboxCode(tx, runtime, context.caseId, asked.value.folded);
    const isContact = contact.ok && contact.value.folded === asked.value.folded;
    const to = address?.address ?? (isContact ? asked.value.address : null);
    if (to !== null) {
      await queueMail(tx, runtime, {
        to,
        message: "case-code",
        params: { caseNumber: context.caseNumber, code: code.reveal(), expiresAt },
        accountId: address ? context.accountId : null,
        caseId: context.caseId,
      });
    }
    audit(tx, runtime.random, {
      act: "evidence/mailbox-code-requested",
      actor: { kind: "claimant", id: context.caseId },
      accountId: context.accountId,
      caseId: context.caseId,
      facts: { standing, isSent: to !== null },
      ...(request.source ? { personal: { ...request.source } } : {}),
    });
    return ok({ expiresAt });
  });
}
