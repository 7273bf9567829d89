-- Who signed a published file, by the certificates of its attestations (PEP 740), verified at the upload. The attestations
-- themselves stand beside the file.
create table file_attestations (
  file_id text not null references files (id),
  place smallint not null,
  project_id text not null references projects (id),
  -- Who vouched for the login, and who it was: a mail address, or a workflow without its ref.
  issuer text not null,
  subject text not null,
  predicate_type text not null,
  verified_at timestamptz not null,
  primary key (file_id, place)
);
create index file_attestations_by_project on file_attestations (project_id, verified_at);
