export {
  type StaffActor,
  owingGuard,
  staffGuard,
  type SubscriberActor,
  setupGuard,
  subscriberGuard,
  freshSubscriberGuard,
} from "./guards.ts";
export { deleteEndedSessions, eraseSessions, listEverySession } from "./erase.ts";
export { sessionRefusals } from "./refusals.ts";
export {
  endAllSessions,
  endSession,
  findSession,
  listLiveSessions,
  reauthenticate,
  renewSession,
  resolveSession,
  startSession,
} from "./session.ts";
export { type Factor, isFresh, SESSION_COOKIE, type Session, type SessionKind, STAFF_COOKIE } from "./types.ts";
