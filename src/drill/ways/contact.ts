import { listAccounts } from "../../accounts/index.ts";
import type { ContactId } from "../../kernel/ids.ts";
import { askContact, listContactsOf } from "../../recovery-contacts/index.ts";
import type { WayKind } from "../kind.ts";

/** A person who has accepted to be a recovery contact. Only they can say that they are still there. */
export const contact: WayKind = {
  id: "contact",
  list: async (reader, account) => {
    const named = await listContactsOf(reader, account.id);
    const people = await listAccounts(
      reader,
      named.map((one) => one.contactId),
    );
    return named.flatMap(({ id, contactId, invitedAt, acceptedAt, confirmedAt }) => {
      if (!acceptedAt) return [];
      const name = people.find((one) => one.id === contactId)?.username ?? "somebody";
      const label = `Your recovery contact ${name}`;
      return [{ id, kind: "contact", label, since: invitedAt, lastTestedAt: confirmedAt ?? acceptedAt }];
    });
  },
  ask: {
    words:
      "We ask them by mail whether they are still there; they press one button. That can take days, and you need not wait for it.",
    begin: "Ask them",
    mend: { href: "/account/contacts", label: "Name somebody else" },
  },
  begin: (runtime, self, way) => askContact(runtime, self.account, way.id as ContactId, self.now), // listed by this kind
  pending: async (runtime, self, way) => {
    const asked = (await listContactsOf(runtime.db, self.account.id)).find((one) => one.id === way.id);
    if (!asked?.askedAt || (asked.confirmedAt && asked.confirmedAt >= asked.askedAt)) return null;
    return { words: `Asked on ${asked.askedAt.toISOString().slice(0, 10)}. No answer yet.` };
  },
};
