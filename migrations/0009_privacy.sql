-- Names of deleted accounts, folded: nobody may take the name of an account whose files people still install.
create table retired_usernames (
  username_folded text primary key,
  retired_at timestamptz not null
);

-- Accounts whose owner asked for deletion; the row goes when they keep the account, or when it is deleted.
create table account_deletions (
  account_id text primary key references accounts (id),
  asked_at timestamptz not null,
  due_at timestamptz not null
);
create index account_deletions_due on account_deletions (due_at);

-- Master keys that a rotation made: from when on each was used, and whether everything sealed was moved to it.
create table key_rotations (
  key_id text primary key,
  began_at timestamptz not null,
  current_since timestamptz,
  finished_at timestamptz,
  retired_at timestamptz
);

create index audit_events_personal_by_actor on audit_events (actor_id) where personal is not null;
