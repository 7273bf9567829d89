import { audit } from "../audit/index.ts";
import { encodeCrockford, normalizeCrockford } from "../kernel/crypto/crockford.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { CaseId } from "../kernel/ids.ts";
import { listSecrets, oneTimeRefusals, peekUsable, revokeSecrets, storeSecret } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { currentChallenge, startChallenge } from "./challenge.ts";
import type { EvidenceContext } from "./types.ts";

/*
 * The case page is open on a phone, and the key or the token is on another machine: a short code carries the challenge
 * across. It shows one command and opens nothing. Like a challenge it is made from a stored nonce and the installation's
 * key, so that the page can show it again and the database cannot.
 */

const PURPOSE = "proof-carry";
const NONCE_BYTES = 16;
/** 40 bits: eight symbols to type. With a limit on tries by network, for an hour, and for a command that opens nothing. */
const SYMBOLS = 8;
const MINUTES = 60;

/** A challenge that can be answered from another machine. */
export interface CarriedProof {
  /** As it is shown: `K7QM-2F9T`. */
  readonly code: string;
  readonly until: Date;
}

const subjectOf = (caseId: CaseId, kindId: string): string => `${caseId} ${kindId}`;
const shown = (symbols: string): string => `${symbols.slice(0, 4)}-${symbols.slice(4)}`;

const symbolsOf = (runtime: Runtime, subject: string, nonce: string): readonly string[] =>
  runtime.keys
    .macs("short-code", `${PURPOSE}\n${subject}\n${nonce}`)
    .map((mac) => encodeCrockford(mac.subarray(0, 5)).slice(0, SYMBOLS));

const digestsOf = (runtime: Runtime, symbols: string): readonly Buffer[] =>
  runtime.keys.macs("short-code", `${PURPOSE} digest\n${symbols}`);

/**
 * Makes a short code for the challenge of a kind; a code that runs ends. A challenge is started where none runs. Refuses
 * a kind without challenges.
 */
export async function startCarry(
  tx: Tx,
  runtime: Runtime,
  context: EvidenceContext,
  kindId: string,
): Promise<Result<CarriedProof>> {
  const running = await currentChallenge(tx, runtime, context, kindId);
  const challenge = running ? ok(running) : await startChallenge(tx, runtime, context, kindId);
  if (!challenge.ok) return challenge;
  const { caseId, accountId } = context;
  const subject = subjectOf(caseId, kindId);
  const nonce = runtime.random.bytes(NONCE_BYTES).toString("base64url");
  const [symbols = ""] = symbolsOf(runtime, subject, nonce);
  const [digest = Buffer.alloc(0)] = digestsOf(runtime, symbols);
  const until = new Date(Math.min(tx.now.getTime() + MINUTES * 60_000, challenge.value.expiresAt.getTime()));
  await revokeSecrets(tx, PURPOSE, subject, "a newer one was asked for");
  const detail = { nonce, caseId, kind: kindId };
  await storeSecret(tx, runtime.random, { purpose: PURPOSE, subject, digest, detail, expiresAt: until });
  audit(tx, runtime.random, {
    act: "evidence/challenge-carried",
    actor: { kind: "claimant", id: caseId },
    accountId,
    caseId,
    facts: { kind: kindId },
  });
  return ok({ code: shown(symbols), until });
}

/** The code that runs for a kind in a case, to show it again; null where none does. */
export async function carriedTo(
  reader: Reader,
  runtime: Runtime,
  context: Pick<EvidenceContext, "caseId" | "now">,
  kindId: string,
): Promise<CarriedProof | null> {
  const subject = subjectOf(context.caseId, kindId);
  const newest = (await listSecrets(reader, PURPOSE, subject)).findLast(
    (one) => one.revokedAt === null && one.spentAt === null,
  );
  const nonce = newest?.detail["nonce"];
  if (!newest?.expiresAt || newest.expiresAt <= context.now || typeof nonce !== "string") return null;
  for (const symbols of symbolsOf(runtime, subject, nonce)) {
    const presented = { purpose: PURPOSE, subject, digests: digestsOf(runtime, symbols) };
    if ((await peekUsable(reader, presented, context.now)).ok) return { code: shown(symbols), until: newest.expiresAt };
  }
  return null; // made under a key that is gone
}

/** What a typed code leads to. Refuses unknown, replaced and expired ones with one answer. The caller counts the try. */
export async function findCarried(
  reader: Reader,
  runtime: Runtime,
  typed: string,
  now: Date,
): Promise<Result<{ readonly caseId: CaseId; readonly kindId: string; readonly code: string }>> {
  const symbols = normalizeCrockford(typed);
  if (symbols?.length !== SYMBOLS) return refuse(oneTimeRefusals.unknown());
  const found = await peekUsable(reader, { purpose: PURPOSE, digests: digestsOf(runtime, symbols) }, now);
  const { caseId, kind } = found.ok ? found.value.detail : {};
  if (typeof caseId !== "string" || typeof kind !== "string") return refuse(oneTimeRefusals.unknown());
  return ok({ caseId: caseId as CaseId, kindId: kind, code: shown(symbols) }); // written by startCarry
}
