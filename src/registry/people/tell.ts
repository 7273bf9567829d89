import { type Account, findAccount, listAddresses } from "../../accounts/index.ts";
import { audit } from "../../audit/index.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId } from "../../kernel/ids.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { type MessageName, type MessageParams, queueMail } from "../../notifications/index.ts";
import { listOwners } from "../store/people.ts";
import type { Place } from "../types.ts";
import { placeInWords } from "./rules.ts";

/** Writes to the main address of an account, where it is confirmed. */
export async function mailTo<N extends MessageName>(
  tx: Tx,
  runtime: Runtime,
  accountId: AccountId,
  message: N,
  params: MessageParams<N>,
): Promise<void> {
  const primary = (await listAddresses(tx, accountId)).find((one) => one.isPrimary && one.verifiedAt);
  if (primary) await queueMail(tx, runtime, { to: primary.address, message, params, accountId });
}

export interface SharedChange {
  /** Who did it. */
  readonly by: Account;
  readonly place: Place;
  /** What happened, as a whole sentence: "alice made bob an owner.". */
  readonly what: string;
  /** The act in whoever's history it is about, with its facts. */
  readonly act: string;
  readonly facts?: Readonly<Record<string, string>>;
  /** Whom it is about, where that is not who did it. */
  readonly about?: AccountId;
  /** Others who should know: who owned it until now. */
  readonly alsoTell?: readonly AccountId[];
  /** Owners are told too. */
  readonly isForOwners: boolean;
}

/**
 * The trace of a change: in the history of who did it and of whom it is about, a mail to both, and one to every other
 * owner, since the others are who would notice a thief.
 */
export async function traceChange(tx: Tx, runtime: Runtime, change: SharedChange): Promise<void> {
  const { by, place, what, act, about } = change;
  const actor = { kind: "subscriber", id: by.id } as const;
  const facts = { [place.kind]: place.slug, ...change.facts };
  audit(tx, runtime.random, { act, actor, accountId: about ?? by.id, facts });
  if (about && about !== by.id)
    audit(tx, runtime.random, { act: "registry/people-changed", actor, accountId: by.id, facts: { ...facts, about } });
  const params = { where: placeInWords(place), what, when: tx.now };
  await mailTo(tx, runtime, by.id, "sharing-changed-by-you", params);
  const others = new Set([...(change.isForOwners ? await listOwners(tx, place) : []), ...(change.alsoTell ?? [])]);
  if (about) others.add(about);
  others.delete(by.id);
  const pageUrl = new URL(`/account/${place.kind}s/${place.slug}`, runtime.publicUrl).href;
  for (const other of others) await mailTo(tx, runtime, other, "sharing-changed", { ...params, pageUrl });
}

/** The public name of an account, for sentences. */
export const nameOf = async (tx: Tx, accountId: AccountId): Promise<string> =>
  (await findAccount(tx, accountId))?.username ?? "somebody";
