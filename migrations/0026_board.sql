-- The board: what claimants said they cannot do, and when a finding was last looked at again.
create table evidence_declined (
  case_id text not null,
  kind text not null,
  declined_at timestamptz not null,
  primary key (case_id, kind)
);

-- Null: not since it was recorded. The nightly re-check goes by it, and leaves no new row where nothing has changed.
alter table findings add column checked_at timestamptz;
