-- Domains of confirmed addresses, asked about every night: whoever registers a lapsed one anew would read its mail.
create table mail_domains (
  domain text primary key,
  checked_at timestamptz not null,
  -- Nights in a row on which the name servers said that the domain is not there or takes no mail.
  bad_nights integer not null,
  lapsed_at timestamptz
);
