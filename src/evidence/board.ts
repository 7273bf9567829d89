import { listAddresses } from "../accounts/index.ts";
import { describeCodes, findPasswordFacts, hasHadCodes, hasSecondFactor } from "../authenticators/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { AccountId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { listContactsOf } from "../recovery-contacts/index.ts";
import { listApiTokens, listSharedWith } from "../registry/index.ts";
import { currentChallenges } from "./challenge.ts";
import { listDevices } from "../sessions/index.ts";
import { listFindings } from "./findings.ts";
import { listForges } from "./forge/identities.ts";
import { kinds } from "./kinds.ts";
import { selectOpenpgpKeys } from "./openpgp-store.ts";
import { authenticatorCard } from "./kinds/authenticator/authenticator.ts";
import type { TryLimits } from "./prove.ts";
import { countTargets } from "./targets/count.ts";
import { selectDeclined, selectSigningKeys, selectTries } from "./store.ts";
import type { AccountFacts, AnyKind, Challenge, EvidenceContext, Instructions, StoredFinding } from "./types.ts";

export type CardState =
  | { readonly kind: "not-tried" }
  | { readonly kind: "proven"; readonly texts: readonly string[]; readonly until: Date }
  /** Shown, and the policy does not count it: too young, changed lately. */
  | { readonly kind: "set-aside"; readonly texts: readonly string[]; readonly because: string }
  /** They said that they cannot do it. */
  | { readonly kind: "declined" }
  /** Given, but it does not count yet; or one of those whose outcome is never told. */
  | { readonly kind: "tried"; readonly texts: readonly string[] }
  | { readonly kind: "cannot"; readonly because: string };

/** What one more proof of a policy kind would do, judged by what the claimant knows to have counted. */
export interface KindHelp {
  readonly kind: string;
  /** How far the case would get with it: 0 is the farthest any proof gets it. */
  readonly step: number;
  /** The part of what is missing that it would give, above 0 to 1. */
  readonly share: number;
}

/** One proof on the claimant's board. */
export interface BoardCard {
  readonly kindId: string;
  readonly title: string;
  readonly helps: string;
  readonly instructions: Instructions;
  /** Whether a challenge must be started before the commands can be shown. */
  readonly needsChallenge: boolean;
  readonly challengeUntil: Date | null;
  readonly triesLeft: number;
  /** Somebody was asked to speak for the claimant, or nobody was there to be asked: it looks the same. */
  readonly hasAsked: boolean;
  readonly state: CardState;
  /** It rests on what was shown already, or is too weak to change anything. */
  readonly addsNothing?: boolean;
  /** Of what is open, this gives most for the least. */
  readonly helpsMost?: boolean;
  /** Not a proof: pages of ours that make one unnecessary. */
  readonly leadsTo?: readonly { readonly href: string; readonly label: string }[];
  /** Commands that clear up after proofs that stand. */
  readonly afterwards?: readonly string[];
}

export interface BoardFacts {
  readonly context: EvidenceContext;
  /** The findings that stand. */
  readonly findings: readonly StoredFinding[];
  readonly tries: ReadonlyMap<string, number>;
  readonly challenges: ReadonlyMap<string, Challenge>;
  /** Null where the case is not matched to an account. */
  readonly account: AccountFacts | null;
  /** What helps, by the policy's kinds; empty where nothing is missing or nothing is proven yet. */
  readonly help: readonly KindHelp[];
  /** Kinds of evidence that the claimant said they cannot give. */
  readonly declined?: ReadonlySet<string>;
  /** The policy's kinds that were shown and do not count, and why, in words for the claimant. */
  readonly setAside?: ReadonlyMap<string, string>;
  readonly limits?: TryLimits;
}

const offered = kinds.filter((kind) => !kind.isNoted);

const isProof = (finding: StoredFinding, now: Date): boolean =>
  finding.verdict === "supports" && finding.expiresAt > now;

/** Whether anything was proven that the claimant knows to be proven. Before that, cards speak in general words. */
export const hasShown = (findings: readonly StoredFinding[], now: Date): boolean =>
  findings.some((finding) => isProof(finding, now) && kinds.find(({ id }) => id === finding.kind)?.isTold === true);
const hasProven = ({ findings, context }: Pick<BoardFacts, "findings" | "context">): boolean =>
  hasShown(findings, context.now);

const texts = (findings: readonly StoredFinding[]): readonly string[] => [
  ...new Set(findings.map((finding) => finding.claimantText)),
];

function stateOf(facts: BoardFacts, kind: AnyKind, triesLeft: number): CardState {
  const { now } = facts.context;
  const mine = facts.findings.filter((finding) => finding.kind === kind.id);
  const proofs = kind.isTold ? mine.filter((finding) => isProof(finding, now)) : [];
  const [first] = proofs;
  if (first) {
    const until = proofs.reduce((least, { expiresAt }) => (expiresAt < least ? expiresAt : least), first.expiresAt);
    const reasons = proofs.map(({ policyKind }) => facts.setAside?.get(policyKind));
    const because = reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
    return because === undefined
      ? { kind: "proven", texts: texts(proofs), until }
      : { kind: "set-aside", texts: texts(proofs), because };
  }
  if (facts.declined?.has(kind.id)) return { kind: "declined" };
  const impossible = facts.account && hasProven(facts) ? kind.cannot(facts.account) : null;
  if (impossible !== null) return { kind: "cannot", because: impossible };
  const expired = mine.filter((finding) => finding.verdict === "supports" && kind.isTold);
  if (triesLeft === 0) return { kind: "cannot", because: "It has been tried as often as one case allows." };
  if (expired.length > 0) return { kind: "tried", texts: ["You have shown this, but too long ago. Show it again."] };
  return mine.length > 0 ? { kind: "tried", texts: texts(mine) } : { kind: "not-tried" };
}

/**
 * The board of a case: every kind of proof with its instructions and where it stands. Pure. To somebody who has proven
 * nothing it shows the same cards in the same order whatever the account has, and whether or not there is one.
 */
export function boardFor(facts: BoardFacts): readonly BoardCard[] {
  const cards = offered.map((kind): BoardCard => {
    const challenge = facts.challenges.get(kind.id) ?? null;
    const limit = Math.min(kind.triesPerCase, facts.limits?.triesPerKind ?? kind.triesPerCase);
    const triesLeft = Math.max(0, limit - (facts.tries.get(kind.id) ?? 0));
    const state = stateOf(facts, kind, triesLeft);
    return {
      kindId: kind.id,
      title: kind.title,
      helps: kind.helps,
      instructions: kind.instructions({ ...facts.context, challenge }),
      needsChallenge: kind.challengeHours !== null && challenge === null,
      challengeUntil: challenge?.expiresAt ?? null,
      triesLeft,
      hasAsked: (facts.tries.get(`${kind.id}-ask`) ?? 0) > 0,
      state,
      ...(addsNothing(facts, kind, state) ? { addsNothing: true } : {}),
      ...afterwardsOf(facts, kind),
    };
  });
  const ordered = [signInCard(facts), ...cards].toSorted((a, b) => compareCards(facts, a, b));
  const best = hasProven(facts) ? ordered.find((card) => isOpen(card) && helpOf(facts, card) !== null) : undefined;
  return ordered.map((card) => (card === best ? { ...card, helpsMost: true } : card));
}

const isOpen = ({ state }: BoardCard): boolean => state.kind === "not-tried" || state.kind === "tried";

/** Whoever still has an authenticator needs no proof: that card leads to the way in. */
function signInCard(facts: BoardFacts): BoardCard {
  const { cannot, ...words } = authenticatorCard;
  const impossible = facts.account && hasProven(facts) ? cannot(facts.account) : null;
  const isDeclined = facts.declined?.has(authenticatorCard.kindId) === true;
  const state: CardState =
    impossible !== null
      ? { kind: "cannot", because: impossible }
      : isDeclined
        ? { kind: "declined" }
        : { kind: "not-tried" };
  return { ...words, needsChallenge: false, challengeUntil: null, triesLeft: 0, hasAsked: false, state };
}

/** Known only once something was proven: before, what helps would tell what the account has. */
const addsNothing = (facts: BoardFacts, kind: AnyKind, state: CardState): boolean =>
  kind.isTold &&
  (state.kind === "not-tried" || state.kind === "tried") &&
  facts.help.length > 0 &&
  hasProven(facts) &&
  bestHelp(facts, kind.policyKinds) === null;

const bestHelp = ({ help }: BoardFacts, policyKinds: readonly string[]): KindHelp | null =>
  help
    .filter(({ kind }) => policyKinds.includes(kind))
    .reduce<KindHelp | null>((best, one) => (best && compareHelp(best, one, 1, 1) <= 0 ? best : one), null);

/** Who gets the case farthest comes first; of those, who gives most of what is missing for each minute it takes. */
const compareHelp = (a: KindHelp, b: KindHelp, minutesOfA: number, minutesOfB: number): number =>
  a.step - b.step || b.share / minutesOfB - a.share / minutesOfA;

function afterwardsOf(facts: BoardFacts, kind: AnyKind): Pick<BoardCard, "afterwards"> {
  const proofs = facts.findings.filter((one) => one.kind === kind.id && isProof(one, facts.context.now));
  const commands = proofs.flatMap(({ observation }) => {
    const stored = kind.observation.safeParse(observation);
    return (stored.success ? kind.afterwards?.(stored.data) : null) ?? [];
  });
  return commands.length > 0 ? { afterwards: commands } : {};
}

const STATE_RANK: Readonly<Record<CardState["kind"], number>> = {
  "not-tried": 0,
  tried: 0,
  proven: 1,
  "set-aside": 2,
  declined: 3,
  cannot: 4,
};

/**
 * What is open comes first: signing in, which ends it all, then what helps most and costs least. To somebody who has
 * proven nothing, what takes the fewest minutes. What is shown follows, then what is no way for them.
 */
function compareCards(facts: BoardFacts, a: BoardCard, b: BoardCard): number {
  const byState = STATE_RANK[a.state.kind] - STATE_RANK[b.state.kind];
  if (byState !== 0) return byState;
  if (a.leadsTo || b.leadsTo) return Number(b.leadsTo !== undefined) - Number(a.leadsTo !== undefined);
  const minutes = [a.instructions.minutes, b.instructions.minutes] as const;
  const helps = hasProven(facts) ? [helpOf(facts, a), helpOf(facts, b)] : [null, null];
  const [helpA = null, helpB = null] = helps;
  if (helpA && helpB) return compareHelp(helpA, helpB, ...minutes) || minutes[0] - minutes[1];
  return Number(helpB !== null) - Number(helpA !== null) || minutes[0] - minutes[1];
}

const helpOf = (facts: BoardFacts, card: BoardCard): KindHelp | null =>
  bestHelp(facts, kinds.find((kind) => kind.id === card.kindId)?.policyKinds ?? []);

/** The policy's kinds that this claimant cannot give, as far as they may know it: advice leaves them out. */
export const unavailableKinds = (facts: BoardFacts): readonly string[] =>
  boardFor(facts)
    .filter(({ state }) => state.kind === "cannot" || state.kind === "declined")
    .flatMap(({ kindId }) => kinds.find((kind) => kind.id === kindId)?.policyKinds ?? []);

const EVER = new Date(0);

/** What an account has that a proof could rest on. */
async function accountFacts(reader: Reader, accountId: AccountId, context: EvidenceContext): Promise<AccountFacts> {
  const [
    addresses,
    tokens,
    password,
    keys,
    forges,
    openpgpKeys,
    hadCodes,
    devices,
    codes,
    isSecondBound,
    shared,
    contacts,
    targets,
  ] = await Promise.all([
    listAddresses(reader, accountId, EVER),
    listApiTokens(reader, accountId),
    findPasswordFacts(reader, accountId),
    selectSigningKeys(reader, accountId),
    listForges(reader, accountId),
    selectOpenpgpKeys(reader, accountId),
    hasHadCodes(reader, accountId),
    listDevices(reader, accountId, context.now),
    describeCodes(reader, accountId),
    hasSecondFactor(reader, accountId),
    listSharedWith(reader, accountId),
    listContactsOf(reader, accountId),
    countTargets(reader, context),
  ]);
  return {
    hasPassword: password !== null,
    verifiedAddresses: addresses.filter((one) => one.verifiedAt).length,
    usableTokens: tokens.filter((token) => !token.revoked && !(token.expiresAt && token.expiresAt <= context.now))
      .length,
    signingKeys: keys.length + forges.length,
    openpgpKeys: openpgpKeys.length,
    hasHadCodes: hadCodes,
    knownDevices: devices.length,
    canSignIn: (codes?.unused ?? 0) > 0 || isSecondBound,
    sharers: shared.size,
    contacts: contacts.filter(({ acceptedAt }) => acceptedAt).length,
    ...targets,
  };
}

/** Reads what `boardFor` needs, but for what the policy says: `help` and `setAside`. */
export async function loadBoardFacts(
  reader: Reader,
  runtime: Runtime,
  context: EvidenceContext,
  limits?: TryLimits,
): Promise<BoardFacts> {
  const asked = kinds.filter(({ challengeHours }) => challengeHours !== null).map(({ id }) => id);
  const [challenges, findings, tries, declined] = await Promise.all([
    currentChallenges(reader, runtime, context, asked),
    listFindings(reader, context.caseId),
    selectTries(reader, context.caseId),
    selectDeclined(reader, context.caseId),
  ]);
  // Before anything is proven the board is the same whatever the account has, so it is not even looked at.
  const isNeeded = context.accountId !== null && hasProven({ findings, context });
  return {
    context,
    findings,
    tries,
    challenges,
    account: context.accountId !== null && isNeeded ? await accountFacts(reader, context.accountId, context) : null,
    help: [],
    declined,
    ...(limits ? { limits } : {}),
  };
}

/** The board as it is without the policy's word. */
export const loadBoard = async (
  reader: Reader,
  runtime: Runtime,
  context: EvidenceContext,
  limits?: TryLimits,
): Promise<readonly BoardCard[]> => boardFor(await loadBoardFacts(reader, runtime, context, limits));
