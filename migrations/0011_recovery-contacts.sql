-- People whom a subscriber has named beforehand: they are told of a recovery, and may later speak for the subscriber.
create table recovery_contacts (
  id text primary key,
  account_id text not null references accounts (id),
  contact_id text not null references accounts (id),
  invited_at timestamptz not null,
  accepted_at timestamptz,
  ended_at timestamptz,
  ended_by text check (ended_by in ('owner', 'contact')),
  check (account_id <> contact_id)
);
create unique index recovery_contacts_once on recovery_contacts (account_id, contact_id) where ended_at is null;
create index recovery_contacts_of on recovery_contacts (contact_id) where ended_at is null;

alter table recovery_notices drop constraint recovery_notices_relation_check;
alter table recovery_notices add constraint recovery_notices_relation_check
  check (relation in ('address', 'former-address', 'co-owner', 'recovery-contact', 'session'));
