-- What came back of a mail after a server had taken it over, or refused it for good (RFC 3464, RFC 3463).
alter table outbox_mails
  add column bounced_at timestamptz,
  add column bounce_kind text check (bounce_kind in ('hard', 'soft')),
  add column bounce_status text,
  add column bounce_answer text,
  add constraint outbox_mails_bounce check ((bounced_at is null) = (bounce_kind is null));
create index outbox_mails_bounced on outbox_mails (account_id, lower(to_address), queued_at) where bounced_at is not null;

-- Since when mail to a confirmed address does not arrive. It stays its owner's, and opens nothing until confirmed anew.
alter table addresses add column unreachable_at timestamptz;
