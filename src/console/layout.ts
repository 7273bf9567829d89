import { button, form as formElement, html, type Html, page as document } from "../kernel/html/index.ts";
import type { Incoming } from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { isPhishingResistant, type StaffActor } from "../sessions/index.ts";

/** A page of the desk. */
export function deskLayout(
  runtime: Runtime,
  incoming: Incoming,
  options: {
    readonly title: string;
    readonly body: Html;
    readonly staff?: StaffActor;
    readonly scripts?: readonly string[] | undefined;
  },
): Html {
  const { staff } = options;
  const nav = staff
    ? [
        { href: "/console", label: "Queue" },
        ...(staff.roles.some((role) => role !== "auditor")
          ? [{ href: "/console/leaked-codes", label: "Leaked codes" }]
          : []),
        { href: "/console/figures", label: "Figures" },
        ...(staff.roles.includes("administrator") ? [{ href: "/console/staff", label: "Staff" }] : []),
      ]
    : [];
  const body = staff
    ? html`${options.body}
        <footer class="desk-foot">
          <p>Signed in as <strong>${staff.account.username}</strong> (${staff.roles.join(", ")})</p>
          ${isPhishingResistant(staff.session) ? null : html`<p class="muted">You came in with something that can be phished. <a href="/account/passkeys/new">Add a passkey</a>; from then on the desk takes nothing less.</p>`}
          ${formElement({ action: "/console/sign-out", csrf: incoming.csrfToken, body: button({ label: "Sign out", kind: "secondary" }) })}
        </footer>`
    : options.body;
  return document({
    title: options.title,
    indexName: `${runtime.indexName} desk`,
    nav,
    body,
    width: staff ? "full" : "narrow",
    currentPath: incoming.path,
    scripts: options.scripts,
  });
}
