import { sql } from "kysely";
import { Secret, TOTP, URI } from "otpauth";
import { findAccount, weighUndelivered } from "../../src/accounts/index.ts";
import { audit } from "../../src/audit/index.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import type { AccountId, CaseId } from "../../src/kernel/ids.ts";
import { ok, type Result } from "../../src/kernel/result.ts";
import { secret } from "../../src/kernel/secret.ts";
import { deliverDue, type MailTransport } from "../../src/notifications/index.ts";
import {
  answerByMail,
  appealCase,
  approveCase,
  cancelCaseOfSignedIn,
  type CaseState,
  confirmContact,
  findCase,
  keepRestoration,
  mailCaseCode,
  object,
  openFromForm,
  openFromStuckScreen,
  peekRestoration,
  proveInCase,
  type RecoveryRuntime,
  refuseCase,
  reopenCase,
  reportIncident,
  requestInformation,
  restoreAccount,
  resumeCase,
  reverseRestoration,
  type Reviewer,
  submitForReview,
  sweepClocks,
  type Verdict,
  withdrawCase,
  writeAsClaimant,
} from "../../src/recovery/index.ts";
import { PASSWORD, SOURCE, type Subscriber } from "../races/ground.ts";

/*
 * Everything that anybody may do to recovery cases, as acts that can be taken in any order, by several processes at once:
 * claimants, owners, a thief, the desk, the clock. Each looks for something it could be done to, and does it as the pages
 * do. What it may not do is refused; that is an outcome like another.
 */

export interface Stage {
  readonly runtime: RecoveryRuntime;
  readonly subscribers: readonly Pick<Subscriber, "account" | "address">[];
  readonly reviewers: readonly Reviewer[];
}

/** A number from 0 up to and without `below`. */
export type Choose = (below: number) => number;

export interface Outcome {
  readonly caseId: CaseId | null;
  readonly ok: boolean;
  /** The code of a refusal. */
  readonly code: string | null;
}

type Act = (stage: Stage, pick: Choose) => Promise<Outcome | null>;

export interface SeenCase {
  readonly id: CaseId;
  readonly number: string;
  readonly state: CaseState;
  readonly account_id: AccountId | null;
  readonly username: string;
}

const NEW_PASSWORD = secret("juniper-kettle-granite-orchard-31");
const REASON = "Mailbox and password agree; the account was quiet.";

/** What browsers hold, kept by the stage for whoever acts next; one process may die and another go on. */
export async function prepareStage({ db }: RecoveryRuntime): Promise<void> {
  await sql`create table if not exists stage_bearers (case_id text primary key, cookie text not null)`.execute(db.root);
  await sql`create or replace function keep_words() returns trigger language plpgsql as $$
    begin new.text_body := old.text_body; new.html_body := old.html_body; return new; end $$`.execute(db.root);
  await sql`create or replace trigger keep_words before update on outbox_mails for each row execute function keep_words()`.execute(
    db.root,
  );
}

const outcome = (caseId: CaseId | null, result: Result<unknown>): Outcome => ({
  caseId,
  ok: result.ok,
  code: result.ok ? null : result.refusal.code,
});

async function oneOf<T>(
  list: readonly T[],
  pick: Choose,
  act: (one: T) => Promise<Outcome | null>,
): Promise<Outcome | null> {
  const one = list[list.length === 0 ? 0 : pick(list.length)];
  return one === undefined ? null : act(one);
}

async function casesIn({ runtime }: Stage, where: ReturnType<typeof sql>): Promise<readonly SeenCase[]> {
  const { rows } = await sql<SeenCase>`
    select c.id, c.number, c.state, c.account_id, coalesce(a.username, '') as username
    from recovery_cases c left join accounts a on a.id = c.account_id where ${where} order by c.id`.execute(
    runtime.db.root,
  );
  return rows;
}

/** The code of the newest mail to the claimant that has one. */
async function mailedCode({ runtime }: Stage, caseId: CaseId): Promise<string | null> {
  const { rows } = await sql<{ text_body: string }>`
    select text_body from outbox_mails where case_id = ${caseId} and message in ('case-opened-claimant', 'case-code')
    order by id desc`.execute(runtime.db.root);
  const codes = rows.flatMap((row) => /^ +(\d{4}[ -]?\d{4})$/m.exec(row.text_body)?.[1] ?? []);
  return codes[0]?.replace(/\D/g, "") ?? null;
}

const now = ({ runtime }: Stage): Date => runtime.clock.now();

const inState =
  (states: readonly CaseState[], act: (stage: Stage, one: SeenCase, pick: Choose) => Promise<Outcome | null>): Act =>
  async (stage, pick) =>
    oneOf(await casesIn(stage, sql`c.state = any (${[...states]})`), pick, (one) => act(stage, one, pick));

const verdict = ({ username, state }: SeenCase): Verdict => ({
  reason: REASON,
  typedUsername: username,
  seenState: state,
  confirm: async () => ok(), // the authenticator of a decision has tests of its own
});

type Decide = (
  runtime: RecoveryRuntime,
  id: CaseId,
  by: Reviewer,
  verdict: Verdict,
  now: Date,
) => Promise<Result<unknown>>;

const decided = (states: readonly CaseState[], decide: Decide): Act =>
  inState(states, async (stage, one, pick) =>
    oneOf(stage.reviewers, pick, async (by) =>
      outcome(one.id, await decide(stage.runtime, one.id, by, verdict(one), now(stage))),
    ),
  );

async function keepBearer({ runtime }: Stage, caseId: CaseId, cookie: string): Promise<void> {
  await sql`insert into stage_bearers values (${caseId}, ${cookie}) on conflict do nothing`.execute(runtime.db.root);
}

/** The owner, or somebody who has typed the right password at the screen where one is stuck. */
const openStuck: Act = (stage, pick) =>
  oneOf(stage.subscribers, pick, async ({ account, address }) => {
    const common = {
      passwordAt: now(stage),
      cause: "second-factor",
      contact: address,
      story: "",
      source: SOURCE,
    } as const;
    const known = (await findAccount(stage.runtime.db, account.id)) ?? account;
    const opened = await openFromStuckScreen(stage.runtime, { ...common, account: known, now: now(stage) });
    if (opened.ok) await keepBearer(stage, opened.value.recoveryCase.id, opened.value.pageToken.reveal());
    return outcome(opened.ok ? opened.value.recoveryCase.id : null, opened);
  });

/** Anybody, with a name and a mailbox of their own. */
const openAsStranger: Act = (stage, pick) =>
  oneOf(stage.subscribers, pick, async ({ account }) => {
    const contact = `mallory${pick(3)}@evil.example`;
    const claim = {
      cause: "second-factor",
      contact,
      story: "",
      source: SOURCE,
      claimedName: account.username,
    } as const;
    const opened = await openFromForm(stage.runtime, { ...claim, now: now(stage) });
    if (opened.ok) await keepBearer(stage, opened.value.recoveryCase.id, opened.value.pageToken.reveal());
    return outcome(opened.ok ? opened.value.recoveryCase.id : null, opened);
  });

const confirm: Act = async (stage, pick) =>
  oneOf(
    await casesIn(stage, sql`c.contact_confirmed_at is null and c.state in ('unconfirmed', 'collecting', 'review')`),
    pick,
    async (one) => {
      const known = pick(2) === 0 ? await findCase(stage.runtime.db, one.id) : null;
      if (known) await mailCaseCode(stage.runtime, known, now(stage)); // the old one may be too old
      const code = await mailedCode(stage, one.id);
      if (code === null) return null;
      const typed = pick(10) === 0 ? "00000000" : code;
      return outcome(one.id, await confirmContact(stage.runtime, one.id, typed, now(stage)));
    },
  );

/** The link of an objection or a restoration, whether it was used before or not. */
async function linkOf(stage: Stage, caseId: CaseId, messages: readonly string[], pattern: RegExp, pick: Choose) {
  const { rows } = await sql<{ text_body: string }>`
    select text_body from outbox_mails where case_id = ${caseId} and message = any (${[...messages]}) order by id`.execute(
    stage.runtime.db.root,
  );
  const links = rows.flatMap((row) => pattern.exec(row.text_body)?.[1] ?? []);
  return links.length === 0 ? null : (links[pick(links.length)] ?? null);
}

const restoreIn = (states: readonly CaseState[]): Act =>
  inState(states, async (stage, one, pick) => {
    const token = await linkOf(stage, one.id, ["case-ready"], /\/restore\/([\w-]+)/, pick);
    if (token === null) return null;
    const { rows } = await sql<{ cookie: string }>`select cookie from stage_bearers where case_id = ${one.id}`.execute(
      stage.runtime.db.root,
    );
    const bearer = { browser: "claimant", caseCookie: rows[0]?.cookie };
    const form = await peekRestoration(stage.runtime, token, bearer, now(stage));
    if (!form.ok) return outcome(one.id, form);
    const totp = URI.parse(form.value.enrolment.uri.reveal());
    if (!(totp instanceof TOTP) || !(totp.secret instanceof Secret))
      throw new Error("The form shows no key for an app.");
    const code = totp.generate({ timestamp: now(stage).getTime() });
    const restoration = {
      token,
      bearer,
      password: NEW_PASSWORD,
      secondFactor: { kind: "totp", code },
      source: SOURCE,
    } as const;
    return outcome(one.id, await restoreAccount(stage.runtime, { ...restoration, now: now(stage) }, async () => {}));
  });

const NOTICES = ["case-notice-opened", "case-notice-midway", "case-notice-before-release", "case-notice-completed"];
const ANY: readonly CaseState[] = [
  "collecting",
  "review",
  "second-review",
  "information-requested",
  "waiting",
  "contested",
  "incident",
  "ready",
  "restored",
  "withdrawn",
];

/** Everything that anybody does, each with how likely it is. */
export const ACTS: Readonly<Record<string, readonly [weight: number, act: Act]>> = {
  "open from the stuck screen": [8, openStuck],
  "open as a stranger": [3, openAsStranger],
  "confirm the mailbox": [12, confirm],
  "type the password": [
    2,
    inState(["collecting", "review", "information-requested"], async (stage, one) =>
      outcome(
        one.id,
        await proveInCase(
          stage.runtime,
          one.id,
          "password",
          { password: PASSWORD.reveal() },
          { source: SOURCE, now: now(stage) },
        ),
      ),
    ),
  ],
  "ask for a person": [
    3,
    inState(["collecting"], async (stage, one) =>
      outcome(one.id, await submitForReview(stage.runtime, one.id, now(stage))),
    ),
  ],
  write: [
    2,
    inState(ANY, async (stage, one, pick) =>
      outcome(one.id, await writeAsClaimant(stage.runtime, one.id, `I wait. (${pick(1000)})`, now(stage))),
    ),
  ],
  answer: [
    4,
    inState(["information-requested", "expired"], async (stage, one) =>
      outcome(one.id, await answerByMail(stage.runtime, one.id, "It was 1.0.", now(stage), async () => ok())),
    ),
  ],
  withdraw: [
    1,
    inState(ANY, async (stage, one, pick) =>
      outcome(one.id, await withdrawCase(stage.runtime, one.id, { hasFullAccess: pick(2) === 0 }, now(stage))),
    ),
  ],
  reopen: [
    2,
    inState(["expired", "withdrawn"], async (stage, one) =>
      outcome(one.id, await reopenCase(stage.runtime, one.id, now(stage))),
    ),
  ],
  appeal: [
    2,
    inState(["refused"], async (stage, one) => outcome(one.id, await appealCase(stage.runtime, one.id, now(stage)))),
  ],
  object: [
    1,
    inState(ANY, async (stage, one, pick) => {
      const token = await linkOf(stage, one.id, NOTICES, /\/objection\/([\w-]+)/, pick);
      return token === null ? null : outcome(one.id, await object(stage.runtime, token, now(stage)));
    }),
  ],
  "sign in as the owner": [
    1,
    (stage, pick) =>
      oneOf(stage.subscribers, pick, async ({ account }) => {
        const { runtime } = stage;
        const done = await transact(runtime.db, { now: now(stage) }, async (tx) => {
          audit(tx, runtime.random, {
            act: "test/signed-in",
            actor: { kind: "subscriber", id: account.id },
            accountId: account.id,
          });
          await cancelCaseOfSignedIn(tx, runtime, account);
          return ok();
        });
        return outcome(null, done);
      }),
  ],
  "ask for more": [
    2,
    inState(["review", "second-review"], async (stage, one, pick) =>
      oneOf(stage.reviewers, pick, async (by) =>
        outcome(one.id, await requestInformation(stage.runtime, one.id, by, "Which release came last?", now(stage))),
      ),
    ),
  ],
  approve: [8, decided(["review", "second-review", "waiting"], approveCase)],
  refuse: [1, decided(["review", "second-review", "contested", "incident"], refuseCase)],
  "report an incident": [1, decided(["review", "contested"], reportIncident)],
  resume: [4, decided(["contested", "incident"], resumeCase)],
  "keep a restoration": [2, decided(["disputed", "disputed-second"], keepRestoration)],
  "reverse a restoration": [2, decided(["disputed", "disputed-second"], reverseRestoration)],
  restore: [12, restoreIn(["ready"])],
  "restore with an old link": [1, restoreIn(["restored", "waiting", "withdrawn", "contested", "expired"])],
  "send what mail there is": [
    3,
    async (stage, pick) => {
      const answers = ["accepted", "accepted", "deferred", "rejected"] as const;
      const kind = answers[pick(answers.length)] ?? "accepted";
      const answer = { accepted: "250 taken", deferred: "451 later", rejected: "550 5.1.1 no such mailbox" }[kind];
      const transport: MailTransport = {
        name: "smtp",
        send: async () => (kind === "accepted" ? { kind, by: "mx.example", answer } : { kind, answer }),
        close: async () => {},
      };
      await deliverDue(stage.runtime, transport, weighUndelivered);
      return { caseId: null, ok: true, code: null };
    },
  ],
  "let the clock act": [
    4,
    async (stage) => {
      await sweepClocks(stage.runtime, now(stage));
      return { caseId: null, ok: true, code: null };
    },
  ],
};

/** Where there is nothing to do an act to, another is tried. */
const MOST_TRIES = 5;
const BY_WEIGHT = Object.entries(ACTS).flatMap(([name, [weight]]) => Array.from({ length: weight }, () => name));

/** Does one of all acts. @returns its name, and what came of it; null where there was nothing to do it to */
export async function actAtRandom(
  stage: Stage,
  pick: Choose,
): Promise<{ readonly name: string; readonly outcome: Outcome | null }> {
  for (let tries = 1; ; tries += 1) {
    const name = BY_WEIGHT[pick(BY_WEIGHT.length)] ?? "approve";
    const outcome = (await ACTS[name]?.[1](stage, pick)) ?? null;
    if (outcome !== null || tries === MOST_TRIES) return { name, outcome };
  }
}
