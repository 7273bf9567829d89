import { findAccount } from "../../accounts/index.ts";
import type { Reader } from "../../kernel/db/database.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import { registryRefusals } from "../refusals.ts";
import { findActing } from "../store/publishers.ts";
import type { TokenHolder } from "../types.ts";

/**
 * Who a token acts for at one project: its account, or for a token of a run whoever registered the publisher there, so
 * that the account's rights, freeze and holds are the publisher's too. Refuses where that publisher was removed.
 * @param project normalised name
 */
export async function actingAt(reader: Reader, holder: TokenHolder, project: string): Promise<Result<TokenHolder>> {
  const { publishers } = holder.token;
  if (publishers === null) return ok(holder);
  if (holder.token.projects?.includes(project) !== true) return ok(holder); // refused as out of scope, with the scope named
  const accountId = await findActing(reader, publishers, project);
  const account = accountId === null ? null : await findAccount(reader, accountId);
  return account ? ok({ ...holder, account }) : refuse(registryRefusals["publisher-gone"]());
}
