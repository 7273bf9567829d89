-- What was asked on a public form and is answered by mail only: a reset of the password, the usernames of an address.
-- The request does the same work whatever was typed; a worker looks it up. What was typed is sealed, and gone once answered.
create table mail_requests (
  id text primary key,
  kind text not null check (kind in ('reset', 'usernames')),
  sealed bytea not null,
  ip text not null,
  user_agent text not null,
  asked_at timestamptz not null
);

-- A session begun with a password that has leaked can do one thing: choose a new one.
alter table sessions add column owes_new_password boolean not null default false;

-- A case opened from a reset link: the mailbox was shown a moment ago.
alter table recovery_cases drop constraint recovery_cases_origin_check;
alter table recovery_cases add constraint recovery_cases_origin_check
  check (origin in ('stuck-screen', 'form', 'reset-link'));
