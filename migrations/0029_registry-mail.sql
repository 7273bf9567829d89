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
