import type { StoredAuditEvent } from "../audit/index.ts";
import { factOf, isBy, isOwnAct, placeOf, type Scope } from "./kind.ts";
import type { Told } from "./types.ts";

/* What cannot be taken back from here, and what to do about it instead. */

interface Hint {
  readonly what: (event: StoredAuditEvent) => string;
  readonly hint: string;
}

const where = (event: StoredAuditEvent): string => {
  const place = placeOf(event);
  return place ? `the ${place.kind} ${place.slug}` : "something you share";
};

const AGAIN = "If you still have it, add it again.";

const OWN: Readonly<Record<string, Hint>> = {
  "registry/project-created": {
    what: (event) => `The project ${factOf(event, "project")} was made.`,
    hint: "Its name stays taken. Its releases can be yanked.",
  },
  "registry/organisation-created": {
    what: () => "An organisation was made.",
    hint: "You own it, and can leave it as it is.",
  },
  "registry/invitation-accepted": {
    what: (event) => `The account joined ${where(event)}.`,
    hint: "Leave it on its page, if you do not want to be there.",
  },
  "registry/role-left": {
    what: (event) => `The account left ${where(event)}.`,
    hint: "Ask one of its owners to invite you again.",
  },
  "registry/url-removed": {
    what: (event) => `A verified page of ${where(event)} was removed.`,
    hint: "Verify it again on the page of the project.",
  },
  "registry/publisher-removed": {
    what: (event) => `A trusted publisher of ${where(event)} was removed: ${factOf(event, "publisher")}.`,
    hint: "Register it again on the page of the project.",
  },
  "evidence/signing-key-revoked": { what: () => "An SSH key was removed.", hint: AGAIN },
  "evidence/openpgp-key-revoked": { what: () => "An OpenPGP key was removed.", hint: AGAIN },
  "evidence/forge-removed": { what: () => "A forge account was removed.", hint: AGAIN },
  "contacts/ended": { what: () => "A recovery contact was ended.", hint: "Ask them again." },
};

/** What others did to the account: a thief who makes a helper an owner has the helper throw the owner out. */
const BY_OTHERS: Readonly<Record<string, Hint>> = {
  "registry/role-removed": {
    what: (event) => `Somebody else removed the account from ${where(event)}.`,
    hint: "If that was not agreed, write to the people who run this index and name the project.",
  },
  "registry/role-changed": {
    what: (event) => `Somebody else gave the account another role in ${where(event)}.`,
    hint: "If that was not agreed, write to the people who run this index and name the project.",
  },
};

export const TOLD_ACTS: readonly string[] = [...Object.keys(OWN), ...Object.keys(BY_OTHERS)];

/** The oldest first. */
export const listTold = (scope: Scope): readonly Told[] =>
  scope.events.flatMap((event) => {
    const isOthers = !isBy(event, scope.account.id);
    const hint = isOthers ? BY_OTHERS[event.act] : isOwnAct(event, scope) ? OWN[event.act] : undefined;
    return hint ? [{ at: event.at, what: hint.what(event), hint: hint.hint }] : [];
  });
