import { type Account, hasStanding, listAddresses, listStaffRoles } from "../accounts/index.ts";
import { describeCodes, listAuthenticators, listPasskeys } from "../authenticators/index.ts";
import { listForges, listOpenpgpKeys, listSigningKeys } from "../evidence/index.ts";
import { policy as policies, type RecoveryRuntime, strictModeOf } from "../recovery/index.ts";
import { impactOf, listApiTokens } from "../registry/index.ts";
import {
  bestImprovement,
  type Door,
  doorsOf,
  type Holding,
  type HoldingKind,
  type Improvement,
  type Judge,
  type Loss,
  lossesOf,
  scoreOf,
} from "./access-graph.ts";

/** What a subscriber learns about their own account. */
export interface CheckUp {
  readonly holdings: readonly Holding[];
  readonly doors: readonly Door[];
  readonly losses: readonly Loss[];
  /** 0 to 100; see scoreOf. */
  readonly score: number;
  readonly next: Improvement | null;
}

/** Computes the check-up of an account from what is bound to it now. Reads only. */
export async function checkUp(runtime: RecoveryRuntime, account: Account, now: Date): Promise<CheckUp> {
  const { policy, db } = runtime;
  const holdings = await holdingsOf(runtime, account, now);
  const impact = await impactOf(db, account.id, now);
  const isStaff = (await listStaffRoles(db, account.id)).length > 0;
  const { tier } = policies.tierOf(policy, { ...impact, isStaff });
  const isStrict = (await strictModeOf(db, account.id, now)) !== null;
  const judge: Judge = (proofs) => {
    const outcome = policies.outcomeOf(policy, tier, policies.weigh(policy, proofs, { now, caseOpenedAt: now }));
    return isStrict && outcome.route !== "machine" ? { ...outcome, route: "insufficient" } : outcome;
  };
  const doors = doorsOf(holdings, judge);
  return {
    holdings,
    doors,
    losses: lossesOf(holdings, doors),
    score: scoreOf(holdings, judge),
    next: bestImprovement(holdings, additionsTo(holdings, now), judge),
  };
}

const proof = (kind: string, root: string, boundAt: Date, now: Date): policies.Finding => ({
  kind,
  root,
  verdict: "supports",
  boundAt,
  observedAt: now,
});

async function holdingsOf({ db }: RecoveryRuntime, account: Account, now: Date): Promise<readonly Holding[]> {
  const [authenticators, passkeys, codes, addresses, keys, tokens, signed] = await Promise.all([
    listAuthenticators(db, account.id),
    listPasskeys(db, account.id),
    describeCodes(db, account.id),
    listAddresses(db, account.id),
    listSigningKeys(db, account.id),
    listApiTokens(db, account.id),
    signers(db, account, now),
  ]);
  const holdings: Holding[] = [];
  for (const one of authenticators) {
    if (one.kind === "password")
      holdings.push({
        id: one.id,
        kind: "password",
        label: "Password",
        proof: proof("password", "password", one.boundAt, now),
      });
    if (one.kind === "totp") holdings.push({ id: one.id, kind: "app", label: "Authenticator app", proof: null });
  }
  for (const one of passkeys) {
    const kind = one.isUserVerifying ? "passkey" : "security-key";
    holdings.push({ id: one.id, kind, label: `Passkey “${one.name}”`, proof: null });
  }
  if (codes && codes.unused > 0) holdings.push({ id: "codes", kind: "codes", label: "Recovery codes", proof: null });
  const primary = addresses.find((one) => one.isPrimary)?.domain;
  for (const one of addresses) {
    if (!one.verifiedAt || !hasStanding(one)) continue;
    const kind = one.domain === primary ? "mailbox" : "mailbox-second";
    const label = one.isPrimary ? "Your mailbox" : `Mailbox at ${one.domain}`;
    holdings.push({
      id: one.id,
      kind: "mailbox",
      label,
      proof: proof(kind, `mailbox:${one.domain}`, one.verifiedAt, now),
    });
  }
  for (const key of keys) {
    const isHardware = key.type.startsWith("sk-");
    const root = isHardware ? `key:${key.fingerprint}` : `device:${key.fingerprint}`;
    const kind = isHardware ? "ssh-hardware-key" : "ssh-signature";
    const label = isHardware ? "Security key (SSH)" : `SSH key ${key.comment || key.fingerprint.slice(7, 15)}`;
    holdings.push({ id: key.id, kind: "ssh-key", label, proof: proof(kind, root, key.boundAt, now) });
  }
  holdings.push(...signed);
  const live = tokens.filter((one) => !one.revoked && !one.held && (!one.expiresAt || one.expiresAt > now));
  // Tokens of one account lie in the same files, and count once: the oldest stands for all.
  const oldest = live.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())[0];
  if (oldest)
    holdings.push({
      id: oldest.id,
      kind: "api-token",
      label: "API tokens",
      proof: proof("api-token", `token:${oldest.id}`, oldest.createdAt, now),
    });
  return holdings;
}

/** OpenPGP keys, and the keys that forges list: of each forge account the one that was there first stands for all. */
async function signers(db: RecoveryRuntime["db"], account: Account, now: Date): Promise<readonly Holding[]> {
  const holdings: Holding[] = [];
  for (const key of await listOpenpgpKeys(db, account.id)) {
    if (key.expiresAt && key.expiresAt <= now) continue;
    const since = key.changedAt ?? key.boundAt;
    holdings.push({
      id: key.id,
      kind: "openpgp-key",
      label: `OpenPGP key ${key.fingerprint.slice(-16)}`,
      proof: proof("openpgp", `key:${key.fingerprint}`, since, now),
    });
  }
  for (const forge of await listForges(db, account.id)) {
    const oldest = forge.keys.find((key) => key.goneAt === null && key.leakedAt === null);
    if (!oldest) continue;
    holdings.push({
      id: forge.id,
      kind: "ssh-key",
      label: `SSH keys at ${forge.host}`,
      proof: proof("ssh-signature", `forge:${forge.host}/${forge.name.toLowerCase()}`, oldest.firstSeenAt, now),
    });
  }
  return holdings;
}

const YEAR_MS = 365 * 86_400_000;

/** What could be added, as it counts once it is old enough. */
function additionsTo(holdings: readonly Holding[], now: Date): readonly Holding[] {
  const has = (kind: HoldingKind) => holdings.some((one) => one.kind === kind);
  const old = new Date(now.getTime() - YEAR_MS);
  const additions: Holding[] = [];
  const hasSecond = has("app") || has("passkey") || has("security-key");
  additions.push({ id: "new-passkey", kind: "passkey", label: "Passkey", proof: null });
  if (!has("app")) additions.push({ id: "new-app", kind: "app", label: "Authenticator app", proof: null });
  if (hasSecond && !has("codes"))
    additions.push({ id: "new-codes", kind: "codes", label: "Recovery codes", proof: null });
  if (!has("mailbox"))
    additions.push({
      id: "new-mailbox",
      kind: "mailbox",
      label: "Mailbox",
      proof: proof("mailbox", "mailbox:new.example", old, now),
    });
  additions.push({
    id: "new-key",
    kind: "ssh-key",
    label: "SSH key",
    proof: proof("ssh-signature", "device:SHA256:new", old, now),
  });
  return additions;
}
