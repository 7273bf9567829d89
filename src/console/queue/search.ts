import { findAccountByName, findAccountByVerifiedAddress, foldUsername, parseAddress } from "../../accounts/index.ts";
import { normalizeCrockford } from "../../kernel/crypto/crockford.ts";
import type { Reader } from "../../kernel/db/database.ts";
import type { AccountId } from "../../kernel/ids.ts";
import type { CaseSearch } from "../../recovery/index.ts";
import { isProjectName, listAccountsOf, normalizeName } from "../../registry/index.ts";

/** Fewer letters of a name would find half the queue. */
const SHORTEST_NAME = 2;

/** The beginning of a case number in its printed form, however it was typed; undefined where it cannot be one. */
export function readNumber(typed: string): string | undefined {
  const symbols = normalizeCrockford(typed.replace(/^\s*lk[\s-]*/i, ""));
  if (!symbols || symbols.length > 8) return /^\s*lk[\s-]*$/i.test(typed) ? "LK-" : undefined;
  return `LK-${symbols.slice(0, 4)}${symbols.length >= 4 ? "-" : ""}${symbols.slice(4)}`;
}

/**
 * What somebody may have meant: a case number, a username as claimed or as it is, a mail address, or a project, whose
 * people's cases are then found.
 */
export async function readSearch(reader: Reader, typed: string): Promise<CaseSearch> {
  const text = typed.trim();
  const number = readNumber(text);
  if (/^lk[\s-]/i.test(text)) return { number };
  if (text.includes("@")) {
    const parsed = parseAddress(text);
    if (!parsed.ok) return {};
    const owner = await findAccountByVerifiedAddress(reader, parsed.value.folded);
    return { contact: parsed.value.folded, accountIds: owner ? [owner.id] : [] };
  }
  const name = foldUsername(text);
  const accountIds = new Set<AccountId>();
  const named = await findAccountByName(reader, text);
  if (named) accountIds.add(named.id);
  if (isProjectName(text)) for (const id of await listAccountsOf(reader, normalizeName(text))) accountIds.add(id);
  return { number, name: name.length < SHORTEST_NAME ? undefined : name, accountIds: [...accountIds] };
}
