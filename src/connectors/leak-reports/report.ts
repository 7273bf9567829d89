import { z } from "zod";
import { listAddresses } from "../../accounts/index.ts";
import { transact } from "../../kernel/db/transact.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { queueMail } from "../../notifications/index.ts";
import { revokeLeakedToken } from "../../registry/index.ts";
import { leakReportRefusals } from "./refusals.ts";
import { readJson } from "./signature.ts";

/** Most findings of one report. */
const MOST_FINDINGS = 500;

const report = z
  .array(
    // A reporter may send more about a finding than we read.
    z.object({ token: z.string().max(4096), type: z.string().max(100), url: z.string().max(2048).optional() }),
  )
  .max(MOST_FINDINGS);

/** What the reporter is told of each finding, so that it can learn what to look for. */
export interface Label {
  readonly token_raw: string;
  readonly token_type: string;
  readonly label: "true_positive" | "false_positive";
}

/**
 * Ends every token of a report whose signature has been checked, each in a transaction of its own with its event and
 * its mails: a report that is cut off has ended what came before, and is sent again. Refuses what is no report.
 */
export async function takeReport(runtime: Runtime, body: Buffer, now: Date): Promise<Result<readonly Label[]>> {
  const parsed = report.safeParse(readJson(body.toString("utf8")));
  if (!parsed.success) return refuse(leakReportRefusals["bad-report"]());
  const labels: Label[] = [];
  for (const { token, type, url } of parsed.data) {
    const isOurs = await endToken(runtime, token, url ?? "", now);
    labels.push({ token_raw: token, token_type: type, label: isOurs ? "true_positive" : "false_positive" });
  }
  return ok(labels);
}

/** @returns whether it is a token of ours, live or not */
async function endToken(runtime: Runtime, text: string, url: string, now: Date): Promise<boolean> {
  const ended = await transact(runtime.db, { now }, async (tx) => {
    const found = await revokeLeakedToken(tx, runtime.random, { text, foundAt: url });
    if (found?.wasLive) {
      const { account, token } = found;
      const params = { username: account.username, name: token.name, where: url || "a public place", when: now };
      for (const address of await listAddresses(tx, account.id)) {
        if (!address.verifiedAt) continue;
        await queueMail(tx, runtime, {
          to: address.address,
          message: "api-token-leaked",
          params,
          accountId: account.id,
        });
      }
    }
    return ok(found !== null);
  });
  return ended.ok && ended.value;
}
