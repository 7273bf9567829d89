import { button, form as formElement, html, notice, summaryList, time } from "../kernel/html/index.ts";
import { anyone, defineRoute, form, page, type Route } from "../kernel/http/index.ts";
import { object, peekObjection, type RecoveryRuntime } from "../recovery/index.ts";
import { tokenParam } from "./forms.ts";
import { layout, refusalPage } from "./layout.ts";

/** "This was not me", without signing in: a page with one button. A GET never acts, since mail scanners follow links. */
export const objectionRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/objection/:token",
    about: "The page behind an objection link, with one button. Looking changes nothing.",
    guard: anyone,
    params: tokenParam,
    handle: async (_, request) => {
      const found = await peekObjection(runtime, request.params.token, request.now);
      if (!found.ok) return page(refusalPage(runtime, found.refusal, request), { status: found.refusal.status });
      const recoveryCase = found.value;
      const body = html`
        <h1>Was this not you?</h1>
        <p>Somebody says they lost access to the account <strong>${recoveryCase.claimedName}</strong> and asks to be let in again.</p>
        ${summaryList([
          { key: "Case", value: recoveryCase.number },
          { key: "Opened", value: time(recoveryCase.openedAt, request.now) },
          { key: "From network", value: recoveryCase.openedFrom.ip },
          ...(recoveryCase.waitEndsAt
            ? [{ key: "Waiting time ends", value: time(recoveryCase.waitEndsAt, request.now) }]
            : []),
        ])}
        ${formElement({
          action: `/objection/${request.params.token}`,
          csrf: request.csrfToken,
          body: button({ label: "Stop it and freeze the account", kind: "danger" }),
        })}
        <p>This stops the case and freezes the account at once. Nothing is lost: one of us looks into it, and the freeze can be undone.</p>
        <p class="muted"><a href="/help/phishing">Is this page really from us?</a></p>
        <p>If it was you, or if it is fine, close this page. Without the button nothing happens.</p>`;
      return page(layout(runtime, request, { title: "Was this not you?", body }));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/objection/:token",
    about: "Stops the case and freezes the account.",
    guard: anyone,
    params: tokenParam,
    limit: { bucket: "objection", limit: 60, windowSeconds: 3600 },
    body: form({}),
    handle: async (_, request) => {
      const done = await object(runtime, request.params.token, request.now);
      if (!done.ok) return page(refusalPage(runtime, done.refusal, request), { status: done.refusal.status });
      const body = html`
        ${notice({ tone: "success", title: "Stopped", body: html`<p>Case ${done.value.number} is stopped and the account is frozen. Nobody can sign in, publish or change anything on it.</p>` })}
        <h1>What happens next</h1>
        <p>One of us looks at the case first of all. If the account is yours, you need do nothing now. Should you suspect that somebody reads your mail, change that password first.</p>`;
      return page(layout(runtime, request, { title: "Stopped", body }));
    },
  }),
];
