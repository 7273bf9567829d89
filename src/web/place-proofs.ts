import type { BoardCard } from "../evidence/index.ts";
import { button, copyable, details, field, form, html, type Html } from "../kernel/html/index.ts";
import type { CaseRequest } from "./case-page.ts";
import type { FormState } from "./forms.ts";

/* Proofs by something that is put in a place of the claimant's: a repository, a domain, a site. */

interface Place {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly help: Html;
}

const PLACES: Readonly<Record<string, Place>> = {
  repository: {
    name: "repository",
    label: "Address of the repository",
    hint: "As the metadata of your project has it, like https://forge.example/owner/name.",
    help: html`<a href="/help/prove-repository">More about this proof</a>`,
  },
  dns: {
    name: "domain",
    label: "Your domain",
    hint: "Like example.org: of a mail address of the account, or of a site that your project links to.",
    help: html`<a href="/help/prove-domain">More about this proof</a>`,
  },
  "well-known-file": {
    name: "site",
    label: "Name of the site",
    hint: "Like www.example.org: a site that your project links to.",
    help: html`<a href="/help/prove-site">More about this proof</a>`,
  },
};

/** The commands for those to whom the first do not fit. */
export function otherCommand({ kindId, instructions: { otherwise } }: BoardCard): Html | null {
  if (!otherwise) return null;
  const body = copyable({ id: `otherwise-${kindId}`, text: otherwise.command, label: "Use this instead" });
  return details({ summary: otherwise.summary, body });
}

/** What stands under the command of such a proof: another command for others, and the form. */
export function placeProof(request: CaseRequest, state: FormState, one: BoardCard): Html | null {
  const place = PLACES[one.kindId];
  if (!place) return null;
  const { name, label, hint, help } = place;
  const typed = field({
    name,
    label,
    hint,
    value: state.values[name],
    error: state.errors[name],
    autocomplete: "off",
    required: true,
    maxlength: 500,
  });
  return html`
    ${otherCommand(one)}
    ${form({
      action: `/recovery/case/prove/${one.kindId}`,
      csrf: request.csrfToken,
      body: html`${typed}${button({ label: "Look there now", kind: "secondary" })}`,
    })}
    <p class="muted">${help}</p>`;
}

/** How to clear up after proofs that stand. */
export const clearUp = (one: BoardCard): Html | null =>
  one.afterwards
    ? details({
        summary: "When your case is over",
        body: copyable({
          id: `afterwards-${one.kindId}`,
          text: one.afterwards.join("\n"),
          label: "Run this to clear up",
        }),
      })
    : null;
