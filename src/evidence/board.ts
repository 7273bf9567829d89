import { listAddresses } from "../accounts/index.ts";
import { findPasswordFacts } from "../authenticators/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { AccountId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { listApiTokens } from "../registry/index.ts";
import { currentChallenge } from "./challenge.ts";
import { listFindings } from "./findings.ts";
import { kinds } from "./kinds.ts";
import type { TryLimits } from "./prove.ts";
import { countTargets } from "./targets/count.ts";
import { selectSigningKeys, selectTries } from "./store.ts";
import type { AccountFacts, AnyKind, Challenge, EvidenceContext, Instructions, StoredFinding } from "./types.ts";

export type CardState =
  | { readonly kind: "not-tried" }
  | { readonly kind: "proven"; readonly texts: readonly string[]; readonly until: Date }
  /** Given, but it does not count yet; or one of those whose outcome is never told. */
  | { readonly kind: "tried"; readonly texts: readonly string[] }
  | { readonly kind: "cannot"; readonly because: string };

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
  readonly state: CardState;
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
  /** The policy's kinds, the most helpful first. */
  readonly order: readonly string[];
  readonly limits?: TryLimits;
}

const isProof = (finding: StoredFinding, now: Date): boolean =>
  finding.verdict === "supports" && finding.expiresAt > now;

/** Whether anything was proven that the claimant knows to be proven. Before that, cards speak in general words. */
const hasProven = ({ findings, context }: BoardFacts): boolean =>
  findings.some(
    (finding) => isProof(finding, context.now) && kinds.find(({ id }) => id === finding.kind)?.isTold === true,
  );

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
    return { kind: "proven", texts: texts(proofs), until };
  }
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
  const cards = kinds.map((kind): BoardCard => {
    const challenge = facts.challenges.get(kind.id) ?? null;
    const limit = Math.min(kind.triesPerCase, facts.limits?.triesPerKind ?? kind.triesPerCase);
    const triesLeft = Math.max(0, limit - (facts.tries.get(kind.id) ?? 0));
    return {
      kindId: kind.id,
      title: kind.title,
      helps: kind.helps,
      instructions: kind.instructions({ ...facts.context, challenge }),
      needsChallenge: kind.challengeHours !== null && challenge === null,
      challengeUntil: challenge?.expiresAt ?? null,
      triesLeft,
      state: stateOf(facts, kind, triesLeft),
      ...afterwardsOf(facts, kind),
    };
  });
  return hasProven(facts) ? cards.toSorted((a, b) => rankOf(facts, a) - rankOf(facts, b)) : cards;
}

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
  proven: 1000,
  cannot: 2000,
};

/** What helps most comes first, then what is proven, then what cannot be used. */
function rankOf({ order }: BoardFacts, card: BoardCard): number {
  const policyKinds = kinds.find((kind) => kind.id === card.kindId)?.policyKinds ?? [];
  const places = policyKinds.map((id) => order.indexOf(id)).filter((place) => place >= 0);
  return STATE_RANK[card.state.kind] + (places.length > 0 ? Math.min(...places) : order.length);
}

const EVER = new Date(0);

/** What an account has that a proof could rest on. */
async function accountFacts(reader: Reader, accountId: AccountId, context: EvidenceContext): Promise<AccountFacts> {
  const { now } = context;
  const addresses = await listAddresses(reader, accountId, EVER);
  const tokens = await listApiTokens(reader, accountId);
  return {
    hasPassword: (await findPasswordFacts(reader, accountId)) !== null,
    verifiedAddresses: addresses.filter((one) => one.verifiedAt).length,
    usableTokens: tokens.filter((token) => !token.revoked && !(token.expiresAt && token.expiresAt <= now)).length,
    signingKeys: (await selectSigningKeys(reader, accountId)).length,
    ...(await countTargets(reader, context)),
  };
}

/** Reads what `boardFor` needs. @param order the policy's kinds, the most helpful first (`Decision.whatWouldHelp`) */
export async function loadBoard(
  reader: Reader,
  runtime: Runtime,
  context: EvidenceContext,
  options: { readonly order?: readonly string[]; readonly limits?: TryLimits } = {},
): Promise<readonly BoardCard[]> {
  const challenges = new Map<string, Challenge>();
  for (const { id, challengeHours } of kinds) {
    const challenge = challengeHours === null ? null : await currentChallenge(reader, runtime, context, id);
    if (challenge) challenges.set(id, challenge);
  }
  return boardFor({
    context,
    findings: await listFindings(reader, context.caseId),
    tries: await selectTries(reader, context.caseId),
    challenges,
    account: context.accountId ? await accountFacts(reader, context.accountId, context) : null,
    order: options.order ?? [],
    ...(options.limits ? { limits: options.limits } : {}),
  });
}
