import { form as formElement, html, type Html, linkButton, page as document } from "../kernel/html/index.ts";
import type { Incoming } from "../kernel/http/index.ts";
import type { Refusal } from "../kernel/refusal.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { SESSION_COOKIE } from "../sessions/index.ts";

export interface PageOptions {
  readonly title: string;
  readonly body: Html;
  readonly width?: "narrow" | "wide" | "full";
  /** Shown above everything: a running recovery, a hold. */
  readonly banner?: Html | undefined;
  /** Pages of one person say so in the navigation. */
  readonly signedInAs?: string | undefined;
  /** Reloads by itself, for a page on which something is about to change. */
  readonly refreshSeconds?: number | undefined;
  /** Further scripts, as modules: pages on which a passkey can be used need one. */
  readonly scripts?: readonly string[] | undefined;
}

/** A subscriber page: the one frame around everything but the desk. */
export function layout(runtime: Runtime, incoming: Incoming, options: PageOptions): Html {
  const isSignedIn = options.signedInAs !== undefined || incoming.cookies[SESSION_COOKIE] !== undefined;
  const nav = isSignedIn
    ? [
        { href: "/account", label: "Your account" },
        { href: "/help", label: "Help" },
      ]
    : [
        { href: "/sign-in", label: "Sign in" },
        { href: "/register", label: "Register" },
        { href: "/recovery", label: "Help to get back in" },
      ];
  return document({
    title: options.title,
    indexName: runtime.indexName,
    nav,
    afterNav: options.signedInAs === undefined ? null : signOut(incoming),
    body: options.body,
    width: options.width ?? "narrow",
    banner: options.banner,
    refreshSeconds: options.refreshSeconds,
    scripts: options.scripts,
    currentPath: incoming.path,
  });
}

/** On every page behind a sign-in (ASVS 5.0 7.4.4). */
const signOut = (incoming: Incoming): Html =>
  html`<div class="site-sign-out">${formElement({
    action: "/sign-out",
    csrf: incoming.csrfToken,
    body: html`<button type="submit" class="button-quiet">Sign out</button>`,
  })}</div>`;

/** A refusal as a page: what happened, what to do, and one way on. */
export function refusalPage(runtime: Runtime, refusal: Refusal, incoming: Incoming): Html {
  const body = html`
    <h1>${refusal.title}</h1>
    ${refusal.detail ? html`<p>${refusal.detail}</p>` : null}
    ${
      refusal.fields
        ? html`<ul>${Object.entries(refusal.fields).map(([field, message]) => html`<li><strong>${field}</strong>: ${message}</li>`)}</ul>`
        : null
    }
    <p>${linkButton({ href: "/", label: "Go to the start page", kind: "secondary" })}</p>
    <p class="muted">If you write to us about this, mention <code>${incoming.id}</code>.</p>`;
  return layout(runtime, incoming, { title: refusal.title, body });
}
