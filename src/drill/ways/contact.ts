import { listAccounts } from "../../accounts/index.ts";
import { dayInWords } from "../../kernel/html/index.ts";
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
    return named.flatMap(({ id, contactId, invitedAt, acceptedAt, askedAt, confirmedAt }) => {
      if (!acceptedAt) return [];
      const name = people.find((one) => one.id === contactId)?.username ?? "somebody";
      const label = `Your recovery contact ${name}`;
      const isOpen = askedAt !== null && (confirmedAt === null || confirmedAt < askedAt);
      const asked = isOpen ? { askedAt } : {};
      return [{ id, kind: "contact", label, since: invitedAt, lastTestedAt: confirmedAt ?? acceptedAt, ...asked }];
    });
  },
  ask: {
    words:
      "We ask them by mail whether they are still there; they press one button. That can take days, and you need not wait for it.",
    begin: "Ask them",
    mend: { href: "/account/contacts", label: "Name somebody else" },
  },
  begin: (runtime, self, way) => askContact(runtime, self.account, way.id as ContactId, self.now), // listed by this kind
  pending: async (_, self, way) => {
    return way.askedAt ? { words: `Asked ${dayInWords(way.askedAt, self.now)}. No answer yet.` } : null;
  },
};
