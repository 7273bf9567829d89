/*
 * Every table of the database and every column of it, with what an export gives of it and what a deletion does to it. Who
 * adds a table or a column finds the test beside this file red, and decides here. `docs/privacy.md` says the same to people.
 */

export interface Held {
  /** Every column, in any order. */
  readonly columns: string;
  /** Sections of the export that it is in; or why it is in none. */
  readonly exported: readonly string[] | string;
  readonly deletion: Deletion;
}

export type Deletion =
  /** Every row about the account goes. */
  | { readonly rows: "go" }
  /** Rows stay, and these columns of them are emptied. */
  | { readonly emptied: readonly string[]; readonly stays: string }
  /** Nothing is done, and why that is right. */
  | { readonly untouched: string };

const go = { rows: "go" } as const;
const NOTHING_PERSONAL = "nothing about a person is in it";
const nothing = (columns: string): Held => ({
  columns,
  exported: NOTHING_PERSONAL,
  deletion: { untouched: NOTHING_PERSONAL },
});
const PUBLISHED = "what was published stays for those who rely on it; it names the account by an id that says nothing";
const FROM_CASE =
  "of a case that ended with the account given back, in the case; of others, claimants' words are theirs";

export const HELD: Readonly<Record<string, Held>> = {
  account_deletions: { columns: "account_id asked_at due_at", exported: ["deletion"], deletion: go },
  accounts: {
    columns:
      "id username username_folded created_at last_active_at frozen_at frozen_because frozen_case_id frozen_until",
    exported: ["account"],
    deletion: {
      emptied: ["username", "username_folded"],
      stays: "the id is what published files and events name; its dates become the day of the deletion",
    },
  },
  addresses: {
    columns: "id account_id address address_folded domain is_primary added_at verified_at removed_at unreachable_at",
    exported: ["addresses"],
    deletion: go,
  },
  known_devices: {
    columns: "id account_id digest first_seen_at last_seen_at",
    exported: ["devices"],
    deletion: go,
  },
  passkeys: {
    columns:
      "authenticator_id account_id credential_id public_key sign_count is_backup_eligible is_backed_up is_discoverable is_user_verifying aaguid transports copy_suspected_at",
    exported: ["passkeys"],
    deletion: go,
  },
  passkey_user_handles: {
    columns: "account_id handle",
    exported: "a random number by which passkeys know the account",
    deletion: go,
  },
  api_tokens: {
    columns:
      "id account_id name digest projects created_at expires_at last_used_at held_at held_because revoked_at revoked_because publishers",
    exported: ["apiTokens"],
    deletion: go,
  },
  audit_events: {
    columns:
      "seq at act actor_kind actor_id account_id case_id facts personal personal_salt personal_commitment previous_hash hash",
    exported: ["history"],
    deletion: {
      emptied: ["personal", "personal_salt"],
      stays:
        "what happened and when stays, under ids; only so does the chain of hashes prove that nothing was taken out",
    },
  },
  authenticators: {
    columns:
      "id account_id kind name state bound_at last_used_at consecutive_failures blocked_until known_failures known_blocked_until ended_at ended_because detail sealed",
    exported: ["authenticators"],
    deletion: go,
  },
  case_page_sessions: {
    columns: "id case_id digest opened_with started_at expires_at",
    exported: "a digest, and when a claimant's browser opened the case page",
    deletion: go,
  },
  desk_drafts: {
    columns: "id case_id account_id field body saved_at",
    exported: "half a sentence about somebody else's case, gone within the week",
    deletion: go,
  },
  desk_presence: {
    columns: "case_id account_id since seen_at",
    exported: "which case somebody of the desk looks at just now, gone within the day",
    deletion: go,
  },
  desk_views: { columns: "id account_id name query created_at", exported: ["desk"], deletion: go },
  dkim_keys: nothing("domain selector algorithm public_key origin first_used_at last_used_at"),
  drill_challenges: {
    columns: "account_id way value expires_at",
    exported: "what a test asks just now, gone with the test",
    deletion: go,
  },
  drill_reminders: {
    columns: "account_id next_at last_sent_at put_off_until",
    exported: ["drills"],
    deletion: go,
  },
  drill_tests: { columns: "account_id way tested_at", exported: ["drills"], deletion: go },
  evidence_declined: {
    columns: "case_id kind declined_at",
    exported: "kinds of proof that a claimant said they cannot give; it may be somebody else than the owner",
    deletion: { untouched: "kinds by name; with the case emptied it is about nobody" },
  },
  evidence_tries: {
    columns: "case_id kind tries last_try_at",
    exported: "a counter of a case",
    deletion: { untouched: "a counter of a case; with the case emptied it is about nobody" },
  },
  file_attestations: {
    columns: "file_id place project_id issuer subject predicate_type verified_at",
    exported: "stands in the attestations of the published files, which anybody can read",
    deletion: { untouched: PUBLISHED },
  },
  file_downloads: nothing("project_id day downloads"),
  files: {
    columns:
      "id project_id release_id filename identity filetype pyversion size sha256 requires_python core_metadata core_metadata_sha256 gpg_signature attestations uploaded_at uploaded_by uploaded_with",
    exported: ["uploads"],
    deletion: { untouched: PUBLISHED },
  },
  findings: {
    columns:
      "id case_id account_id kind kind_version policy_kind root verdict is_public bound_at changed_at observed_at assessed_at expires_at nonce_id observation claimant_text reviewer_text retain_until replaced_at checked_at limited_to",
    exported: "what a claimant showed; it may be somebody else than the owner",
    deletion: {
      emptied: ["observation", "claimant_text", "reviewer_text"],
      stays: "that something of a kind was shown in a case, with its verdict",
    },
  },
  forge_identities: {
    columns:
      "id account_id host name asked_at nonce nonce_until bound_at proven_by last_asked_at last_answered_at missing_nights removed_at removed_because",
    exported: ["forgeAccounts"],
    deletion: go,
  },
  forge_keys: {
    columns: "identity_id fingerprint type blob is_hardware first_seen_at last_seen_at gone_at leaked_at",
    exported: ["forgeAccounts"],
    deletion: go,
  },
  holds: { columns: "id account_id powers case_id placed_at until because", exported: ["holds"], deletion: go },
  invitations: {
    columns:
      "id project_id organisation_id role invited_by account_id address address_folded invited_at expires_at ended_at ended_as",
    exported: ["sharing"],
    deletion: go,
  },
  issued_tokens_used: nothing("digest expires_at"),
  key_rotations: nothing("key_id began_at current_since finished_at retired_at"),
  mail_domains: nothing("domain checked_at bad_nights lapsed_at"),
  mail_requests: {
    columns: "id kind sealed ip user_agent asked_at",
    exported: "a question typed on a public form; who asked is not known, and it is gone within the minute",
    deletion: { untouched: "belongs to no account, and is gone within the minute" },
  },
  one_time_counters: {
    columns: "purpose subject last spent_at",
    exported: "which time step of an app was used last",
    deletion: go,
  },
  one_time_secrets: {
    columns: "id purpose subject digest detail issued_at expires_at spent_at revoked_at revoked_because",
    exported: ["recoveryCodes"],
    deletion: go,
  },
  openpgp_keys: {
    columns:
      "id account_id fingerprint signers blob user_ids algorithm made_at expires_at pasted_at nonce nonce_until bound_at changed_at revoked_at revoked_because",
    exported: ["openpgpKeys"],
    deletion: go,
  },
  organisation_members: {
    columns: "organisation_id account_id role added_at",
    exported: ["roles"],
    deletion: go,
  },
  organisation_projects: nothing("project_id organisation_id added_at"),
  organisations: nothing("id name name_normalized created_at"),
  outbox_mails: {
    columns:
      "id message to_address subject text_body html_body account_id case_id queued_at state attempts next_attempt_at leased_until accepted_at accepted_by last_answer bounced_at bounce_kind bounce_status bounce_answer",
    exported: ["mails"],
    deletion: go,
  },
  project_dependencies: nothing("project_id depends_on"),
  project_links: {
    columns: "id project_id url label first_seen_at first_file_id last_seen_at",
    exported: "stands in the metadata of the published files, which the export names",
    deletion: { untouched: PUBLISHED },
  },
  project_roles: { columns: "project_id account_id role granted_at", exported: ["roles"], deletion: go },
  projects: {
    columns: "id name name_normalized name_folded created_at created_by",
    exported: ["roles"],
    deletion: { untouched: PUBLISHED },
  },
  project_urls: {
    columns: "id project_id url host bound_by bound_at checked_at removed_at misses next_check_at lost_at",
    exported: ["sharing"],
    deletion: { untouched: "pages that a published project names; who had them verified is an id that says nothing" },
  },
  publishers: {
    columns:
      "id project_id service issuer repository workflow environment subject added_by added_at removed_at repository_id owner_id first_used_at last_used_at",
    exported: ["sharing"],
    deletion: { untouched: "what may publish a project; it ends, and who registered it is an id that says nothing" },
  },
  recovery_batches: {
    columns: "id act done_by done_at undone_at",
    exported: "the desk's work, so that it can be taken back; the history has it",
    deletion: go,
  },
  recovery_batch_cases: {
    columns: "batch_id case_id was_assigned_to assigned_to mail_id",
    exported: "the desk's work, so that it can be taken back; the history has it",
    deletion: { untouched: "ids of the desk's people and of mails, gone within the month" },
  },
  recovery_cases: {
    columns:
      "id number state origin cause account_id claimed_name claimed_name_folded contact_address contact_folded contact_confirmed_at opened_at opened_from_ip opened_from_agent state_since decision policy_version approvals_needed wait_started_at wait_ends_at midway_told_at release_told_at expires_at reminders ended_because story tier route assigned_to assigned_at objected_at",
    exported: ["recoveryCases"],
    deletion: {
      emptied: [
        "claimed_name",
        "claimed_name_folded",
        "contact_address",
        "contact_folded",
        "opened_from_ip",
        "opened_from_agent",
        "story",
      ],
      stays: "that there was a case, how it was decided by which policy, and when",
    },
  },
  recovery_contacts: {
    columns: "id account_id contact_id invited_at accepted_at ended_at ended_by asked_at confirmed_at next_ask_at",
    exported: ["recoveryContacts"],
    deletion: go,
  },
  recovery_figures: nothing(
    "month cause opened restored without_people refused withdrawn expired objected reversed median_days ninth_days made_at",
  ),
  inbound_files: {
    columns: "id mail_id case_id name media_type size content",
    exported: "files that a claimant sent by mail: whoever sent them has them",
    deletion: go,
  },
  inbound_mails: {
    columns: "id digest case_id message_id sender verdicts size received_at",
    exported:
      "which mail brought the words of a case, and what its sender's domain says of it; the words are in the case",
    deletion: go,
  },
  recovery_messages: {
    columns: "id case_id author_kind author_id is_internal body written_at",
    exported: FROM_CASE,
    deletion: { emptied: ["body"], stays: "that something was written, by claimant or desk, and when" },
  },
  recovery_notices: {
    columns: "id case_id moment relation recipient mail_id objection_id told_at",
    exported: "who was told of a case, by ids; the mails themselves are in the export",
    deletion: {
      untouched: "ids of addresses and mails that are gone, so that it stays provable that notices went out",
    },
  },
  recovery_requests: {
    columns: "id case_id question asked_by asked_at answered_at answer",
    exported: FROM_CASE,
    deletion: { emptied: ["question", "answer"], stays: "that the desk asked something, and when it was answered" },
  },
  recovery_reviews: {
    columns: "id case_id round reviewer_id verdict reason decided_at decision",
    exported: "the desk's work; the claimant was told the outcome with its reasons",
    deletion: { emptied: ["reason"], stays: "who of the desk gave which verdict, by id, and when" },
  },
  recovery_strict_accounts: { columns: "account_id since ends_at", exported: ["strictMode"], deletion: go },
  registry_mail_uses: {
    columns: "mail_digest account_id case_id used_at",
    exported: "which mail somebody showed in a case, as a digest; it may be somebody else than the owner",
    deletion: go,
  },
  releases: {
    columns:
      "id project_id version summary description description_content_type requires_python metadata created_at created_by yanked_at yanked_because",
    exported: "published: whoever made it can download it",
    deletion: { untouched: PUBLISHED },
  },
  retired_usernames: {
    columns: "username_folded retired_at",
    exported: "only names of accounts that are gone",
    deletion: { untouched: "the tombstone: the name, which was public, so that nobody takes it" },
  },
  schema_migrations: nothing("name timestamp"),
  schema_migrations_lock: nothing("id is_locked"),
  sessions: {
    columns:
      "id account_id kind digest factors started_at last_seen_at expires_at reauthenticated_at ended_at ended_because ip user_agent owes_new_password device_id",
    exported: ["sessions"],
    deletion: go,
  },
  sign_in_ceremonies: {
    columns:
      "id account_id digest purpose password_at started_at expires_at ended_at password_id factors confirming_since",
    exported: "a sign-in that is half done, gone within the hour",
    deletion: go,
  },
  signing_keys: {
    columns: "id account_id type blob fingerprint comment is_hardware bound_at revoked_at revoked_because",
    exported: ["signingKeys"],
    deletion: go,
  },
  staff_roles: { columns: "account_id role granted_at granted_by", exported: ["rolesAtTheDesk"], deletion: go },
  throttle_counters: {
    columns: "bucket attempts window_started_at last_attempt_at blocked_until",
    exported: "counters that forget within a day",
    deletion: { untouched: "counters that forget within a day; networks in them are digests" },
  },
  undo_decisions: { columns: "account_id turn change verdict decided_at", exported: ["undo"], deletion: go },
  undo_reviews: { columns: "account_id turn since begun_at finished_at", exported: ["undo"], deletion: go },
  vouches: {
    columns: "id kind case_id account_id person_id asked_at expires_at answered_at answer spoke_by",
    exported: ["vouches"],
    deletion: go,
  },
};
