-- The yearly drill: when each way back into an account was last tested, what a test asks just now, when to remind.
create table drill_tests (
  account_id text not null references accounts (id),
  way text not null,
  tested_at timestamptz not null,
  primary key (account_id, way)
);

create table drill_challenges (
  account_id text not null references accounts (id),
  way text not null,
  value text not null,
  expires_at timestamptz not null,
  primary key (account_id, way)
);

create table drill_reminders (
  account_id text primary key references accounts (id),
  next_at timestamptz not null,
  last_sent_at timestamptz,
  put_off_until timestamptz
);
create index drill_reminders_due on drill_reminders (next_at);

-- Once a year a recovery contact is asked whether they are still there; the owner may ask in between.
alter table recovery_contacts add column asked_at timestamptz;
alter table recovery_contacts add column confirmed_at timestamptz;
alter table recovery_contacts add column next_ask_at timestamptz;
update recovery_contacts set next_ask_at = accepted_at + interval '365 days' where accepted_at is not null and ended_at is null;
create index recovery_contacts_to_ask on recovery_contacts (next_ask_at) where ended_at is null and accepted_at is not null;
