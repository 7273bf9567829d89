-- How often a claimant was reminded of the date on which their case closes; from the beginning for each new date.
alter table recovery_cases add column reminders smallint not null default 0 check (reminders between 0 and 2);
