import { z } from "zod";
import {
  badge,
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
  time,
} from "../kernel/html/index.ts";
import { defineRoute, form, line, page, redirect, refused, type Route } from "../kernel/http/index.ts";
import type { ApiTokenId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { type ApiToken, isReleasable, listApiTokens, listProjectsOf } from "../registry/index.ts";
import { createToken, releaseToken, revokeToken } from "../security-settings/index.ts";
import { freshSubscriberGuard, subscriberGuard } from "../sessions/index.ts";
import { accountFrame, type AccountRequest, idField } from "./account-frame.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";
import { selfOf } from "./setup.ts";

const act = (request: AccountRequest, what: "release" | "revoke", token: ApiToken, label: string): Html =>
  formElement({
    action: `/account/tokens/${what}`,
    csrf: request.csrfToken,
    body: html`${hidden("id", token.id)}${button({ label: html`${label}<span class="visually-hidden"> ${token.name}</span>`, kind: "secondary" })}`,
  });

async function tokensPage(runtime: Runtime, request: AccountRequest, state: FormState, made?: string): Promise<Html> {
  const { account } = request.actor;
  const tokens = await listApiTokens(runtime.db, account.id);
  const projects = await listProjectsOf(runtime.db, account.id);
  const body = html`
    <h1>API tokens</h1>
    ${
      made
        ? notice({
            tone: "success",
            title: "Your new token",
            body: html`<p>Copy it now; we cannot show it again. Use it as the password, with <code>__token__</code> as the username.</p>${copyable({ id: "new-token", text: made, label: "Token" })}`,
          })
        : null
    }
    ${
      tokens.some(isReleasable)
        ? notice({
            tone: "warning",
            title: "Tokens are held since the account was locked",
            body: html`<p>Release those you know and still need. End every other one: whoever was in your account may have it.</p>`,
          })
        : null
    }
    ${table({
      caption: "Your tokens",
      columns: ["Name", "For", "Made", "Last used", "State", ""],
      rows: tokens.map((token) => [
        token.name,
        token.projects === null ? "All projects" : token.projects.join(", "),
        time(token.createdAt, request.now),
        token.lastUsedAt ? time(token.lastUsedAt, request.now) : "Never",
        token.revoked
          ? badge({ tone: "neutral", text: "Ended" })
          : token.held
            ? badge({ tone: "warning", text: "Held" })
            : badge({ tone: "success", text: "Works" }),
        token.revoked
          ? ""
          : html`<div class="row-actions">${isReleasable(token) ? act(request, "release", token, "Release") : null}${act(request, "revoke", token, "End")}</div>`,
      ]),
      empty: "No tokens yet. Make one to publish with twine.",
    })}
    <h2>Make a token</h2>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/account/tokens",
      csrf: request.csrfToken,
      body: html`
        ${field({ name: "name", label: "Name", hint: "Where will it be used? Later this helps you to know it again.", value: state.values["name"], error: state.errors["name"], required: true, maxlength: 64, autocomplete: "off" })}
        ${select({ name: "project", label: "For", value: state.values["project"] ?? "", options: [{ value: "", label: "All my projects" }, ...projects.map((one) => ({ value: one.normalizedName, label: one.name }))], error: state.errors["project"] })}
        ${select({
          name: "days",
          label: "Ends by itself",
          value: state.values["days"] ?? "365",
          options: [
            { value: "30", label: "After 30 days" },
            { value: "365", label: "After a year" },
            { value: "", label: "Never" },
          ],
          error: state.errors["days"],
        })}
        ${button({ label: "Make token" })}`,
    })}`;
  return accountFrame(runtime, request, "API tokens", body);
}

export const tokenRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account/tokens",
    about: "The account's API tokens.",
    guard: subscriberGuard,
    handle: async (runtime, request) => page(await tokensPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/account/tokens",
    about: "Makes an API token and shows it once.",
    guard: freshSubscriberGuard,
    limit: { bucket: "tokens", limit: 60, windowSeconds: 3600 },
    body: form({
      name: line({ max: 64, missing: "Please give the token a name." }),
      project: z.string().max(128).optional(),
      days: z.enum(["30", "365", ""], "Please choose one of the times.").optional(),
    }),
    invalid: async (runtime, request, invalid) =>
      page(await tokensPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (runtime, request) => {
      const { name, project, days } = request.body;
      const expiresAt = days ? new Date(request.now.getTime() + Number(days) * 86_400_000) : null;
      const made = await createToken(runtime, selfOf(request), {
        name,
        projects: project ? [project] : null,
        expiresAt,
      });
      if (!made.ok)
        return formAgain(
          request,
          made.refusal,
          await tokensPage(runtime, request, refusedState(made.refusal, { name })),
        );
      return page(await tokensPage(runtime, request, EMPTY, made.value.reveal()));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/tokens/release",
    about: "Lets a token work again that was held when the account was locked.",
    guard: freshSubscriberGuard,
    body: form({ id: idField("tok") }),
    handle: async (runtime, request) => {
      const done = await releaseToken(runtime, selfOf(request), request.body.id as ApiTokenId); // its shape was checked by idField
      return done.ok ? redirect("/account/tokens") : refused(done.refusal);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/account/tokens/revoke",
    about: "Ends an API token of the account.",
    guard: subscriberGuard,
    body: form({ id: idField("tok") }),
    handle: async (runtime, request) => {
      const done = await revokeToken(runtime, selfOf(request), request.body.id as ApiTokenId); // its shape was checked by idField
      return done.ok ? redirect("/account/tokens") : refused(done.refusal);
    },
  }),
];
