-- Mail that comes in. A case may be opened by it, and an answer to a mail of ours is part of its case's thread.
alter table recovery_cases drop constraint recovery_cases_origin_check;
alter table recovery_cases add constraint recovery_cases_origin_check
  check (origin in ('stuck-screen', 'form', 'reset-link', 'mail'));

-- One row a mail that was taken. The digest is of its bytes and the address it was sent to: a server that has not heard
-- our answer sends it again, and it is taken once.
create table inbound_mails (
  id text primary key,
  digest bytea not null unique,
  case_id text not null references recovery_cases (id),
  message_id text references recovery_messages (id) deferrable initially deferred,
  sender text not null,
  verdicts jsonb not null,
  size integer not null,
  received_at timestamptz not null
);
create index inbound_mails_by_case on inbound_mails (case_id, id);

create table inbound_files (
  id text primary key,
  mail_id text not null references inbound_mails (id) on delete cascade,
  case_id text not null,
  name text not null,
  media_type text not null,
  size integer not null,
  content bytea not null
);
create index inbound_files_by_case on inbound_files (case_id, id);
