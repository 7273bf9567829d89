-- Trusted publishers: what runs at another service and may publish to a project, shown by a token of that service. Which
-- repository and owner it is by the service's own ids is noted at the first use: a name can be taken over, an id cannot.
create table publishers (
  id text primary key,
  project_id text not null references projects (id),
  service text not null check (service in ('github', 'gitlab', 'google', 'oidc')),
  issuer text not null,
  -- In lower case; null where the service has none.
  repository text,
  workflow text,
  environment text,
  subject text,
  added_by text not null references accounts (id),
  added_at timestamptz not null,
  removed_at timestamptz,
  repository_id text,
  owner_id text,
  first_used_at timestamptz,
  last_used_at timestamptz
);
create unique index publishers_once on publishers (project_id, issuer, coalesce(repository, ''), coalesce(workflow, ''),
  coalesce(environment, ''), coalesce(subject, '')) where removed_at is null;
create index publishers_by_repository on publishers (issuer, repository) where removed_at is null;
create index publishers_by_repository_id on publishers (issuer, repository_id) where removed_at is null;
create index publishers_by_subject on publishers (issuer, subject) where removed_at is null;
create index publishers_by_account on publishers (added_by);

-- Tokens of such services that were used, by the digest of what is signed, so that each serves once.
create table issued_tokens_used (
  digest bytea primary key,
  expires_at timestamptz not null
);
create index issued_tokens_used_by_end on issued_tokens_used (expires_at);

-- An API token made for publishers lives minutes, and acts for whoever registered the publisher of each project.
alter table api_tokens add column publishers text[];
