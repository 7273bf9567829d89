-- The public half of every key that mails of this installation were ever signed with (RFC 6376). A mail that its addressee
-- has kept is checked with the key of its time, also when DNS has long had another.
create table dkim_keys (
  domain text not null,
  selector text not null,
  algorithm text not null check (algorithm in ('rsa-sha256', 'ed25519-sha256')),
  -- As it stands in the p= of its DNS record: base 64.
  public_key text not null,
  -- 'server' was noted by a server that signed with it, 'operator' was added by hand.
  origin text not null check (origin in ('server', 'operator')),
  first_used_at timestamptz not null,
  last_used_at timestamptz not null,
  primary key (domain, selector, public_key)
);

-- Mails of ours that were shown as a proof, so that one mail does not speak for two accounts. A digest of the Message-ID.
create table registry_mail_uses (
  mail_digest bytea not null,
  account_id text not null references accounts (id),
  case_id text not null,
  used_at timestamptz not null,
  primary key (mail_digest, account_id)
);
create index registry_mail_uses_by_account on registry_mail_uses (account_id);

-- How often in a row a verified page did not link back, when it is looked at next, and since when it does not count.
alter table project_urls add column misses integer not null default 0;
alter table project_urls add column next_check_at timestamptz;
alter table project_urls add column lost_at timestamptz;
update project_urls set next_check_at = checked_at + interval '7 days';
alter table project_urls alter column next_check_at set not null;
create index project_urls_due on project_urls (next_check_at) where removed_at is null;
