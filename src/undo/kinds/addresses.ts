import { findAddress } from "../../accounts/index.ts";
import type { AddressId } from "../../kernel/ids.ts";
import { makeMainAgain, putAddressBack, takeAddressAway } from "../../security-settings/index.ts";
import { factOf, isBy, isOwnAct, subjectOf, type UndoKind } from "../kind.ts";
import type { Change } from "../types.ts";
import { runOf } from "../window.ts";

/* Mail addresses, which are how everybody is told, and how somebody gets back in. Names of addresses are looked up now. */

const addressOf = (key: string): AddressId => subjectOf(key) as AddressId; // the key was found in the list

const MAIN_ACTS = ["accounts/primary-address-changed", "accounts/address-change-undone"];

/** Which address is the main one. Comes first: one that was added can be taken away only when another is it. */
export const mainAddress: UndoKind = {
  id: "main-address",
  title: "The main mail address",
  acts: MAIN_ACTS,
  list: async (reader, scope) => {
    const deeds = scope.events
      .filter((event) => MAIN_ACTS.includes(event.act))
      .map((event) => {
        const isChange = event.act === "accounts/primary-address-changed";
        return {
          at: event.at,
          isOurs: isChange && isBy(event, scope.account.id),
          before: factOf(event, isChange ? "before" : "chosen"),
          after: factOf(event, isChange ? "address" : "before"),
        };
      });
    const run = runOf(deeds, scope.window);
    const before = run && (await findAddress(reader, run.before as AddressId)); // empty where it was not noted: then there is none
    const after = run && (await findAddress(reader, run.after as AddressId)); // written by security-settings
    if (!run || !before || !after) return [];
    const over =
      run.isTouchedSince || !after.isPrimary
        ? "It was changed again since."
        : before.verifiedAt === null
          ? "The address of before is not confirmed."
          : null;
    return [
      {
        key: `main-address:${before.id}`,
        at: run.at,
        what: `${after.address} became the main mail address, in place of ${before.address}.`,
        undo: `Make ${before.address} the main one again`,
        over,
      },
    ];
  },
  undo: (tx, runtime, self, { key }) => makeMainAgain(tx, runtime, self, addressOf(key)),
};

export const addedAddresses: UndoKind = {
  id: "address-added",
  title: "Mail addresses added",
  acts: ["accounts/address-added"],
  list: async (reader, scope) => {
    const changes: Change[] = [];
    for (const event of scope.events) {
      if (event.act !== "accounts/address-added" || !isOwnAct(event, scope)) continue;
      const address = await findAddress(reader, factOf(event, "address") as AddressId); // written by security-settings
      if (!address) continue;
      changes.push({
        key: `address-added:${address.id}`,
        at: event.at,
        what: `The mail address ${address.address} was added.`,
        undo: `Remove ${address.address}`,
        over: address.removedAt ? "It has been removed already." : null,
      });
    }
    return changes;
  },
  undo: (tx, runtime, self, { key }) => takeAddressAway(tx, runtime, self, addressOf(key)),
};

export const removedAddresses: UndoKind = {
  id: "address-removed",
  title: "Mail addresses removed",
  acts: ["accounts/address-removed"],
  list: async (reader, scope) => {
    const changes: Change[] = [];
    for (const event of scope.events) {
      if (event.act !== "accounts/address-removed" || !isOwnAct(event, scope)) continue;
      const address = await findAddress(reader, factOf(event, "address") as AddressId); // written by security-settings
      const wasThere = address !== null && address.addedAt < scope.window.from && address.verifiedAt !== null;
      if (!wasThere) continue;
      changes.push({
        key: `address-removed:${address.id}`,
        at: event.at,
        what: `The mail address ${address.address} was removed.`,
        undo: `Put ${address.address} back`,
        over: address.removedAt ? null : "It is back already.",
      });
    }
    return changes;
  },
  undo: (tx, runtime, self, { key }) => putAddressBack(tx, runtime, self, addressOf(key)),
};
