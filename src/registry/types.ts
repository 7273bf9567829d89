import type { Account } from "../accounts/index.ts";
import type {
  AccountId,
  ApiTokenId,
  CaseId,
  FileId,
  HoldId,
  InvitationId,
  OrganisationId,
  ProjectId,
  ProjectUrlId,
  PublisherId,
  ReleaseId,
} from "../kernel/ids.ts";

export type FileType = "bdist_wheel" | "sdist";
export type ProjectRole = "owner" | "maintainer";
export type OrganisationRole = "owner" | "manager" | "member";
export type SharedRole = ProjectRole | OrganisationRole;

/** What a hold takes away for a time. */
export type Power =
  | "publish"
  | "ownership"
  | "collaborators"
  | "tokens"
  | "publishers"
  | "addresses"
  | "keys"
  | "deletion";

export interface Project {
  readonly id: ProjectId;
  /** As its first uploader wrote it. */
  readonly name: string;
  /** PEP 503. */
  readonly normalizedName: string;
  readonly createdAt: Date;
}

export interface Release {
  readonly id: ReleaseId;
  readonly version: string;
  readonly summary: string;
  readonly createdAt: Date;
  readonly yanked: { readonly at: Date; readonly because: string } | null;
}

export interface DistributionFile {
  readonly id: FileId;
  readonly projectId: ProjectId;
  readonly version: string;
  readonly filename: string;
  readonly filetype: FileType;
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly requiresPython: string;
  readonly coreMetadataSha256: string | null;
  readonly uploadedAt: Date;
  /** PEP 592: null where the release stands; else the reason, which may be empty. */
  readonly yanked: string | null;
}

export interface ApiToken {
  readonly id: ApiTokenId;
  readonly accountId: AccountId;
  readonly name: string;
  /** Normalised names; null for the whole account. */
  readonly projects: readonly string[] | null;
  /** Of one that was made for a run of trusted publishers: which. Null for a subscriber's own. */
  readonly publishers: readonly PublisherId[] | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly held: { readonly at: Date; readonly because: string } | null;
  readonly revoked: { readonly at: Date; readonly because: string } | null;
}

/** Who is behind a request made with an API token. */
export interface TokenHolder {
  readonly token: ApiToken;
  readonly account: Account;
  /** Where it is used from, in a request. */
  readonly source?: { readonly ip: string; readonly userAgent: string };
}

export interface Hold {
  readonly id: HoldId;
  readonly accountId: AccountId;
  readonly powers: readonly Power[];
  readonly caseId: CaseId | null;
  readonly placedAt: Date;
  readonly until: Date;
  readonly because: string;
}

export interface Organisation {
  readonly id: OrganisationId;
  readonly name: string;
  readonly role: OrganisationRole;
}

/** Something that several people share: a project, or an organisation with its projects. */
export type Place =
  | { readonly kind: "project"; readonly id: ProjectId; readonly name: string; readonly slug: string }
  | { readonly kind: "organisation"; readonly id: OrganisationId; readonly name: string; readonly slug: string };

/** Somebody with a role in a place. */
export interface Sharer {
  readonly accountId: AccountId;
  readonly role: SharedRole;
  readonly since: Date;
  /** The organisation through which it is so, by name; null for a role of one's own. */
  readonly through: string | null;
}

export type InvitationEnd = "accepted" | "declined" | "withdrawn" | "expired";

/** Somebody asked to share a place. */
export interface Invitation {
  readonly id: InvitationId;
  readonly place: Place;
  readonly role: SharedRole;
  readonly invitedBy: AccountId;
  /** Who was asked by name; null where an address was given. */
  readonly accountId: AccountId | null;
  /** As typed; null where a name was given, and once it has ended. */
  readonly address: string | null;
  readonly invitedAt: Date;
  readonly expiresAt: Date;
}

/** A web page that links back to the project that names it. */
export interface ProjectUrl {
  readonly id: ProjectUrlId;
  readonly projectId: ProjectId;
  readonly url: string;
  readonly host: string;
  /** When the link back was first seen, and by whose doing. */
  readonly boundAt: Date;
  readonly boundBy: AccountId;
  /** When it was last seen. */
  readonly checkedAt: Date;
  /** Since when it does not lead back any more; null while it does. */
  readonly lostAt: Date | null;
}
