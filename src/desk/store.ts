import type { Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { AccountId, CaseId, DeskViewId } from "../kernel/ids.ts";

interface DeskTables {
  desk_views: { id: DeskViewId; account_id: AccountId; name: string; query: string; created_at: Date };
  desk_presence: { case_id: CaseId; account_id: AccountId; since: Date; seen_at: Date };
  desk_drafts: { case_id: CaseId; account_id: AccountId; field: string; body: string; saved_at: Date };
}

/** The tables of this slice. */
export const own = (reader: Reader): Kysely<DeskTables> => reader.as<DeskTables>();
