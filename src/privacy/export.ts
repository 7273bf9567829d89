import { Readable } from "node:stream";
import { type Account, findAccount, listAddresses, listRoleGrants } from "../accounts/index.ts";
import { asOwnerSees, audit, describeAct, listEvents } from "../audit/index.ts";
import { describeCodes, listEveryAuthenticator, listEveryPasskey } from "../authenticators/index.ts";
import { deskData } from "../desk/index.ts";
import { drillData } from "../drill/index.ts";
import { listEveryForge, listEveryOpenpgpKey, listEverySigningKey, vouchData } from "../evidence/index.ts";
import { transact } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";
import { ok, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { pageMails, queueMail } from "../notifications/index.ts";
import { caseForOwner, listCaseIdsOf, strictData } from "../recovery/index.ts";
import { contactData } from "../recovery-contacts/index.ts";
import { listApiTokens, listEveryHold, listRoleDates, listSharingData, pageUploads } from "../registry/index.ts";
import type { Self } from "../security-settings/index.ts";
import { listDevices, listEverySession } from "../sessions/index.ts";
import { undoData } from "../undo/index.ts";
import { findDeletion } from "./store.ts";

/*
 * Everything held about one account, as one JSON object. It is written section by section and page by page, so that an
 * account with a long history takes no more memory than a new one. No secret is in it, nothing stored of one, and nothing
 * that belongs to somebody else.
 */

const PAGE = 500;
type Upload = Awaited<ReturnType<typeof pageUploads>>[number];
type Mail = Awaited<ReturnType<typeof pageMails>>[number];

/** A section of the export: a name, and its value or its items. */
type Section = readonly [name: string, read: () => Promise<unknown>] | readonly [name: string, AsyncGenerator<unknown>];

/** Reads pages until one is not full. @param read gives at most `PAGE` items after the last one of before */
async function* paged<Item>(read: (last: Item | null) => Promise<readonly Item[]>): AsyncGenerator<Item> {
  let last: Item | null = null;
  for (;;) {
    const page: readonly Item[] = await read(last);
    yield* page;
    last = page.at(-1) ?? null;
    if (page.length < PAGE) return;
  }
}

async function* history(runtime: Runtime, accountId: AccountId): AsyncGenerator<unknown> {
  const events = paged<Awaited<ReturnType<typeof listEvents>>[number]>((last) =>
    listEvents(runtime.db, { accountId, limit: PAGE, ...(last ? { before: last.seq } : {}) }),
  );
  for await (const event of events) {
    const { seq, at, act, actorKind, actorId, caseId, facts, personal } = asOwnerSees(event);
    yield { seq: seq.toString(), at, act, inWords: describeAct(event), actorKind, actorId, caseId, facts, personal };
  }
}

async function* cases(runtime: Runtime, accountId: AccountId): AsyncGenerator<unknown> {
  for (const id of await listCaseIdsOf(runtime.db, accountId)) yield await caseForOwner(runtime, id);
}

async function addresses(runtime: Runtime, accountId: AccountId): Promise<unknown> {
  const all = await listAddresses(runtime.db, accountId, new Date(0));
  return all.map(({ address, isPrimary, addedAt, verifiedAt, removedAt, unreachableAt }) => ({
    address,
    isPrimary,
    addedAt,
    verifiedAt,
    removedAt,
    unreachableAt,
  }));
}

function sectionsOf(runtime: Runtime, account: Account, now: Date): readonly Section[] {
  const { db } = runtime;
  const { id } = account;
  return [
    ["account", () => findAccount(db, id)],
    ["deletion", () => findDeletion(db, id)],
    ["rolesAtTheDesk", () => listRoleGrants(db, id)],
    ["addresses", () => addresses(runtime, id)],
    ["authenticators", () => listEveryAuthenticator(db, id)],
    ["passkeys", () => listEveryPasskey(db, id)],
    ["devices", () => listDevices(db, id, now)],
    ["recoveryCodes", () => describeCodes(db, id)],
    ["sessions", () => listEverySession(db, id)],
    ["apiTokens", () => listApiTokens(db, id)],
    ["signingKeys", () => listEverySigningKey(db, id)],
    ["openpgpKeys", () => listEveryOpenpgpKey(db, id)],
    ["forgeAccounts", () => listEveryForge(db, id)],
    ["recoveryContacts", () => contactData(db, id)],
    ["strictMode", () => strictData(db, id)],
    ["drills", () => drillData(db, id)],
    ["undo", () => undoData(db, id)],
    ["desk", () => deskData(db, id)],
    ["roles", () => listRoleDates(db, id)],
    ["sharing", () => listSharingData(db, id)],
    ["vouches", () => vouchData(db, id)],
    ["holds", () => listEveryHold(db, id)],
    ["uploads", paged<Upload>((last) => pageUploads(db, id, last?.id ?? null, PAGE))],
    ["recoveryCases", cases(runtime, id)],
    ["mails", paged<Mail>((last) => pageMails(db, id, last?.id ?? null, PAGE))],
    ["history", history(runtime, id)],
  ];
}

async function* textOf(runtime: Runtime, account: Account, now: Date): AsyncGenerator<string> {
  const about = { format: "locksmith-account-data/1", index: runtime.indexName, madeAt: now };
  yield `${JSON.stringify(about).slice(0, -1)}`;
  for (const [name, content] of sectionsOf(runtime, account, now)) {
    yield `,\n${JSON.stringify(name)}: `;
    if (typeof content === "function") {
      yield JSON.stringify(await content());
      continue;
    }
    let separator = "[\n";
    for await (const item of content) {
      yield separator + JSON.stringify(item);
      separator = ",\n";
    }
    yield separator === "[\n" ? "[]" : "\n]";
  }
  yield "}\n";
}

/**
 * Hands a subscriber everything held about their account, as a stream of JSON text in UTF-8. The route has made sure
 * that the authenticators were shown in the last minutes. It is put on the history and mailed to every confirmed address
 * before the first byte: whoever reads all this at once may be a thief.
 */
export async function exportAccount(runtime: Runtime, self: Self): Promise<Result<Readable>> {
  const { account, now, source } = self;
  const noted = await transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    for (const address of await listAddresses(tx, account.id)) {
      if (!address.verifiedAt) continue;
      await queueMail(tx, runtime, {
        to: address.address,
        message: "data-exported",
        params: { username: account.username, when: now, source: source.ip },
        accountId: account.id,
      });
    }
    audit(tx, runtime.random, {
      act: "accounts/data-exported",
      actor: { kind: "subscriber", id: account.id },
      accountId: account.id,
      personal: { ...source },
    });
    return ok();
  });
  return noted.ok ? ok(Readable.from(textOf(runtime, account, now), { encoding: "utf8" })) : noted;
}
