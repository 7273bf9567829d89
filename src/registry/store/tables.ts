import type { Kysely } from "kysely";
import type { Reader } from "../../kernel/db/database.ts";
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
} from "../../kernel/ids.ts";
import type { Publisher } from "../publishers/types.ts";
import type { FileType, InvitationEnd, OrganisationRole, Power, ProjectRole, SharedRole } from "../types.ts";

/** The tables of this slice; nobody else's code names them. */
export interface RegistryTables {
  projects: {
    id: ProjectId;
    name: string;
    name_normalized: string;
    name_folded: string;
    created_at: Date;
    created_by: AccountId;
  };
  releases: {
    id: ReleaseId;
    project_id: ProjectId;
    version: string;
    summary: string;
    description: string;
    description_content_type: string;
    requires_python: string;
    metadata: object;
    created_at: Date;
    created_by: AccountId;
    yanked_at: Date | null;
    yanked_because: string | null;
  };
  files: {
    id: FileId;
    project_id: ProjectId;
    release_id: ReleaseId;
    filename: string;
    identity: string;
    filetype: FileType;
    pyversion: string;
    size: bigint;
    sha256: string;
    requires_python: string;
    core_metadata: Buffer | null;
    core_metadata_sha256: string | null;
    gpg_signature: string | null;
    attestations: string | null;
    uploaded_at: Date;
    uploaded_by: AccountId;
    uploaded_with: ApiTokenId;
  };
  file_attestations: {
    file_id: FileId;
    place: number;
    project_id: ProjectId;
    issuer: string;
    subject: string;
    predicate_type: string;
    verified_at: Date;
  };
  project_dependencies: { project_id: ProjectId; depends_on: string };
  file_downloads: { project_id: ProjectId; day: string; downloads: bigint };
  project_roles: { project_id: ProjectId; account_id: AccountId; role: ProjectRole; granted_at: Date };
  organisations: { id: OrganisationId; name: string; name_normalized: string; created_at: Date };
  organisation_members: {
    organisation_id: OrganisationId;
    account_id: AccountId;
    role: OrganisationRole;
    added_at: Date;
  };
  organisation_projects: { project_id: ProjectId; organisation_id: OrganisationId; added_at: Date };
  /** A view: rights of one's own and through organisations. */
  project_access: { project_id: ProjectId; account_id: AccountId; role: ProjectRole; since: Date };
  invitations: {
    id: InvitationId;
    project_id: ProjectId | null;
    organisation_id: OrganisationId | null;
    role: SharedRole;
    invited_by: AccountId;
    account_id: AccountId | null;
    address: string | null;
    address_folded: string | null;
    invited_at: Date;
    expires_at: Date;
    ended_at: Date | null;
    ended_as: InvitationEnd | null;
  };
  project_urls: {
    id: ProjectUrlId;
    project_id: ProjectId;
    url: string;
    host: string;
    bound_by: AccountId;
    bound_at: Date;
    checked_at: Date;
    removed_at: Date | null;
    misses: number;
    next_check_at: Date;
    lost_at: Date | null;
  };
  publishers: {
    id: PublisherId;
    project_id: ProjectId;
    service: Publisher["service"];
    issuer: string;
    repository: string | null;
    workflow: string | null;
    environment: string | null;
    subject: string | null;
    added_by: AccountId;
    added_at: Date;
    removed_at: Date | null;
    repository_id: string | null;
    owner_id: string | null;
    first_used_at: Date | null;
    last_used_at: Date | null;
  };
  issued_tokens_used: { digest: Buffer; expires_at: Date };
  api_tokens: {
    id: ApiTokenId;
    account_id: AccountId;
    name: string;
    digest: Buffer;
    projects: string[] | null;
    created_at: Date;
    expires_at: Date | null;
    last_used_at: Date | null;
    held_at: Date | null;
    held_because: string | null;
    revoked_at: Date | null;
    revoked_because: string | null;
    publishers: PublisherId[] | null;
  };
  holds: {
    id: HoldId;
    account_id: AccountId;
    powers: Power[];
    case_id: CaseId | null;
    placed_at: Date;
    until: Date;
    because: string;
  };
}

export const own = (reader: Reader): Kysely<RegistryTables> => reader.as<RegistryTables>();
