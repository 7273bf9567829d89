import { listPasskeys } from "../../authenticators/index.ts";
import {
  dropForge,
  dropOpenpgpKey,
  dropSigningKey,
  listForges,
  listOpenpgpKeys,
  listSigningKeys,
} from "../../evidence/index.ts";
import type { ApiTokenId, AuthenticatorId, ContactId, ForgeIdentityId, SigningKeyId } from "../../kernel/ids.ts";
import { findAccount } from "../../accounts/index.ts";
import { dropContact, listContactsOf } from "../../recovery-contacts/index.ts";
import { listApiTokens, revokeApiToken } from "../../registry/index.ts";
import { dropPasskey, type Self } from "../../security-settings/index.ts";
import { kindOfThings, subjectOf } from "../kind.ts";

/* Things that were made or added, and are ended by undoing it. The subject of each key is the id of the thing. */

const actor = (self: Self) => ({ kind: "subscriber", id: self.account.id }) as const;
const owned = (self: Self) => ({ accountId: self.account.id, actor: actor(self) });
/** The id in a key that was found in the list. */
const idOf = <T extends string>(key: string): T => subjectOf(key) as T;

export const apiTokens = kindOfThings({
  id: "token",
  title: "API tokens",
  act: "registry/api-token-created",
  fact: "token",
  gone: "An API token was made.",
  standing: async (reader, accountId) => {
    const live = (await listApiTokens(reader, accountId)).filter((token) => !token.revoked);
    return new Map(
      live.map((token) => [
        token.id as string,
        { label: `the API token “${token.name}”`, done: "was made", undo: "End the token" },
      ]),
    );
  },
  undo: (tx, runtime, self, { key }) =>
    revokeApiToken(tx, runtime.random, {
      id: idOf<ApiTokenId>(key),
      accountId: self.account.id,
      because: "made while somebody else was in the account",
      actor: actor(self),
    }),
});

export const passkeys = kindOfThings({
  id: "passkey",
  title: "Passkeys",
  act: "authenticators/passkey-bound",
  fact: "authenticator",
  gone: "A passkey was added.",
  standing: async (reader, accountId) =>
    new Map(
      (await listPasskeys(reader, accountId)).map((passkey) => [
        passkey.id as string,
        { label: `the passkey “${passkey.name}”`, done: "was added", undo: "Remove the passkey" },
      ]),
    ),
  undo: (tx, runtime, self, { key }) => dropPasskey(tx, runtime, self, idOf<AuthenticatorId>(key)),
});

export const sshKeys = kindOfThings({
  id: "ssh-key",
  title: "SSH keys",
  act: "evidence/signing-key-registered",
  fact: "key",
  gone: "An SSH key was added.",
  standing: async (reader, accountId) =>
    new Map(
      (await listSigningKeys(reader, accountId)).map((key) => [
        key.id as string,
        { label: `the SSH key ${key.comment || key.fingerprint}`, done: "was added", undo: "Remove the key" },
      ]),
    ),
  undo: (tx, runtime, self, { key }) => dropSigningKey(tx, runtime, { ...owned(self), id: idOf<SigningKeyId>(key) }),
});

export const openpgpKeys = kindOfThings({
  id: "openpgp-key",
  title: "OpenPGP keys",
  act: "evidence/openpgp-key-bound",
  fact: "key",
  gone: "An OpenPGP key was added.",
  standing: async (reader, accountId) =>
    new Map(
      (await listOpenpgpKeys(reader, accountId)).map((key) => [
        key.id as string,
        { label: `the OpenPGP key ${key.fingerprint}`, done: "was added", undo: "Remove the key" },
      ]),
    ),
  undo: (tx, runtime, self, { key }) => dropOpenpgpKey(tx, runtime, { ...owned(self), id: idOf<SigningKeyId>(key) }),
});

export const forgeAccounts = kindOfThings({
  id: "forge",
  title: "Forge accounts",
  act: "evidence/forge-bound",
  fact: "forge",
  gone: "A forge account was added.",
  standing: async (reader, accountId) =>
    new Map(
      (await listForges(reader, accountId)).map((forge) => [
        forge.id as string,
        {
          label: `the forge account ${forge.host}/${forge.name}`,
          done: "was added",
          undo: "Remove the forge account",
        },
      ]),
    ),
  undo: (tx, runtime, self, { key }) => dropForge(tx, runtime, { ...owned(self), id: idOf<ForgeIdentityId>(key) }),
});

export const recoveryContacts = kindOfThings({
  id: "contact",
  title: "Recovery contacts",
  act: "contacts/invited",
  fact: "contact",
  gone: "Somebody was asked to be a recovery contact.",
  standing: async (reader, accountId) => {
    const contacts = await listContactsOf(reader, accountId);
    const named = await Promise.all(
      contacts.map(async ({ id, contactId }) => {
        const name = (await findAccount(reader, contactId))?.username ?? "somebody";
        return [
          id as string,
          { label: name, done: "was asked to be a recovery contact", undo: `End ${name} as recovery contact` },
        ] as const;
      }),
    );
    return new Map(named);
  },
  undo: (tx, runtime, self, { key }) => dropContact(tx, runtime, self.account, idOf<ContactId>(key)),
});
