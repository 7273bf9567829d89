-- Recovery: the case, its thread, who looked at it, and whom we told.
create table recovery_cases (
  id text primary key,
  number text not null unique,
  state text not null,
  origin text not null check (origin in ('stuck-screen', 'form')),
  cause text not null,
  account_id text,
  claimed_name text not null,
  claimed_name_folded text not null,
  contact_address text not null,
  contact_folded text not null,
  contact_confirmed_at timestamptz,
  opened_at timestamptz not null,
  opened_from_ip text not null,
  opened_from_agent text not null,
  state_since timestamptz not null,
  decision jsonb,
  policy_version text not null,
  approvals_needed integer,
  wait_started_at timestamptz,
  wait_ends_at timestamptz,
  midway_told_at timestamptz,
  release_told_at timestamptz,
  expires_at timestamptz not null,
  ended_because text,
  story text not null
);
-- One open case an account; a second request joins it.
create unique index recovery_cases_one_open on recovery_cases (account_id)
  where account_id is not null
    and state in ('collecting', 'review', 'second-review', 'information-requested', 'waiting', 'contested', 'incident', 'ready');
create index recovery_cases_by_state on recovery_cases (state, state_since);
create index recovery_cases_by_account on recovery_cases (account_id, opened_at desc);
create index recovery_cases_clock on recovery_cases (wait_ends_at) where state = 'waiting';
create index recovery_cases_expiry on recovery_cases (expires_at)
  where state in ('unconfirmed', 'collecting', 'information-requested', 'ready');

create table recovery_messages (
  id text primary key,
  case_id text not null references recovery_cases (id),
  author_kind text not null check (author_kind in ('claimant', 'staff', 'system')),
  author_id text,
  is_internal boolean not null,
  body text not null,
  written_at timestamptz not null
);
create index recovery_messages_by_case on recovery_messages (case_id, id);

create table recovery_requests (
  id text primary key,
  case_id text not null references recovery_cases (id),
  question text not null,
  asked_by text not null,
  asked_at timestamptz not null,
  answered_at timestamptz,
  answer text
);
create index recovery_requests_by_case on recovery_requests (case_id, id);

create table recovery_reviews (
  id text primary key,
  case_id text not null references recovery_cases (id),
  round integer not null,
  reviewer_id text not null,
  verdict text not null check (verdict in ('approve', 'refuse')),
  reason text not null,
  decided_at timestamptz not null,
  decision jsonb,
  unique (case_id, round),
  unique (case_id, reviewer_id)
);

create table recovery_notices (
  id text primary key,
  case_id text not null references recovery_cases (id),
  moment text not null check (moment in ('opened', 'midway', 'before-release', 'completed')),
  relation text not null check (relation in ('address', 'former-address', 'co-owner', 'session')),
  recipient text not null,
  mail_id text,
  objection_id text,
  told_at timestamptz not null,
  unique (case_id, moment, relation, recipient)
);

create table case_page_sessions (
  id text primary key,
  case_id text not null references recovery_cases (id),
  digest bytea not null unique,
  opened_with text not null check (opened_with in ('opening', 'case-code', 'mail-code')),
  started_at timestamptz not null,
  expires_at timestamptz not null
);
