import { findAccount, listAddresses } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { type BurnedCode, burnCode, codesIn } from "../authenticators/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import {
  button,
  errorSummary,
  field,
  form as formElement,
  html,
  type Html,
  notice,
  table,
  textarea,
} from "../kernel/html/index.ts";
import { defineRoute, form, type HttpRequest, line, page, paragraph, type Route } from "../kernel/http/index.ts";
import { ok, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { type StaffActor, staffGuard } from "../sessions/index.ts";
import { deskLayout } from "./layout.ts";

type Request = HttpRequest<StaffActor, unknown, unknown, unknown>;

interface State {
  readonly errors: Readonly<Record<string, string>>;
  readonly where: string;
  readonly result?: Html;
}
const NOTHING: State = { errors: {}, where: "" };

const guard = staffGuard("support", "reviewer", "administrator");

function leakedCodesPage(runtime: Runtime, request: Request, state: State): Html {
  const body = html`
    <h1>A recovery code was posted in public</h1>
    <p>Paste it, or the whole text it stands in. Each unused code in it stops working at once, and its owner is told. You see whose it was, and nothing of the owner’s other codes.</p>
    ${state.result}
    ${errorSummary(state.errors)}
    ${formElement({
      action: "/console/leaked-codes",
      csrf: request.csrfToken,
      body: html`
        ${textarea({ name: "pastedCodes", label: "The code, or the text with it", hint: "Codes begin with “lkrc-”. The text is not kept.", error: state.errors["pastedCodes"], rows: 6, required: true, spellcheck: false, isCode: true, maxlength: 20_000 })}
        ${field({ name: "where", label: "Where was it seen?", hint: "The owner reads this.", value: state.where, error: state.errors["where"], required: true, maxlength: 200 })}
        ${button({ label: "Make it worthless" })}`,
    })}`;
  return deskLayout(runtime, request, { title: "Leaked recovery codes", body, staff: request.actor });
}

interface Burned {
  readonly username: string;
  readonly left: number;
}

/** Burns one code and tells its owner; null where it is no unused code of anybody's. */
async function burn(runtime: Runtime, request: Request, code: string, where: string): Promise<Result<Burned | null>> {
  return transact(runtime.db, { now: request.now }, async (tx): Promise<Result<Burned | null>> => {
    const burned = await burnCode(tx, runtime, code);
    const account = burned && (await findAccount(tx, burned.accountId));
    const actor = { kind: "staff", id: request.actor.account.id } as const;
    if (!account) {
      audit(tx, runtime.random, { act: "console/leaked-code-unknown", actor, personal: { where } });
      return ok(null);
    }
    audit(tx, runtime.random, {
      act: "authenticators/recovery-code-burned",
      actor,
      accountId: account.id,
      facts: { left: burned.unused },
      personal: { where },
    });
    await tell(tx, runtime, burned, account.username, where);
    return ok({ username: account.username, left: burned.unused });
  });
}

async function tell(tx: Tx, runtime: Runtime, burned: BurnedCode, username: string, where: string): Promise<void> {
  for (const { address, verifiedAt } of await listAddresses(tx, burned.accountId)) {
    if (!verifiedAt) continue;
    const params = { username, when: tx.now, where, left: burned.unused };
    await queueMail(tx, runtime, { to: address, message: "recovery-code-burned", params, accountId: burned.accountId });
  }
}

function resultOf(burned: readonly Burned[], found: number): Html {
  const rest = found - burned.length;
  const title =
    burned.length === 0
      ? "No unused code of anybody’s is in it"
      : burned.length === 1
        ? "One code is worthless now"
        : `${burned.length} codes are worthless now`;
  return html`
    ${notice({ tone: burned.length > 0 ? "success" : "info", title, body: html`<p>${rest === 0 ? "Nothing else in the text reads as a recovery code." : `${rest} more ${rest === 1 ? "reads" : "read"} as a recovery code, but ${rest === 1 ? "is" : "are"} used, replaced, or not from here.`}</p>` })}
    ${burned.length > 0 ? table({ caption: "Whose they were", columns: ["Account", "Unused codes left"], rows: [...new Map(burned.map((one) => [one.username, one.left]))].map(([name, left]) => [name, String(left)]), empty: "" }) : null}`;
}

/** A desk act on an account that is found by the code alone. */
export const leakedCodeRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/console/leaked-codes",
    about: "The form for a recovery code that was posted in public.",
    guard,
    handle: async (runtime, request) => page(leakedCodesPage(runtime, request, NOTHING)),
  }),
  defineRoute({
    method: "POST",
    path: "/console/leaked-codes",
    about: "Makes a leaked recovery code worthless and tells its owner; shows nothing of the set.",
    guard,
    limit: { bucket: "leaked-codes", limit: 120, windowSeconds: 3600 },
    body: form({
      pastedCodes: paragraph({ max: 20_000, min: 1, missing: "Please paste the code, or the text with it." }),
      where: line({ max: 200, min: 3, missing: "Please say where it was seen, in a few words." }),
    }),
    invalid: async (runtime, request, invalid) =>
      page(leakedCodesPage(runtime, request, { errors: invalid.fields, where: invalid.values["where"] ?? "" }), {
        status: 422,
      }),
    handle: async (runtime, request) => {
      const { pastedCodes, where } = request.body;
      const found = codesIn(pastedCodes);
      if (found.length === 0) {
        const errors = { pastedCodes: "There is no recovery code of ours in this text. Was it copied whole?" };
        return page(leakedCodesPage(runtime, request, { errors, where }), { status: 422 });
      }
      const burned: Burned[] = [];
      for (const code of found) {
        const done = await burn(runtime, request, code, where);
        if (done.ok && done.value) burned.push(done.value);
      }
      const result = resultOf(burned, found.length);
      return page(leakedCodesPage(runtime, request, { errors: {}, where: "", result }));
    },
  }),
];
