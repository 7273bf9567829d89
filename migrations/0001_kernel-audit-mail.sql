-- Kernel: secrets that can be spent once, and counters that only go up.
create table one_time_secrets (
  id text primary key,
  purpose text not null,
  subject text not null,
  digest bytea not null,
  detail jsonb not null default '{}',
  issued_at timestamptz not null,
  expires_at timestamptz,
  spent_at timestamptz,
  revoked_at timestamptz,
  revoked_because text,
  unique (purpose, digest)
);
create index one_time_secrets_by_subject on one_time_secrets (subject, purpose);

create table one_time_counters (
  purpose text not null,
  subject text not null,
  last bigint not null,
  spent_at timestamptz not null,
  primary key (purpose, subject)
);

-- Audit: append only, each row's hash covers the row before it. `personal` can be erased; its commitment stays.
create table audit_events (
  seq bigint primary key,
  at timestamptz not null,
  act text not null,
  actor_kind text not null,
  actor_id text,
  account_id text,
  case_id text,
  facts jsonb not null,
  personal jsonb,
  personal_salt bytea not null,
  personal_commitment bytea not null,
  previous_hash bytea not null,
  hash bytea not null
);
create index audit_events_by_account on audit_events (account_id, seq desc) where account_id is not null;
create index audit_events_by_case on audit_events (case_id, seq) where case_id is not null;

-- Only `personal` may ever change, and only to nothing.
create function audit_events_are_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.personal is null
     and (to_jsonb(new) - 'personal') = (to_jsonb(old) - 'personal') then
    return new;
  end if;
  raise exception 'audit_events is append only';
end $$;
create trigger audit_events_append_only before update or delete on audit_events
  for each row execute function audit_events_are_append_only();
create trigger audit_events_no_truncate before truncate on audit_events
  for each statement execute function audit_events_are_append_only();

-- Notifications: a mail is a row, written with the act that caused it and sent after.
create table outbox_mails (
  id text primary key,
  message text not null,
  to_address text not null,
  subject text not null,
  text_body text not null,
  html_body text not null,
  account_id text,
  case_id text,
  queued_at timestamptz not null,
  state text not null check (state in ('queued', 'sending', 'sent', 'failed')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null,
  leased_until timestamptz,
  accepted_at timestamptz,
  accepted_by text,
  last_answer text
);
create index outbox_mails_due on outbox_mails (next_attempt_at) where state in ('queued', 'sending');
create index outbox_mails_by_account on outbox_mails (account_id, queued_at desc);
create index outbox_mails_by_case on outbox_mails (case_id, queued_at desc);

-- Throttle: attempts, counted before they are checked.
create table throttle_counters (
  bucket text primary key,
  attempts integer not null,
  window_started_at timestamptz not null,
  last_attempt_at timestamptz not null,
  blocked_until timestamptz
);
create index throttle_counters_by_age on throttle_counters (last_attempt_at);
