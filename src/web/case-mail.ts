import { button, field, form as formElement, html, type Html } from "../kernel/html/index.ts";
import type { HttpRequest } from "../kernel/http/index.ts";
import type { InboundMail } from "../mail-in/index.ts";
import type { CaseHolder } from "../recovery/index.ts";
import type { FormState } from "./forms.ts";

/** What of a message came by mail: its files by name, since nothing of them is shown on a page. */
export const filesOf = (mail: InboundMail | undefined): Html | null =>
  mail && mail.files.length > 0
    ? html`<p class="muted">With ${mail.files.length === 1 ? "the file" : "the files"} ${mail.files.map((file, at) => html`${at > 0 ? ", " : ""}<span class="nowrap">${file.name}</span>`)}. People at the desk can open ${mail.files.length === 1 ? "it" : "them"}.</p>`
    : null;

/** For a case that found no account: its claimant says which one it is about, now that their mailbox is known. */
export function nameSection(
  { actor: { recoveryCase }, csrfToken }: HttpRequest<CaseHolder, unknown, unknown, unknown>,
  state: FormState,
): Html | null {
  if (recoveryCase.state !== "unconfirmed" || !recoveryCase.contactConfirmedAt || recoveryCase.accountId) return null;
  const { claimedName } = recoveryCase;
  return html`
    <section aria-labelledby="which-account"><h2 id="which-account">Which account is it?</h2>
      <p>${claimedName === "" ? "No account has this address." : html`We cannot confirm an account <strong>${claimedName}</strong> for this mailbox.`} Tell us its username: it stands on the pages of your projects.</p>
      ${formElement({
        action: "/recovery/case/name",
        csrf: csrfToken,
        body: html`${field({ name: "username", label: "Username of the account", autocomplete: "username", value: state.values["username"], error: state.errors["username"], required: true, maxlength: 64, spellcheck: false, width: "short" })}${button({ label: "That is the account" })}`,
      })}
      <p class="muted">You can try five names a day. If you do not know it, choose <a href="/account-finder">I forgot my username</a>.</p>
    </section>`;
}
