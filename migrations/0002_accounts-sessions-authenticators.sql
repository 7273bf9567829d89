-- Accounts: a name, addresses of record, freezes, staff roles.
create table accounts (
  id text primary key,
  username text not null,
  username_folded text not null unique,
  created_at timestamptz not null,
  last_active_at timestamptz not null,
  frozen_at timestamptz,
  frozen_because text check (frozen_because in ('objection', 'owner', 'staff', 'suspicious')),
  frozen_case_id text
);

create table addresses (
  id text primary key,
  account_id text not null references accounts (id),
  address text not null,
  address_folded text not null,
  domain text not null,
  is_primary boolean not null,
  added_at timestamptz not null,
  verified_at timestamptz,
  removed_at timestamptz
);
-- One verified owner an address; an unverified claim to it does not keep the real owner out.
create unique index addresses_verified_once on addresses (address_folded) where verified_at is not null and removed_at is null;
create unique index addresses_once_per_account on addresses (account_id, address_folded) where removed_at is null;
create unique index addresses_one_primary on addresses (account_id) where is_primary and removed_at is null;
create index addresses_by_folded on addresses (address_folded);

create table staff_roles (
  account_id text not null references accounts (id),
  role text not null check (role in ('support', 'reviewer', 'administrator', 'auditor')),
  granted_at timestamptz not null,
  granted_by text,
  primary key (account_id, role)
);

-- Sessions: only the digest of the secret is kept.
create table sessions (
  id text primary key,
  account_id text not null references accounts (id),
  kind text not null check (kind in ('subscriber', 'staff')),
  digest bytea not null unique,
  factors text[] not null,
  started_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null,
  reauthenticated_at timestamptz not null,
  ended_at timestamptz,
  ended_because text,
  ip text not null,
  user_agent text not null
);
create index sessions_live on sessions (account_id) where ended_at is null;

-- Authenticators: every one ever bound, with the dates of its life (SP 800-63B-4 §4.1).
create table authenticators (
  id text primary key,
  account_id text not null references accounts (id),
  kind text not null check (kind in ('password', 'totp', 'recovery-codes')),
  name text not null,
  state text not null check (state in ('pending', 'active', 'disabled', 'revoked')),
  bound_at timestamptz not null,
  last_used_at timestamptz,
  consecutive_failures integer not null default 0,
  blocked_until timestamptz,
  ended_at timestamptz,
  ended_because text,
  detail jsonb not null,
  sealed bytea
);
create unique index authenticators_one_active on authenticators (account_id, kind) where state = 'active' and kind in ('password', 'recovery-codes');
create index authenticators_by_account on authenticators (account_id);

-- Sign-in: the password was right, the second factor is still to come.
create table sign_in_ceremonies (
  id text primary key,
  account_id text references accounts (id),
  digest bytea not null unique,
  purpose text not null check (purpose in ('subscriber', 'staff')),
  password_at timestamptz not null,
  started_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz
);
