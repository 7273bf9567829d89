-- A freeze may end by itself.
alter table accounts add column frozen_until timestamptz;
create index accounts_to_thaw on accounts (frozen_until) where frozen_until is not null;

-- Browsers that signed in before. Only a digest of the cookie and the account is kept: a hint about risk, never a factor.
create table known_devices (
  id text primary key,
  account_id text not null references accounts (id),
  digest bytea not null unique,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null
);
create index known_devices_by_account on known_devices (account_id);
create index known_devices_by_age on known_devices (last_seen_at);
alter table sessions add column device_id text;

-- When personal data of an event is erased, its salt goes with it: with the salt, an address could be guessed from the
-- commitment that stays.
create or replace function audit_events_are_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.personal is null and new.personal_salt in (old.personal_salt, ''::bytea)
     and (to_jsonb(new) - 'personal' - 'personal_salt') = (to_jsonb(old) - 'personal' - 'personal_salt') then
    return new;
  end if;
  raise exception 'audit_events is append only';
end $$;
create index audit_events_personal on audit_events (at) where personal is not null;
