-- Registry: projects, releases, files.
create table projects (
  id text primary key,
  name text not null,
  name_normalized text not null unique,
  -- Separators dropped, look-alikes folded: no two projects may differ only in those.
  name_folded text not null unique,
  created_at timestamptz not null,
  created_by text not null references accounts (id)
);

create table releases (
  id text primary key,
  project_id text not null references projects (id),
  version text not null,
  summary text not null,
  description text not null,
  description_content_type text not null,
  requires_python text not null,
  metadata jsonb not null,
  created_at timestamptz not null,
  created_by text not null references accounts (id),
  yanked_at timestamptz,
  yanked_because text,
  unique (project_id, version)
);

create table files (
  id text primary key,
  project_id text not null references projects (id),
  release_id text not null references releases (id),
  filename text not null unique,
  -- The same distribution under another spelling of its name is the same file.
  identity text not null unique,
  filetype text not null check (filetype in ('bdist_wheel', 'sdist')),
  pyversion text not null,
  size bigint not null check (size > 0),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  requires_python text not null,
  core_metadata bytea,
  core_metadata_sha256 text,
  gpg_signature text,
  attestations text,
  uploaded_at timestamptz not null,
  uploaded_by text not null references accounts (id),
  uploaded_with text not null
);
create index files_by_project on files (project_id);
create index files_by_release on files (release_id);
create index files_by_sha256 on files (sha256);
create index files_by_uploader on files (uploaded_by, project_id);

-- What the newest release of a project says it needs, by normalised name, whether or not we have that project.
create table project_dependencies (
  project_id text not null references projects (id),
  depends_on text not null,
  primary key (project_id, depends_on)
);
create index project_dependencies_by_target on project_dependencies (depends_on);

create table file_downloads (
  project_id text not null references projects (id),
  day date not null,
  downloads bigint not null,
  primary key (project_id, day)
);

-- Who may do what.
create table project_roles (
  project_id text not null references projects (id),
  account_id text not null references accounts (id),
  role text not null check (role in ('owner', 'maintainer')),
  granted_at timestamptz not null,
  primary key (project_id, account_id)
);
create index project_roles_by_account on project_roles (account_id);

create table organisations (
  id text primary key,
  name text not null,
  name_normalized text not null unique,
  created_at timestamptz not null
);

create table organisation_members (
  organisation_id text not null references organisations (id),
  account_id text not null references accounts (id),
  role text not null check (role in ('owner', 'manager', 'member')),
  added_at timestamptz not null,
  primary key (organisation_id, account_id)
);
create index organisation_members_by_account on organisation_members (account_id);

create table organisation_projects (
  project_id text primary key references projects (id),
  organisation_id text not null references organisations (id),
  added_at timestamptz not null
);
create index organisation_projects_by_organisation on organisation_projects (organisation_id);

-- Every right an account has on a project, its own or through an organisation.
create view project_access as
  select project_id, account_id, role from project_roles
  union
  select op.project_id, om.account_id, case om.role when 'member' then 'maintainer' else 'owner' end
  from organisation_projects op join organisation_members om on om.organisation_id = op.organisation_id;

-- API tokens: only the digest is kept. `projects` is null for the whole account.
create table api_tokens (
  id text primary key,
  account_id text not null references accounts (id),
  name text not null,
  digest bytea not null unique,
  projects text[],
  created_at timestamptz not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  held_at timestamptz,
  held_because text,
  revoked_at timestamptz,
  revoked_because text
);
create index api_tokens_by_account on api_tokens (account_id);

-- Holds: powers that an account does not have for a time, after a recovery.
create table holds (
  id text primary key,
  account_id text not null references accounts (id),
  powers text[] not null,
  case_id text,
  placed_at timestamptz not null,
  until timestamptz not null,
  because text not null
);
create index holds_by_account on holds (account_id, until);
