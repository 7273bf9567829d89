import type { UndoKind } from "./kind.ts";
import { addedAddresses, mainAddress, removedAddresses } from "./kinds/addresses.ts";
import { people } from "./kinds/people.ts";
import { invitations, moves, pages } from "./kinds/places.ts";
import { publishers } from "./kinds/publishers.ts";
import { releases, yanks } from "./kinds/releases.ts";
import { apiTokens, forgeAccounts, openpgpKeys, passkeys, recoveryContacts, sshKeys } from "./kinds/things.ts";

/** Every kind of change that can be taken back, in the order in which people are asked: what does most harm first. */
export const UNDO_KINDS: readonly UndoKind[] = [
  people,
  invitations,
  moves,
  publishers,
  releases,
  yanks,
  apiTokens,
  mainAddress,
  addedAddresses,
  removedAddresses,
  passkeys,
  sshKeys,
  openpgpKeys,
  forgeAccounts,
  recoveryContacts,
  pages,
];

export const kindOf = (key: string): UndoKind | undefined => UNDO_KINDS.find((kind) => key.startsWith(`${kind.id}:`));
