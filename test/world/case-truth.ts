import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { verifyChain } from "../../src/audit/index.ts";
import type { Database } from "../../src/kernel/db/database.ts";

/*
 * What must be true of every recovery case, whoever did what in whatever order. Worked out from rows, the audit log and the
 * policy file alone, and not with the code that is on trial.
 */

interface Step {
  readonly at: Date;
  readonly act: string;
  readonly actor: string | null;
  readonly from: string;
  readonly to: string;
}

interface CaseRow {
  readonly id: string;
  readonly number: string;
  readonly state: string;
  readonly account_id: string | null;
  readonly tier: number | null;
}

interface Tier {
  readonly roots: number;
  readonly waitMs: number;
  readonly approvals: number;
}

const UNITS: Readonly<Record<string, number>> = { D: 86_400_000, H: 3_600_000, M: 60_000, S: 1000 };

/** Of a duration such as P7D or PT15S. */
function milliseconds(duration: string): number {
  const [, amount, unit] = /^PT?(\d+)([DHMS])$/.exec(duration) ?? [];
  const each = UNITS[unit ?? ""];
  if (amount === undefined || each === undefined) throw new Error(`Not a duration: ${duration}`);
  return Number(amount) * each;
}

interface PolicyFile {
  readonly tiers: readonly {
    readonly roots: number;
    readonly wait: string;
    readonly fastWait?: { readonly wait: string };
    readonly shortfall?: { readonly wait: string };
    readonly approvals: number;
  }[];
}

/** The least that each tier asks for, by whatever way it is granted. */
async function leastOf(policyFile: string): Promise<readonly Tier[]> {
  const { tiers } = JSON.parse(await readFile(join(import.meta.dirname, "../..", policyFile), "utf8")) as PolicyFile; // a file of ours
  return tiers.map(({ roots, wait, fastWait, shortfall, approvals }) => ({
    roots,
    approvals,
    waitMs: Math.min(...[wait, fastWait?.wait, shortfall?.wait].flatMap((one) => (one ? [milliseconds(one)] : []))),
  }));
}

/** Everything that is not as it must be, a line each; none where all is well. */
export async function brokenPromises(db: Database, policyFile: string): Promise<readonly string[]> {
  const tiers = await leastOf(policyFile);
  const broken: string[] = [];
  for (const breach of (await verifyChain(db)).breaches) broken.push(`audit chain: ${JSON.stringify(breach)}`);
  const { rows: cases } = await sql<CaseRow>`
    select id, number, state, account_id, tier from recovery_cases order by id`.execute(db.root);
  for (const one of cases) {
    const steps = await stepsOf(db, one.id);
    broken.push(...brokenPath(one, steps).map((line) => `${one.number}: ${line}`));
    for (const [at, step] of steps.entries())
      if (step.act === "restore")
        broken.push(
          ...(await brokenRestoration(db, one, steps.slice(0, at), step, tiers)).map(
            (line) => `${one.number}: ${line}`,
          ),
        );
  }
  broken.push(...(await brokenRows(db)));
  return broken;
}

async function stepsOf(db: Database, caseId: string): Promise<readonly Step[]> {
  const { rows } = await sql<Step>`
    select at, substr(act, length('recovery/') + 1) as act, actor_id as actor, facts ->> 'from' as from, facts ->> 'to' as to
    from audit_events where case_id = ${caseId} and facts ? 'from' and facts ? 'to' order by seq`.execute(db.root);
  return rows;
}

/** Each step begins where the last one ended, and the row is where the last one ended: nothing was lost or done twice. */
function brokenPath({ state }: CaseRow, steps: readonly Step[]): readonly string[] {
  const broken: string[] = [];
  for (const [at, step] of steps.entries()) {
    const before = steps[at - 1];
    if (before && before.to !== step.from)
      broken.push(`${step.act} from ${step.from} after ${before.act} to ${before.to}`);
  }
  const last = steps.at(-1)?.to;
  if (last !== undefined && last !== state) broken.push(`is ${state}, and the log ends with ${last}`);
  return broken;
}

/** No path to restored without the roots, the people and the wait of the tier, and without everybody told before. */
async function brokenRestoration(
  db: Database,
  { id, account_id, tier }: CaseRow,
  before: readonly Step[],
  restored: Step,
  tiers: readonly Tier[],
): Promise<readonly string[]> {
  const least = tiers[tier ?? -1];
  if (!least || !account_id) return ["restored without a tier or an account"];
  const broken: string[] = [];
  const waitOver = before.at(-1);
  if (waitOver?.act !== "wait-over") broken.push(`restored after ${waitOver?.act ?? "nothing"}`);
  const granted = before.findLast((step) => step.act === "grant" || step.act === "approve");
  if (!granted || !waitOver) return [...broken, "restored and never granted"];
  if (waitOver.at.getTime() - granted.at.getTime() < least.waitMs) broken.push("the wait was too short");
  const sinceRefusal = before.slice(before.findLastIndex((step) => step.act === "refuse") + 1);
  const people = new Set(sinceRefusal.filter((step) => step.act.startsWith("approve")).map((step) => step.actor));
  if (people.size < least.approvals) broken.push(`${people.size} people approved, ${least.approvals} are needed`);
  if (granted.act === "grant" && least.approvals > 0) broken.push("granted by the machine alone");

  const { rows: roots } = await sql<{ count: string }>`
    select count(distinct root) as count from findings where case_id = ${id} and verdict = 'supports'
      and observed_at <= ${restored.at}`.execute(db.root);
  if (Number(roots[0]?.count) < least.roots) broken.push(`${roots[0]?.count} roots, ${least.roots} are needed`);

  const { rows: untold } = await sql<{ moment: string; id: string }>`
    select m.moment, a.id from addresses a cross join unnest(array['opened', 'before-release', 'completed']) m (moment)
    where a.account_id = ${account_id} and a.verified_at < ${restored.at} and (a.removed_at is null or a.removed_at > ${restored.at})
      and not exists (select 1 from recovery_notices n where n.case_id = ${id} and n.moment = m.moment and n.recipient = a.id)`.execute(
    db.root,
  );
  for (const one of untold) broken.push(`${one.id} was not told at ${one.moment}`);
  return broken;
}

/** What holds across cases: rights are spent once each, one open case an account, frozen while it is disputed. */
async function brokenRows(db: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ broken: string }>`
    select 'account ' || account_id || ' has several open cases' as broken from recovery_cases
      where state not in ('unconfirmed', 'restored', 'reversed', 'refused', 'withdrawn', 'expired') and account_id is not null
      group by account_id having count(*) > 1
    union all
    select 'case ' || c.number || ' is ' || c.state || ' and its account is not frozen' from recovery_cases c
      join accounts a on a.id = c.account_id
      where c.state in ('contested', 'incident', 'disputed', 'disputed-second') and a.frozen_at is null
    union all
    select 'rights spent: ' || spent || ', restorations: ' || done from
      (select count(*) as spent from one_time_secrets where purpose = 'restoration' and spent_at is not null) s,
      (select count(*) as done from audit_events where act = 'recovery/restore') d where spent <> done
    union all
    select 'notice sent twice: ' || case_id || ' ' || moment || ' ' || recipient from recovery_notices
      group by case_id, moment, recipient having count(*) > 1
    union all
    select 'verdicts of ' || case_id || ' in one round: ' || count(*) from recovery_reviews group by case_id, round having count(*) > 1
    union all
    select 'ready without its one mail: ' || c.number from recovery_cases c where c.state = 'ready'
      and (select count(*) from outbox_mails m where m.case_id = c.id and m.message = 'case-ready')
        <> (select count(*) from audit_events e where e.case_id = c.id and e.act = 'recovery/wait-over')`.execute(
    db.root,
  );
  return rows.map((row) => row.broken);
}
