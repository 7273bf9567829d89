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
