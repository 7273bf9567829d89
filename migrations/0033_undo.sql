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

-- A restoration to which somebody objected: two people of the desk keep it or take it back.
drop index recovery_cases_one_open;
create unique index recovery_cases_one_open on recovery_cases (account_id)
  where account_id is not null
    and state in ('collecting', 'review', 'second-review', 'information-requested', 'waiting', 'contested', 'incident',
      'disputed', 'disputed-second', 'ready');
alter table recovery_reviews drop constraint recovery_reviews_verdict_check;
alter table recovery_reviews add constraint recovery_reviews_verdict_check
  check (verdict in ('approve', 'refuse', 'keep', 'reverse'));
alter table recovery_notices drop constraint recovery_notices_moment_check;
alter table recovery_notices add constraint recovery_notices_moment_check
  check (moment in ('opened', 'midway', 'before-release', 'completed', 'kept', 'reversed'));
