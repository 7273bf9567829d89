export { audit } from "./append.ts";
export { asOwnerSees, erasePersonalOf } from "./erase.ts";
export { type EventFilter, listEvents } from "./store.ts";
export type { AuditActor, AuditEvent, AuditFacts, PersonalFacts, StoredAuditEvent } from "./types.ts";
export { type Breach, type Verification, verifyChain } from "./verify.ts";
export { describeAct, wordsOfAct } from "./words.ts";
