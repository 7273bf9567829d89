import type { Place, Power, SharedRole } from "../types.ts";

/* Who may do what to whom where something is shared, and how many there can be. Pure. */

export const LIMITS = {
  /** People with a role of their own, open invitations included. */
  project: 50,
  organisation: 200,
  /** Owners of a project or of an organisation. */
  owners: 20,
  /** Organisations one account can own. */
  organisations: 10,
  /** Invitations one account can send in 24 hours. */
  invitationsADay: 20,
  /** Verified pages of a project. */
  urls: 10,
  /** Trusted publishers of a project. */
  publishers: 10,
} as const;

export const DAY_MS = 24 * 3600_000;
/** How long an invitation can be accepted. */
export const INVITATION_DAYS = 14;
/** Who declined is left in peace for so long. */
export const PEACE_DAYS = 7;

const ROLES: Readonly<Record<Place["kind"], readonly SharedRole[]>> = {
  project: ["owner", "maintainer"],
  organisation: ["owner", "manager", "member"],
};

/** The roles there are in a place, the strongest first. */
export const rolesOf = (kind: Place["kind"]): readonly SharedRole[] => ROLES[kind];

/** A role as people say it: "an owner". */
export const roleInWords = (role: SharedRole): string => (role === "owner" ? "an owner" : `a ${role}`);

/** A place as people say it: "the project alpenglow". */
export const placeInWords = ({ kind, name }: Pick<Place, "kind" | "name">): string => `the ${kind} ${name}`;

/**
 * Whether somebody with a role may give, change or take away another: owners all of them, managers of an organisation
 * that of its members. Nobody else anything.
 */
export const mayChange = (kind: Place["kind"], own: SharedRole | null, other: SharedRole): boolean =>
  own === "owner" || (kind === "organisation" && own === "manager" && other === "member");

/** The power that a change needs, and that a hold takes away. Managers of an organisation own its projects. */
export const powerFor = (...roles: readonly SharedRole[]): Power =>
  roles.some((role) => role === "owner" || role === "manager") ? "ownership" : "collaborators";
