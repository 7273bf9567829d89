export { deleteOldDesk, deskData, eraseDesk } from "./account-data.ts";
export { DRAFT_FIELDS, type DraftField, keepDraft, LONGEST_DRAFT, readDrafts, sealedDeskColumns } from "./drafts.ts";
export { listLookedAt, listPresent, notePresence, type Present } from "./presence.ts";
export { deskRefusals } from "./refusals.ts";
export { type DeskView, keepView, listViews, removeView } from "./views.ts";
