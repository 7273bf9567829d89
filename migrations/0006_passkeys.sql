-- Authenticators: passkeys (WebAuthn). The row in `authenticators` carries name, state and dates; this one what the key is.
alter table authenticators drop constraint authenticators_kind_check;
alter table authenticators add constraint authenticators_kind_check
  check (kind in ('password', 'totp', 'recovery-codes', 'passkey'));

-- A credential id belongs to one account for ever, also after the passkey was removed: its key proves later that a
-- removed passkey is shown, and only then is anybody told so.
create table passkeys (
  authenticator_id text primary key references authenticators (id),
  account_id text not null references accounts (id),
  credential_id bytea not null unique check (octet_length(credential_id) between 1 and 1023),
  public_key bytea not null,
  sign_count bigint not null check (sign_count >= 0),
  is_backup_eligible boolean not null,
  is_backed_up boolean not null,
  is_discoverable boolean,
  is_user_verifying boolean not null,
  aaguid text not null,
  transports text[] not null,
  copy_suspected_at timestamptz,
  check (is_backup_eligible or not is_backed_up)
);
create index passkeys_by_account on passkeys (account_id);

-- What an authenticator knows the account by: random, without personal data (WebAuthn L3 §14.6.1).
create table passkey_user_handles (
  account_id text primary key references accounts (id),
  handle bytea not null unique
);

-- Challenges that nobody answered are swept by their age.
create index one_time_secrets_by_expiry on one_time_secrets (purpose, expires_at);
