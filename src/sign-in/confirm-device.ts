import { type Account, maskAddress } from "../accounts/index.ts";
import { hasSecondFactor } from "../authenticators/index.ts";
import { readShortCode } from "../kernel/crypto/short-code.ts";
import { transact } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import type { AddressId, CeremonyId } from "../kernel/ids.ts";
import { peekUsable, spend } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { listMails } from "../notifications/index.ts";
import type { Factor } from "../sessions/index.ts";
import { countAttempt } from "../throttle/index.ts";
import { findCeremony, finish, type OnSignedIn, requireThawed, type SignedIn } from "./ceremony.ts";
import { noteFailure } from "./failure.ts";
import { countDeviceMail, DEVICE_CODE, digestsOf, mailCode, subjectOf, waysToConfirm } from "./new-device.ts";
import { signInRefusals } from "./refusals.ts";
import type { Ceremony } from "./store.ts";

/** Wrong codes of one sign-in; then it has to begin again. */
const TRIES_OF_CEREMONY = { limit: 10, windowSeconds: 3600 };
/** Of all sign-ins to one account: 30 of 10⁸ codes an hour. */
const TRIES_OF_ACCOUNT = { limit: 30, windowSeconds: 3600 };

export interface Confirming {
  readonly account: Account;
  readonly ceremony: Ceremony & { readonly confirmingSince: Date };
}

/** The sign-in of a browser in which every factor was right and only its confirmation is missing; null for every other. */
export async function findConfirming(
  runtime: Runtime,
  token: string | undefined,
  now: Date,
): Promise<Confirming | null> {
  const running = await findCeremony(runtime, token, now);
  const since = running?.ceremony.confirmingSince;
  return running && since
    ? { account: running.account, ceremony: { ...running.ceremony, confirmingSince: since } }
    : null;
}

/** Sends a code to one of the account's addresses; it replaces the one before. Refuses others, and too many mails. */
export async function mailDeviceCode(
  runtime: Runtime,
  ask: {
    readonly ceremonyToken: string | undefined;
    readonly addressId: AddressId;
    readonly source: Source;
    readonly now: Date;
  },
): Promise<Result<undefined>> {
  const running = await findConfirming(runtime, ask.ceremonyToken, ask.now);
  if (!running) return refuse(signInRefusals["start-again"]());
  const { account, ceremony } = running;
  const counted = await countDeviceMail(runtime, account.id, ask.now);
  if (!counted.ok) return counted;
  return transact(runtime.db, { now: ask.now }, async (tx): Promise<Result<undefined>> => {
    const current = await requireThawed(tx, account); // its row: of several at once, each replaces the code before
    if (!current.ok) return current;
    const { addresses } = await waysToConfirm(tx, account.id);
    const address = addresses.find((one) => one.id === ask.addressId);
    if (!address) return refuse(signInRefusals["no-such-address"]());
    const device = { account, ceremonyId: ceremony.id, purpose: ceremony.purpose, source: ask.source };
    await mailCode(tx, runtime, device, address);
    return ok();
  });
}

export interface DeviceCodeStep {
  readonly ceremonyToken: string | undefined;
  readonly typed: string;
  readonly source: Source;
  /** The device cookie as it came, if one did. */
  readonly deviceToken?: string | undefined;
  readonly now: Date;
}

async function countTry(runtime: Runtime, account: Account, ceremonyId: CeremonyId, now: Date) {
  const own = await countAttempt(runtime.db, { bucket: `device-code:${ceremonyId}`, ...TRIES_OF_CEREMONY }, now);
  return own.ok ? countAttempt(runtime.db, { bucket: `device-code:${account.id}`, ...TRIES_OF_ACCOUNT }, now) : own;
}

/**
 * Ends a sign-in on a new browser with the mailed code. The try is counted first; of any number at once one signs in.
 * Refuses wrong, used, replaced and old codes. What was shown before is what the session rests on: a mailbox is no factor
 * (SP 800-63B-4 §3.1.3.1).
 */
export async function submitDeviceCode(
  runtime: Runtime,
  step: DeviceCodeStep,
  onSignedIn: OnSignedIn,
): Promise<Result<SignedIn & { readonly factors: readonly Factor[] }>> {
  const running = await findConfirming(runtime, step.ceremonyToken, step.now);
  if (!running) return refuse(signInRefusals["start-again"]());
  const { account, ceremony } = running;
  const code = readShortCode(step.typed);
  if (code === null) return refuse(signInRefusals["wrong-device-code"]({ detail: "It has eight digits." }));
  const counted = await countTry(runtime, account, ceremony.id, step.now);
  if (!counted.ok) return counted;
  const digests = digestsOf(runtime, ceremony.id, code);
  const presented = { purpose: DEVICE_CODE, subject: subjectOf(account.id, ceremony.id), digests };
  const found = await peekUsable(runtime.db, presented, step.now);
  if (!found.ok) {
    await noteFailure(runtime, account, "device-code", step);
    return found.refusal.code === "one-time/unknown" ? refuse(signInRefusals["wrong-device-code"]()) : found;
  }
  const { factors } = ceremony;
  return transact(runtime.db, { now: step.now }, async (tx) => {
    const spent = await spend(tx, presented);
    if (!spent.ok) return spent;
    // Set up elsewhere since: the password alone is no longer enough.
    if (factors.length < 2 && (await hasSecondFactor(tx, account.id))) return refuse(signInRefusals["start-again"]());
    const done = await finish(tx, runtime, { account, ceremony, factors, step, onSignedIn, confirmedBy: "mail" });
    return done.ok ? ok({ ...done.value, factors }) : done;
  });
}

/** What became of a mail with a code, for the page that waits for it. Tells no address and no server in full. */
export interface CodeMail {
  readonly to: string;
  readonly queuedAt: Date;
  readonly state: "waiting" | "accepted" | "failed";
  /** When the mail server took it; null while none did. */
  readonly acceptedAt: Date | null;
  readonly acceptedBy: string | null;
}

/** The mails of a sign-in that waits for its confirmation, newest first. */
export async function listCodeMails(runtime: Runtime, { account, ceremony }: Confirming): Promise<readonly CodeMail[]> {
  const mails = await listMails(runtime.db, { accountId: account.id, limit: MOST_LOOKED_AT });
  return mails
    .filter((mail) => mail.message === "new-device-code" && mail.queuedAt >= ceremony.confirmingSince)
    .map((mail) => ({
      to: maskAddress(mail.toAddress),
      queuedAt: mail.queuedAt,
      state: mail.bounce || mail.state === "failed" ? "failed" : mail.acceptedAt ? "accepted" : "waiting",
      acceptedAt: mail.acceptedAt,
      acceptedBy: mail.acceptedBy && maskHost(mail.acceptedBy),
    }));
}

const MOST_LOOKED_AT = 30;

/** `mx1.mail.example` as `m•••.example`: enough for whoever knows the address, nothing for whoever does not. */
const maskHost = (host: string): string => {
  const dot = host.lastIndexOf(".");
  return dot > 0 ? `${host.slice(0, 1)}•••${host.slice(dot)}` : host;
};
