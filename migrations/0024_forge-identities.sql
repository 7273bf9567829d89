-- Accounts at a forge (a host of code repositories) that an account's owner has shown to be theirs, and the SSH keys that
-- the forge lists for them in public. A row without bound_at waits for the signature.
create table forge_identities (
  id text primary key,
  account_id text not null references accounts (id),
  host text not null,
  name text not null,
  asked_at timestamptz not null,
  nonce text,
  nonce_until timestamptz,
  bound_at timestamptz,
  proven_by text,
  last_asked_at timestamptz,
  last_answered_at timestamptz,
  -- Nights in a row on which the forge said that there is no such name.
  missing_nights integer not null default 0,
  removed_at timestamptz,
  removed_because text,
  check ((bound_at is null) = (nonce is not null))
);
create unique index forge_identities_once on forge_identities (account_id, host, lower(name)) where bound_at is not null and removed_at is null;
create unique index forge_identities_pending on forge_identities (account_id) where bound_at is null;
create index forge_identities_due on forge_identities (last_asked_at) where bound_at is not null and removed_at is null;

-- A key counts from the night on which it was first seen. One that went away and came back was first seen when it came back.
create table forge_keys (
  identity_id text not null references forge_identities (id) on delete cascade,
  fingerprint text not null,
  type text not null,
  blob bytea not null,
  is_hardware boolean not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  gone_at timestamptz,
  -- Its private part was pasted into a text: it never counts again.
  leaked_at timestamptz,
  primary key (identity_id, fingerprint)
);
create index forge_keys_by_fingerprint on forge_keys (fingerprint);
