import { hasSecondFactor } from "../authenticators/index.ts";
import type { Guard } from "../kernel/http/index.ts";
import { refuse } from "../kernel/result.ts";
import { freshSubscriberGuard, sessionRefusals, setupGuard, type SubscriberActor } from "../sessions/index.ts";

/**
 * Who may bind a second factor: somebody whose account has none yet, or who showed what it has in the last ten minutes
 * (SP 800-63B-4 §4.1.2). A session from before the first one was bound must sign in anew.
 */
export const enrolmentGuard: Guard<SubscriberActor> = {
  name: "subscriber without a second factor, or authenticator just shown",
  authorize: async (runtime, incoming) => {
    const actor = await setupGuard.authorize(runtime, incoming);
    if (!actor.ok) return actor;
    if (actor.value.session.factors.length >= 2) return freshSubscriberGuard.authorize(runtime, incoming);
    const isOutdated = await hasSecondFactor(runtime.db, actor.value.account.id);
    return isOutdated ? refuse(sessionRefusals["signed-out"]()) : actor;
  },
  signInAt: (incoming, refusal) => freshSubscriberGuard.signInAt?.(incoming, refusal) ?? null,
};
