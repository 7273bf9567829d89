-- Accounts whose owners want no person to be able to let anybody in. Ending it takes a week, of which everybody is told.
create table recovery_strict_accounts (
  account_id text primary key references accounts (id),
  since timestamptz not null,
  ends_at timestamptz
);
