-- Who shares what: since when, who is asked to, and which web pages are shown to be a project's.

-- The view with its dates: a right through an organisation began when both the project and the person were in it.
create or replace view project_access as
  select project_id, account_id, role, granted_at as since from project_roles
  union all
  select op.project_id, om.account_id, case om.role when 'member' then 'maintainer' else 'owner' end,
         greatest(op.added_at, om.added_at)
  from organisation_projects op join organisation_members om on om.organisation_id = op.organisation_id;

-- Somebody is asked to share a project or an organisation. By account, or by an address that its confirmed holder answers
-- for: whether there is such an account is told to nobody. The address goes when the invitation ends.
create table invitations (
  id text primary key,
  project_id text references projects (id),
  organisation_id text references organisations (id),
  role text not null check (role in ('owner', 'maintainer', 'manager', 'member')),
  invited_by text not null references accounts (id),
  account_id text references accounts (id),
  address text,
  address_folded text,
  invited_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_as text check (ended_as in ('accepted', 'declined', 'withdrawn', 'expired')),
  check (num_nonnulls(project_id, organisation_id) = 1),
  check ((ended_at is null) = (ended_as is null)),
  check (ended_at is not null or num_nonnulls(account_id, address_folded) = 1)
);
create unique index invitations_open_account on invitations (coalesce(project_id, organisation_id), account_id)
  where ended_at is null and account_id is not null;
create unique index invitations_open_address on invitations (coalesce(project_id, organisation_id), address_folded)
  where ended_at is null and address_folded is not null;
create index invitations_to_account on invitations (account_id);
create index invitations_to_address on invitations (address_folded) where ended_at is null;
create index invitations_by on invitations (invited_by, invited_at);
create index invitations_due on invitations (expires_at) where ended_at is null;

-- Web pages that a project names and that link back to it. `bound_at` is when that was first seen.
create table project_urls (
  id text primary key,
  project_id text not null references projects (id),
  url text not null,
  host text not null,
  bound_by text not null references accounts (id),
  bound_at timestamptz not null,
  checked_at timestamptz not null,
  removed_at timestamptz
);
create unique index project_urls_once on project_urls (project_id, url) where removed_at is null;
