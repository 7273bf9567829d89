-- Figures of the recoveries: monthly, overall (cause '') and by cause, made anew once a night.
alter table recovery_cases add column objected_at timestamptz;
create table recovery_figures (
  month date not null,
  cause text not null,
  opened integer not null,
  restored integer not null,
  without_people integer not null,
  refused integer not null,
  withdrawn integer not null,
  expired integer not null,
  objected integer not null,
  reversed integer not null,
  median_days double precision,
  ninth_days double precision,
  made_at timestamptz not null,
  primary key (month, cause)
);
