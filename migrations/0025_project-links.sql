-- Where a project says that it lives: web addresses from the metadata of its files, each with the time in which it stood
-- there without a gap. Whoever is locked out can prove such a place, if it stood there before anything went wrong.
create table project_links (
  id bigint generated always as identity primary key,
  project_id text not null references projects (id),
  url text not null,
  label text not null,
  first_seen_at timestamptz not null,
  first_file_id text not null references files (id),
  last_seen_at timestamptz not null
);
create index project_links_by_project on project_links (project_id, url, last_seen_at);

-- What the newest file of each project says today counts as seen since that file, and no earlier.
insert into project_links (project_id, url, label, first_seen_at, first_file_id, last_seen_at)
select f.project_id, trim(substr(link, strpos(link, ',') + 1)), lower(left(trim(split_part(link, ',', 1)), 64)),
  f.uploaded_at, f.id, f.uploaded_at
from (select distinct on (project_id) * from files order by project_id, uploaded_at desc, id desc) f
join releases r on r.id = f.release_id
cross join lateral jsonb_array_elements_text(coalesce(r.metadata -> 'projectUrls', '[]'::jsonb)) as link
where trim(substr(link, strpos(link, ',') + 1)) ~ '^https://[!-~]+$' and length(link) <= 500;
