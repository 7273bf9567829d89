import { defineRefusals } from "../kernel/refusal.ts";

export const evidenceRefusals = defineRefusals("evidence", {
  "unknown-kind": { status: 404, title: "There is no such kind of proof." },
  "bad-claim": { status: 422, title: "Something in that is missing or not as it should be." },
  "too-many-tries": {
    status: 429,
    title: "This proof has been tried as often as one case allows. Use another one, or write to us on the case page.",
  },
  "no-challenge": { status: 409, title: "Ask for a new command first: there is none running, or it has expired." },
  "not-now": { status: 409, title: "This case takes no more proofs at the moment." },
  "not-asked": { status: 404, title: "Nobody asks you that, or not any more: it was answered or has run out." },
  "case-over": { status: 409, title: "That case is over, or takes no more proofs. Thank you all the same." },
  "no-such-finding": { status: 404, title: "There is no such finding, or a newer one has replaced it." },
  "key-known": { status: 409, title: "That key is registered already." },
  "too-many-keys": { status: 409, title: "An account can have 20 SSH keys. Remove one that you do not use any more." },
  "no-such-key": { status: 404, title: "There is no such key on this account." },
});
