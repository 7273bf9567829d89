-- The password a sign-in began with: replaced, the sign-in ends with it, whatever the clocks say.
alter table sign_in_ceremonies add column password_id text references authenticators (id);
