-- People asked to speak for a claimant: a co-owner who vouches, or a recovery contact who gives a code.
create table vouches (
  id text primary key,
  kind text not null check (kind in ('vouch', 'recovery-contact')),
  case_id text not null,
  -- For whom, and who is asked.
  account_id text not null references accounts (id),
  person_id text not null references accounts (id),
  asked_at timestamptz not null,
  expires_at timestamptz not null,
  answered_at timestamptz,
  answer text check (answer in ('vouched', 'gave-code', 'declined', 'not-them')),
  -- How they spoke with the claimant, in their own words' class.
  spoke_by text check (spoke_by in ('in-person', 'video', 'telephone')),
  check (account_id <> person_id),
  check ((answered_at is null) = (answer is null))
);
create unique index vouches_once on vouches (case_id, kind, person_id);
create index vouches_of_person on vouches (person_id, answered_at);
create index vouches_for_account on vouches (account_id, asked_at);

-- What a finding speaks for, where that is not all the account reaches: ids of projects and organisations.
alter table findings add column limited_to text[];
