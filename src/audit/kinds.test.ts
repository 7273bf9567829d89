import assert from "node:assert/strict";
import { test } from "node:test";
import { actsOfKind, EVENT_KINDS, type EventKind, kindOfAct } from "./kinds.ts";
import { KNOWN_ACTS } from "./words.ts";

const KINDS = Object.keys(EVENT_KINDS) as EventKind[]; // the keys of the object it is typed by

test("the kinds share out every act that is known, and none is empty", () => {
  const shared = KINDS.flatMap((kind) => actsOfKind(kind));
  assert.deepEqual(shared.toSorted(), KNOWN_ACTS.toSorted());
  for (const kind of KINDS) assert(actsOfKind(kind).length > 0, `${kind} has no acts`);
});

test("people find an event where they look for it", () => {
  const places: Readonly<Record<string, EventKind>> = {
    "sign-in/failed": "sign-in",
    "authenticators/password-leaked": "authenticators",
    "evidence/signing-key-registered": "authenticators",
    "sessions/ended": "sessions",
    "registry/api-token-leaked": "tokens",
    "accounts/primary-address-changed": "addresses",
    "accounts/domain-lapsed": "addresses",
    "recovery/case-opened": "recovery",
    "contacts/accepted": "recovery",
    "recovery/account-locked": "account",
    "accounts/unlocked": "account",
    "registry/hold-placed": "account",
    "registry/file-published": "projects",
    "something/unheard-of": "account",
  };
  for (const [act, kind] of Object.entries(places)) assert.equal(kindOfAct(act), kind, act);
});
