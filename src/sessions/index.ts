export {
  type StaffActor,
  owingGuard,
  staffGuard,
  watchingStaffGuard,
  type SubscriberActor,
  setupGuard,
  subscriberGuard,
  freshSubscriberGuard,
} from "./guards.ts";
export { deleteEndedSessions, eraseSessions, listEverySession } from "./erase.ts";
export {
  deleteOldDevices,
  deviceCookie,
  findDevice,
  forgetDevices,
  listDevices,
  type RecognisedDevice,
  recogniseDevice,
} from "./devices.ts";
export { sessionRefusals } from "./refusals.ts";
export {
  endAllSessions,
  endSession,
  expireReauthentication,
  findSession,
  listLiveSessions,
  listSignIns,
  reauthenticate,
  renewSession,
  resolveSession,
  startSession,
} from "./session.ts";
export {
  DEVICE_COOKIE,
  type Factor,
  FRESH_MS,
  isFresh,
  isPhishingResistant,
  type KnownDevice,
  SESSION_COOKIE,
  type Session,
  type SessionKind,
  STAFF_COOKIE,
} from "./types.ts";
