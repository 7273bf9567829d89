import { type Account, findAccount, listStaffRoles, type StaffRole } from "../accounts/index.ts";
import type { Guard, Incoming } from "../kernel/http/index.ts";
import type { Refusal } from "../kernel/refusal.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { sessionRefusals } from "./refusals.ts";
import { resolveSession } from "./session.ts";
import { isFresh, SESSION_COOKIE, type Session, STAFF_COOKIE } from "./types.ts";

export interface SubscriberActor {
  readonly account: Account;
  readonly session: Session;
}

export interface StaffActor extends SubscriberActor {
  readonly roles: readonly StaffRole[];
}

/** A session that owes a new password is let in by `owingGuard` alone. */
async function resolveSubscriber(runtime: Runtime, incoming: Incoming): Promise<Result<SubscriberActor>> {
  const actor = await resolveAny(runtime, incoming);
  return actor.ok && actor.value.session.owesNewPassword ? refuse(sessionRefusals["owes-new-password"]()) : actor;
}

async function resolveAny(runtime: Runtime, incoming: Incoming): Promise<Result<SubscriberActor>> {
  const token = incoming.cookies[SESSION_COOKIE];
  const session = token ? await resolveSession(runtime, token, "subscriber", incoming.now) : null;
  const account = session && (await findAccount(runtime.db, session.accountId));
  if (!session || !account || account.frozen) return refuse(sessionRefusals["signed-out"]());
  return ok({ account, session });
}

const signIn = (incoming: Incoming, refusal: Refusal): string =>
  refusal.code === "sessions/owes-new-password"
    ? "/sign-in/new-password"
    : incoming.method === "GET"
      ? `/sign-in?next=${encodeURIComponent(incoming.path)}`
      : "/sign-in";

/** Signed in, perhaps with a password alone because no second factor is bound yet: may only finish setting up. */
export const setupGuard: Guard<SubscriberActor> = {
  name: "subscriber in setup",
  authorize: resolveSubscriber,
  signInAt: signIn,
};

/** As `subscriber in setup`, and also with a password that has leaked, which is then to be replaced. */
export const owingGuard: Guard<SubscriberActor> = {
  name: "subscriber in setup",
  authorize: resolveAny,
  signInAt: signIn,
};

/** Signed in with two factors (ASVS 5.0 6.3.3). */
export const subscriberGuard: Guard<SubscriberActor> = {
  name: "subscriber",
  authorize: async (runtime, incoming) => {
    const actor = await resolveSubscriber(runtime, incoming);
    if (actor.ok && actor.value.session.factors.length < 2) return refuse(sessionRefusals["setup-unfinished"]());
    return actor;
  },
  signInAt: (incoming, refusal) =>
    refusal.code === "sessions/setup-unfinished" ? "/account/setup" : signIn(incoming, refusal),
};

/** As `subscriber`, and an authenticator was shown in the last ten minutes. */
export const freshSubscriberGuard: Guard<SubscriberActor> = {
  name: "subscriber, authenticator just shown",
  authorize: async (runtime, incoming) => {
    const actor = await subscriberGuard.authorize(runtime, incoming);
    if (!actor.ok) return actor;
    return isFresh(actor.value.session, incoming.now) ? actor : refuse(sessionRefusals["show-authenticator"]());
  },
  signInAt: (incoming, refusal) =>
    refusal.code === "sessions/show-authenticator"
      ? `/account/confirm?next=${encodeURIComponent(incoming.method === "GET" ? incoming.path : "/account")}`
      : (subscriberGuard.signInAt?.(incoming, refusal) ?? null),
};

/** Signed in at the desk, with one of the roles. To everybody else the desk's pages do not exist. */
export const staffGuard = (...roles: readonly StaffRole[]): Guard<StaffActor> => guardOfStaff(roles, true);

/** As `staffGuard`, for what a page asks by itself while nobody touches it: it does not keep the session awake. */
export const watchingStaffGuard = (...roles: readonly StaffRole[]): Guard<StaffActor> => guardOfStaff(roles, false);

function guardOfStaff(roles: readonly StaffRole[], isPerson: boolean): Guard<StaffActor> {
  return {
    name: `staff: ${roles.join(", ")}`,
    authorize: async (runtime, incoming) => {
      const token = incoming.cookies[STAFF_COOKIE];
      const session = token ? await resolveSession(runtime, token, "staff", incoming.now, isPerson) : null;
      const account = session && (await findAccount(runtime.db, session.accountId));
      if (!session || !account || account.frozen) return refuse(sessionRefusals["signed-out"]());
      const held = await listStaffRoles(runtime.db, account.id);
      if (held.length === 0) return refuse(sessionRefusals["not-staff"]());
      if (!roles.some((role) => held.includes(role))) return refuse(sessionRefusals["not-your-role"]());
      return ok({ account, session, roles: held });
    },
    signInAt: (incoming, refusal) =>
      refusal.code === "sessions/signed-out"
        ? `/console/sign-in${incoming.method === "GET" ? `?next=${encodeURIComponent(incoming.path)}` : ""}`
        : null,
  };
}
