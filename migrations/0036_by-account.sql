-- Found by their account whether they stand or ended: removed addresses are told of recoveries, ended sessions show the
-- networks somebody used to come from. The indexes there were knew the living only.
create index addresses_by_account on addresses (account_id);
create index sessions_by_account on sessions (account_id, started_at desc);
