import { findAccount, requireActive } from "../../accounts/index.ts";
import { audit } from "../../audit/index.ts";
import { transact, type Tx } from "../../kernel/db/transact.ts";
import { newId } from "../../kernel/ids.ts";
import type { IssuedToken } from "../../kernel/net/issued-tokens.ts";
import { digestToken } from "../../kernel/one-time.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { type Secret, secret } from "../../kernel/secret.ts";
import { requireNoHold } from "../holds.ts";
import { registryRefusals } from "../refusals.ts";
import { findRole } from "../store/access.ts";
import { lockCandidates, noteRun, type PublisherOf, spendIssuedToken } from "../store/publishers.ts";
import { insertApiToken } from "../store/tokens.ts";
import { formatApiToken, TOKEN_RANDOM_BYTES } from "../tokens.ts";
import { type Fit, fitOf, publisherInWords, readRun } from "./services.ts";
import type { Run } from "./types.ts";

/** Long enough for a release of some hundred files. */
const MINUTES = 15;
/** Anybody may name a repository in a project of theirs: so many are looked at, the oldest first. */
const MOST_PROJECTS = 1000;

/** The audience of tokens by which runs ask for an upload token. Other than that of any recovery case. */
export const uploadAudience = ({ publicUrl }: Pick<Runtime, "publicUrl">): string => publicUrl.host;

/** Why nothing fits although something nearly does, the most telling first. */
const NEARLY: Readonly<Partial<Record<Fit, keyof typeof registryRefusals>>> = {
  recreated: "publisher-recreated",
  transferred: "publisher-transferred",
  proposal: "publisher-proposal",
};

/**
 * Trades a token of another service for an API token of 15 minutes, for every project that has this run as a publisher.
 * Refuses tokens as `IssuedTokens.check` does, one that was used before, runs that no project knows, repositories that
 * are not the ones they were, and publishers whose account may not publish now.
 */
export async function mintToken(
  runtime: Runtime,
  text: string,
  now: Date,
): Promise<Result<{ readonly token: Secret<string>; readonly projects: readonly string[] }>> {
  if (!runtime.issuedTokens) return refuse(registryRefusals["no-publishers"]());
  const checked = await runtime.issuedTokens.check(text, { audience: uploadAudience(runtime), now });
  if (!checked.ok) return checked;
  const issued = checked.value;
  const run = readRun(issued);
  if (!run)
    return refuse(registryRefusals["invalid-publisher"]({ detail: "Its claims are not those of its service." }));
  return transact(runtime.db, { now }, (tx) => mint(tx, runtime, issued, run));
}

async function mint(tx: Tx, runtime: Runtime, issued: IssuedToken, run: Run) {
  if (!(await spendIssuedToken(tx, digestToken(issued.signed), issued.expiresAt)))
    return refuse(registryRefusals["token-replayed"]());
  const candidates = (await lockCandidates(tx, run, MOST_PROJECTS)).map((one) => ({ one, fit: fitOf(one, run) }));
  const fitting = candidates.filter(({ fit }) => fit === "fits").map(({ one }) => one);
  if (fitting.length === 0) {
    const nearly = candidates.map(({ fit }) => NEARLY[fit]).find((code) => code !== undefined);
    return refuse(registryRefusals[nearly ?? "invalid-publisher"](nearly ? {} : { detail: claimsInWords(run) }));
  }
  const able: PublisherOf[] = [];
  for (const one of fitting) if (await mayPublish(tx, one)) able.push(one);
  const [first] = able;
  if (!first) return refuse(registryRefusals["publisher-not-now"]());
  const { random } = runtime;
  const token = formatApiToken(random.bytes(TOKEN_RANDOM_BYTES));
  const id = newId("tok", tx.now, random);
  const ids = able.map((one) => one.id);
  const projects = [...new Set(able.map((one) => one.project))].toSorted();
  const publisher = publisherInWords(first);
  await insertApiToken(tx, {
    id,
    accountId: first.addedBy,
    name: publisher.slice(0, 100),
    digest: digestToken(token),
    projects,
    publishers: ids,
    expiresAt: new Date(tx.now.getTime() + MINUTES * 60_000),
  });
  await noteRun(tx, ids, run);
  for (const accountId of new Set(able.map((one) => one.addedBy)))
    audit(tx, random, {
      act: "registry/publisher-used",
      actor: { kind: "anyone" },
      accountId,
      facts: { token: id, projects, publisher, ref: run.ref, run: run.run },
    });
  return ok({ token: secret(token), projects });
}

/** Whether the account behind a publisher may publish to its project just now; looked at again at each upload. */
async function mayPublish(tx: Tx, { addedBy, projectId }: PublisherOf): Promise<boolean> {
  const account = await findAccount(tx, addedBy);
  if (!account || !requireActive(account).ok) return false;
  if ((await findRole(tx, projectId, addedBy)) === null) return false;
  return (await requireNoHold(tx, addedBy, "publish", tx.now)).ok;
}

/** What the run says of itself, so that a slip in the registration is found. */
function claimsInWords({ service, repository, workflow, environment, subject }: Run): string {
  const said =
    repository === null
      ? [`subject ${subject}`]
      : [`repository ${repository}`, `workflow ${workflow ?? "none"}`, `environment ${environment ?? "none"}`];
  return `The token says: ${service}, ${said.join(", ")}.`;
}
