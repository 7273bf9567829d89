-- OpenPGP keys bound to an account. A row without bound_at waits for the signature that shows its owner has the key.
create table openpgp_keys (
  id text primary key,
  account_id text not null references accounts (id),
  fingerprint text not null,
  -- Fingerprints of everything in the key that may sign, to find it by a signature.
  signers text[] not null,
  blob bytea not null,
  user_ids text[] not null,
  algorithm text not null,
  made_at timestamptz not null,
  expires_at timestamptz,
  pasted_at timestamptz not null,
  nonce text,
  nonce_until timestamptz,
  bound_at timestamptz,
  -- When the key was last pasted anew, with another expiry or other subkeys.
  changed_at timestamptz,
  revoked_at timestamptz,
  revoked_because text,
  check ((bound_at is null) = (nonce is not null))
);
create unique index openpgp_keys_once on openpgp_keys (account_id, fingerprint) where bound_at is not null and revoked_at is null;
create unique index openpgp_keys_pending on openpgp_keys (account_id) where bound_at is null;
create index openpgp_keys_by_signer on openpgp_keys using gin (signers);
