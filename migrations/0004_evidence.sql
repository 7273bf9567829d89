-- Evidence: keys registered before, what was observed in a case, and how often something was tried.
create table signing_keys (
  id text primary key,
  account_id text not null references accounts (id),
  type text not null,
  blob bytea not null,
  fingerprint text not null,
  comment text not null,
  is_hardware boolean not null,
  bound_at timestamptz not null,
  revoked_at timestamptz,
  revoked_because text
);
create unique index signing_keys_once on signing_keys (account_id, fingerprint) where revoked_at is null;
create index signing_keys_by_fingerprint on signing_keys (fingerprint);

-- A finding is never changed: a newer one replaces it. Only `observation` may be erased, when its time is over.
create table findings (
  id text primary key,
  case_id text not null,
  account_id text,
  kind text not null,
  kind_version integer not null,
  policy_kind text not null,
  root text not null,
  verdict text not null check (verdict in ('supports', 'contradicts', 'inconclusive')),
  is_public boolean not null,
  bound_at timestamptz,
  changed_at timestamptz,
  observed_at timestamptz not null,
  assessed_at timestamptz not null,
  expires_at timestamptz not null,
  nonce_id text,
  observation jsonb,
  claimant_text text not null,
  reviewer_text text,
  retain_until timestamptz not null,
  replaced_at timestamptz
);
create index findings_by_case on findings (case_id, id);
create index findings_current on findings (case_id, kind, root) where replaced_at is null;
create index findings_to_erase on findings (retain_until) where observation is not null;

-- Tries stay for the life of a case: waiting a day must not buy new ones.
create table evidence_tries (
  case_id text not null,
  kind text not null,
  tries integer not null,
  last_try_at timestamptz not null,
  primary key (case_id, kind)
);
