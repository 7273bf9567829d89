import { checkUp } from "../check-up/index.ts";
import { button, form as formElement, html, type Html, notice, time } from "../kernel/html/index.ts";
import { defineRoute, form, page, redirect, refused, type Route } from "../kernel/http/index.ts";
import { beginStrict, endStrict, type RecoveryRuntime, strictModeOf } from "../recovery/index.ts";
import { freshSubscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest } from "./account-frame.ts";

const PATH = "/account/strict";

async function strictPage(runtime: RecoveryRuntime, request: AccountRequest): Promise<Html> {
  const { account } = request.actor;
  const mode = await strictModeOf(runtime.db, account.id, request.now);
  const { doors } = await checkUp(runtime, account, request.now);
  const byMachine = doors.filter((door) => door.kind === "recovery").length;
  const post = (action: string, label: string, kind: "danger" | "secondary"): Html =>
    formElement({ action: `${PATH}/${action}`, csrf: request.csrfToken, body: button({ label, kind }) });
  const state =
    mode === null
      ? html`<p><strong>Strict mode is off.</strong> If machines cannot decide a recovery of your account, people do, with the waits and the notices of the policy.</p>`
      : mode.endsAt
        ? notice({
            tone: "warning",
            title: "Strict mode is about to end",
            body: html`<p>It ends ${time(mode.endsAt, request.now)}. Was that not you? Keep it.</p>`,
          })
        : notice({
            tone: "info",
            title: "Strict mode is on",
            body: html`<p>Since ${time(mode.since, request.now)}. No person can let anybody into your account.</p>`,
          });
  const warning =
    byMachine === 0
      ? notice({
          tone: "danger",
          title: "You would have no way back",
          body: html`<p>Of what your account has now, nothing is enough for a recovery by machine alone. If you lose your app and your recovery codes, the account is gone for good.</p>`,
        })
      : html`<p>Of what your account has now, ${byMachine === 1 ? "one set of proofs is" : `${byMachine} sets of proofs are`} enough for a recovery by machine. See <a href="/account/check-up">the check-up</a>. If you lose those too, the account is gone for good.</p>`;
  const body = html`
    <h1>Strict mode</h1>
    <p class="lead">For those who fear a persuaded or bribed person more than losing the account.</p>
    ${state}
    ${mode === null || mode.endsAt ? warning : null}
    <div class="actions">
      ${mode === null ? post("begin", "Begin strict mode", "danger") : null}
      ${mode?.endsAt ? post("begin", "Keep strict mode", "secondary") : null}
      ${mode && !mode.endsAt ? post("end", "End it in seven days", "secondary") : null}
    </div>
    <p class="muted">Beginning takes effect at once. Ending takes seven days, and every address of yours is told: somebody who has stolen your session must not be able to end it before you notice.</p>`;
  return accountFrame(runtime, request, "Strict mode", body);
}

export const strictRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: PATH,
    about: "Strict mode: whether people may decide a recovery of the account.",
    guard: freshSubscriberGuard,
    handle: async (_, request) => page(await strictPage(runtime, request)),
  }),
  ...(["begin", "end"] as const).map((action) =>
    defineRoute({
      method: "POST",
      path: `${PATH}/${action}`,
      about: action === "begin" ? "Begins strict mode, or keeps it." : "Ends strict mode in seven days.",
      guard: freshSubscriberGuard,
      limit: { bucket: "strict", limit: 20, windowSeconds: 3600 },
      body: form({}),
      handle: async (_, request) => {
        const act = action === "begin" ? beginStrict : endStrict;
        const done = await act(runtime, request.actor.account, request.source, request.now);
        return done.ok ? redirect(PATH) : refused(done.refusal);
      },
    }),
  ),
];
