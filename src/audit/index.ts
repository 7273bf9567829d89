export { audit } from "./append.ts";
export { asOwnerSees, erasePersonalOf } from "./erase.ts";
export { actsOfKind, EVENT_KINDS, type EventKind, kindOfAct } from "./kinds.ts";
export { erasePersonalData } from "./retention.ts";
export { type EventFilter, findEvent, listAccountsActedOn, listEvents } from "./store.ts";
export type { AuditActor, AuditEvent, AuditFacts, PersonalFacts, StoredAuditEvent } from "./types.ts";
export { type Breach, type Verification, verifyChain } from "./verify.ts";
export { describeAct, wordsOfAct } from "./words.ts";
