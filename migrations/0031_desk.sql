-- The desk keeps up with many cases: the tier where the queue finds it, who works on a case, and indexes for each order
-- and filter of the queue.
alter table recovery_cases
  add column tier smallint generated always as ((decision ->> 'tier')::smallint) stored,
  add column route text generated always as (decision ->> 'route') stored,
  add column assigned_to text,
  add column assigned_at timestamptz;
drop index recovery_cases_by_state;
create index recovery_cases_by_state on recovery_cases (state, state_since, id);
create index recovery_cases_by_tier on recovery_cases (state, tier, state_since, id);
create index recovery_cases_by_cause on recovery_cases (state, cause, state_since, id);
create index recovery_cases_by_assigned on recovery_cases (assigned_to, state, state_since, id) where assigned_to is not null;
drop index recovery_cases_clock;
create index recovery_cases_clock on recovery_cases (wait_ends_at, id) where state = 'waiting';
create index recovery_cases_by_name on recovery_cases (claimed_name_folded text_pattern_ops);
create index recovery_cases_by_number on recovery_cases (number text_pattern_ops);
create index recovery_cases_by_contact on recovery_cases (contact_folded);

-- What a reviewer did to many cases at once, so that it can be taken back.
create table recovery_batches (
  id text primary key,
  act text not null check (act in ('assign', 'still-needed')),
  done_by text not null,
  done_at timestamptz not null,
  undone_at timestamptz
);
create index recovery_batches_by_person on recovery_batches (done_by, done_at desc);
create table recovery_batch_cases (
  batch_id text not null references recovery_batches (id) on delete cascade,
  case_id text not null references recovery_cases (id),
  was_assigned_to text,
  assigned_to text,
  mail_id text,
  primary key (batch_id, case_id)
);

-- What reviewers keep for themselves: views of the queue, what they are writing, and which case they look at.
create table desk_views (
  id text primary key,
  account_id text not null,
  name text not null,
  query text not null,
  created_at timestamptz not null,
  unique (account_id, name)
);
create table desk_presence (
  case_id text not null,
  account_id text not null,
  since timestamptz not null,
  seen_at timestamptz not null,
  primary key (case_id, account_id)
);
create table desk_drafts (
  id text not null unique default gen_random_uuid()::text,
  case_id text not null,
  account_id text not null,
  field text not null,
  body text not null,
  saved_at timestamptz not null,
  primary key (case_id, account_id, field)
);
