-- After a compromise: what happened while somebody else was in an account, kept or undone. One run each time that the
-- account was given back; `turn` is the number of that event of its history.
create table undo_reviews (
  account_id text not null references accounts (id),
  turn bigint not null,
  since timestamptz not null,
  begun_at timestamptz not null,
  finished_at timestamptz,
  primary key (account_id, turn)
);

create table undo_decisions (
  account_id text not null,
  turn bigint not null,
  change text not null,
  verdict text not null check (verdict in ('kept', 'undone')),
  decided_at timestamptz not null,
  primary key (account_id, turn, change),
  foreign key (account_id, turn) references undo_reviews (account_id, turn) on delete cascade
);
