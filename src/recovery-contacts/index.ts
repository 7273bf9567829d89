export { contactData, eraseContacts } from "./account-data.ts";
export { acceptContact, dropContact, endContact, inviteContact } from "./contacts.ts";
export { contactRefusals } from "./refusals.ts";
export { listContactFor, listContactsOf } from "./store.ts";
export { askContact, askContactsDue, confirmStillThere, peekStillThere } from "./still-there.ts";
export type { RecoveryContact } from "./types.ts";
