import {
  confirmForge,
  FORGE_NAMESPACE,
  type Forges,
  forgetPendingForge,
  type ForgeWithKeys,
  listForges,
  nameForge,
  pendingForge,
  removeForge,
} from "../evidence/index.ts";
import {
  button,
  copyable,
  errorSummary,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  notice,
  select,
  table,
  textarea,
  time,
} from "../kernel/html/index.ts";
import { defineRoute, form, line, page, paragraph, redirect, refused, type Route } from "../kernel/http/index.ts";
import type { ForgeIdentityId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { freshSubscriberGuard, subscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest, idField } from "./account-frame.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";

const DAY_MS = 86_400_000;
/** As in the policy: a younger one does not count. */
const COUNTS_AFTER_MS = 7 * DAY_MS;

function keysOf(forge: ForgeWithKeys, request: AccountRequest): Html {
  const there = forge.keys.filter(({ goneAt, leakedAt }) => goneAt === null && leakedAt === null);
  if (there.length === 0) return html`No keys on its list`;
  return html`${there.map((key) => {
    const counts = new Date(key.firstSeenAt.getTime() + COUNTS_AFTER_MS);
    return html`<code>${key.fingerprint}</code><br>${counts <= request.now ? html`seen since ${time(key.firstSeenAt, request.now, "date")}` : html`counts from ${time(counts, request.now, "date")}`}<br>`;
  })}`;
}

type Pending = NonNullable<Awaited<ReturnType<typeof pendingForge>>>;

const commands = (text: string): string =>
  [
    `printf '%s' '${text}' > forge.txt`,
    `ssh-keygen -Y sign -f ~/.ssh/id_ed25519 -n ${FORGE_NAMESPACE} forge.txt`,
    "cat forge.txt.sig",
  ].join("\n");

const waiting = (request: AccountRequest, { forge, text }: Pending, state: FormState): Html => html`
  <h2>Show that ${forge.name} at ${forge.host} is you</h2>
  ${errorSummary(state.errors, state.general)}
  <p>Run these with an SSH key that ${forge.host} lists for ${forge.name}, and paste what the last one prints. Change the path if your key has another name.</p>
  ${copyable({ id: "command-forge-binding", text: commands(text), label: "Run this" })}
  ${formElement({
    action: "/account/forges/confirm",
    csrf: request.csrfToken,
    body: html`
      ${textarea({ name: "signature", label: "The signature it made", hint: "From -----BEGIN SSH SIGNATURE----- to its end. Never the key itself.", error: state.errors["signature"], required: true, maxlength: 16_384, rows: 6, isCode: true, spellcheck: false })}
      ${button({ label: "Add this forge account" })}`,
  })}
  ${formElement({ action: "/account/forges/forget", csrf: request.csrfToken, body: button({ label: "Leave it, name another one", kind: "secondary" }) })}
  <p class="muted">The text to sign is good until ${time(forge.nonceUntil, request.now)}.</p>`;

const naming = (forges: Forges, request: AccountRequest, state: FormState): Html => html`
  <h2>Add a forge account</h2>
  ${errorSummary(state.errors, state.general)}
  ${formElement({
    action: "/account/forges",
    csrf: request.csrfToken,
    body: html`
      ${select({ name: "host", label: "Forge", value: state.values["host"] ?? forges.hosts[0] ?? "", options: forges.hosts.map((host) => ({ value: host, label: host })), error: state.errors["host"] })}
      ${field({ name: "name", label: "Your name there", hint: "As it stands in the address of your page at the forge.", value: state.values["name"], error: state.errors["name"], required: true, maxlength: 64, autocomplete: "off", spellcheck: false })}
      ${button({ label: "Continue" })}`,
  })}`;

async function forgesPage(runtime: Runtime, forges: Forges, request: AccountRequest, state: FormState): Promise<Html> {
  const { account } = request.actor;
  const mine = await listForges(runtime.db, account.id);
  const pending = await pendingForge(runtime, account, request.now);
  const off = notice({
    tone: "info",
    title: "No forge is asked here",
    body: html`<p>Whoever runs this index has switched that off. SSH keys can be added one by one.</p>`,
  });
  const body = html`
    <h1>Forge accounts for recovery</h1>
    <p>A forge lists the SSH keys of its accounts in public. If you say which account is yours, we look at its list every night. Should you be locked out one day, a signature by a key that has been on the list for seven days helps to prove that this account is yours. A key that you add <a href="/account/keys">here yourself</a> helps more, since nobody can put one there through the forge.</p>
    ${table({
      caption: "Your forge accounts",
      columns: ["Account", "Keys", "Last looked at", ""],
      rows: mine.map((forge) => [
        html`${forge.host}/${forge.name}${forge.missingNights > 0 ? html`<br><strong>The forge does not know it any more</strong>` : null}`,
        keysOf(forge, request),
        forge.lastAnsweredAt ? time(forge.lastAnsweredAt, request.now) : "Not yet",
        formElement({
          action: "/account/forges/remove",
          csrf: request.csrfToken,
          body: html`${hidden("id", forge.id)}${button({ label: html`Remove<span class="visually-hidden"> ${forge.name} at ${forge.host}</span>`, kind: "secondary" })}`,
        }),
      ]),
      empty: "No forge accounts yet.",
    })}
    ${pending ? waiting(request, pending, state) : forges.hosts.length === 0 ? off : naming(forges, request, state)}`;
  return accountFrame(runtime, request, "Forge accounts", body);
}

const byOwner = (request: AccountRequest) => ({
  accountId: request.actor.account.id,
  actor: { kind: "subscriber", id: request.actor.account.id } as const,
  now: request.now,
});

const LIMIT = { bucket: "forges", limit: 30, windowSeconds: 3600 };

export const forgeRoutes = (forges: Forges): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/account/forges",
    about: "Forge accounts whose SSH keys can help in a recovery.",
    guard: subscriberGuard,
    handle: async (runtime, request) => page(await forgesPage(runtime, forges, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/forges",
    about: "Names a forge account, which then waits for a signature.",
    guard: freshSubscriberGuard,
    limit: LIMIT,
    body: form({
      host: line({ max: 255, missing: "Please choose a forge." }),
      name: line({ max: 64, missing: "Please write your name at the forge." }),
    }),
    invalid: async (runtime, request, invalid) =>
      page(await forgesPage(runtime, forges, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { host, name } = request.body;
      const done = await nameForge(runtime, forges, { ...byOwner(request), host, name });
      if (done.ok) return redirect("/account/forges");
      const state = refusedState(done.refusal, { host, name }, { "evidence/forge-name": "name" });
      return formAgain(request, done.refusal, await forgesPage(runtime, forges, request, state));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/forges/confirm",
    about: "Binds a forge account by a signature with a key that the forge lists.",
    guard: freshSubscriberGuard,
    limit: LIMIT,
    body: form({ signature: paragraph({ max: 16_384, min: 1, missing: "Please paste the signature." }) }),
    invalid: async (runtime, request, invalid) =>
      page(await forgesPage(runtime, forges, request, { ...invalidState(invalid), values: {} }), { status: 422 }),
    handle: async (runtime, request) => {
      const done = await confirmForge(runtime, forges, { ...byOwner(request), signature: request.body.signature });
      if (done.ok) return redirect("/account/forges");
      const state = refusedState(done.refusal, {});
      return formAgain(request, done.refusal, await forgesPage(runtime, forges, request, state));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/forges/forget",
    about: "Forgets a forge account that waits for its signature.",
    guard: subscriberGuard,
    body: form({}),
    handle: async (runtime, request) => {
      const done = await forgetPendingForge(runtime, request.actor.account.id, request.now);
      return done.ok ? redirect("/account/forges") : refused(done.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/forges/remove",
    about: "Removes a forge account.",
    guard: freshSubscriberGuard,
    body: form({ id: idField("frg") }),
    handle: async (runtime, request) => {
      const id = request.body.id as ForgeIdentityId; // its shape was checked by idField
      const done = await removeForge(runtime, { ...byOwner(request), id });
      return done.ok ? redirect("/account/forges") : refused(done.refusal);
    },
  }),
];
