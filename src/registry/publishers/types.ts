import type { AccountId, ProjectId, PublisherId } from "../../kernel/ids.ts";

/** What runs at another service and may publish, as its owner registered it. */
export interface PublisherIdentity {
  readonly service: "github" | "gitlab" | "google" | "oidc";
  readonly issuer: string;
  /** `owner/name` in lower case; null where the service has no repositories, as with the two below. */
  readonly repository: string | null;
  readonly workflow: string | null;
  /** Null for any. */
  readonly environment: string | null;
  /** Where the service has no repositories: whom its tokens are about. */
  readonly subject: string | null;
}

export interface Publisher extends PublisherIdentity {
  readonly id: PublisherId;
  readonly projectId: ProjectId;
  readonly addedBy: AccountId;
  readonly addedAt: Date;
  readonly removedAt: Date | null;
  /** By the service's own ids, as at the first use. */
  readonly repositoryId: string | null;
  readonly ownerId: string | null;
  readonly firstUsedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

/** Who runs something just now, by a token of the service. */
export interface Run {
  readonly service: PublisherIdentity["service"];
  readonly issuer: string;
  readonly subject: string;
  readonly repository: string | null;
  readonly repositoryId: string | null;
  readonly ownerId: string | null;
  readonly workflow: string | null;
  readonly environment: string | null;
  /** Set off by what somebody without write access proposed or said. */
  readonly isFromProposal: boolean;
  readonly ref: string | null;
  /** The service's number of the run. */
  readonly run: string | null;
}
