-- A sign-in with what can be phished, from a browser that is new to the account, waits here until its owner has
-- confirmed it: what was shown so far, and since when only that is missing.
alter table sign_in_ceremonies add column factors text[] not null default '{}';
alter table sign_in_ceremonies add column confirming_since timestamptz;

-- Wrong tries from browsers that an account knows are counted apart, so that strangers cannot use up its owner's.
alter table authenticators add column known_failures integer not null default 0;
alter table authenticators add column known_blocked_until timestamptz;
