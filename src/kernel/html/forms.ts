import { icon } from "./icon.ts";
import { attr, html, type Html } from "./template.ts";

type Maybe<T> = T | undefined;

/** A form that posts, with the token that proves it came from a page of ours. */
export const form = (options: { readonly action: string; readonly csrf: string; readonly body: Html; readonly enctype?: Maybe<string> }): Html => html`
  <form method="post" action="${options.action}" ${attr("enctype", options.enctype)} novalidate data-once>
    <input type="hidden" name="_csrf" value="${options.csrf}">
    ${options.body}
  </form>`;

export const hidden = (name: string, value: string): Html => html`<input type="hidden" name="${name}" value="${value}">`;

/** The list of what is wrong, before the form; each line leads to its field (after GOV.UK's pattern). */
export function errorSummary(fields: Readonly<Record<string, string>>, general?: string): Html | null {
  const entries = Object.entries(fields);
  if (entries.length === 0 && !general) return null;
  return html`
    <div class="error-summary" role="alert" tabindex="-1">
      <h2>${icon("octagon-alert")} ${entries.length > 0 ? "Please look at this again" : "That did not work"}</h2>
      ${general ? html`<p>${general}</p>` : null}
      ${entries.length > 0 ? html`<ul>${entries.map(([name, message]) => html`<li><a href="#field-${name}">${message}</a></li>`)}</ul>` : null}
    </div>`;
}

interface FieldBase {
  readonly name: string;
  readonly label: string;
  readonly hint?: Maybe<string>;
  readonly error?: Maybe<string>;
  readonly value?: Maybe<string>;
  readonly required?: Maybe<boolean>;
  readonly maxlength?: Maybe<number>;
}

const around = (options: FieldBase, control: Html): Html => html`
  <div class="field ${options.error ? "has-error" : ""}">
    <label for="field-${options.name}">${options.label}</label>
    ${options.hint ? html`<p class="hint" id="hint-${options.name}">${options.hint}</p>` : null}
    ${options.error ? html`<p class="field-error" id="error-${options.name}"><span class="visually-hidden">Error:</span> ${options.error}</p>` : null}
    ${control}
  </div>`;

const describedBy = (options: FieldBase) =>
  attr("aria-describedby", [options.hint && `hint-${options.name}`, options.error && `error-${options.name}`].filter(Boolean).join(" ") || null);

export interface FieldOptions extends FieldBase {
  readonly type?: Maybe<"text" | "email" | "password" | "url" | "search">;
  readonly autocomplete?: Maybe<string>;
  readonly inputmode?: Maybe<"numeric" | "text">;
  readonly spellcheck?: Maybe<boolean>;
  readonly width?: Maybe<"short">;
}

/** One line of input. A password field gets a button that shows it (by script). */
export const field = (options: FieldOptions): Html =>
  around(
    options,
    html`<input id="field-${options.name}" name="${options.name}" type="${options.type ?? "text"}" ${attr("class", options.width)} ${attr("value", options.type === "password" ? null : options.value)} ${attr("autocomplete", options.autocomplete)} ${attr("inputmode", options.inputmode)} ${attr("maxlength", options.maxlength)} ${attr("spellcheck", options.spellcheck === false ? "false" : null)} ${attr("required", options.required ?? false)} ${attr("autocapitalize", options.spellcheck === false ? "none" : null)} ${attr("aria-invalid", options.error ? "true" : null)} ${describedBy(options)} ${attr("data-reveal", options.type === "password" ? "" : null)}>`,
  );

export const textarea = (options: FieldBase & { readonly rows?: Maybe<number> }): Html =>
  around(
    options,
    html`<textarea id="field-${options.name}" name="${options.name}" rows="${options.rows ?? 4}" ${attr("maxlength", options.maxlength)} ${attr("required", options.required ?? false)} ${attr("aria-invalid", options.error ? "true" : null)} ${describedBy(options)}>${options.value}</textarea>`,
  );

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export const select = (options: FieldBase & { readonly options: readonly Choice[] }): Html =>
  around(
    options,
    html`<select id="field-${options.name}" name="${options.name}" ${attr("aria-invalid", options.error ? "true" : null)} ${describedBy(options)}>${options.options.map((one) => html`<option value="${one.value}" ${attr("selected", one.value === options.value)}>${one.label}</option>`)}</select>`,
  );

export const radios = (options: FieldBase & { readonly options: readonly Choice[] }): Html => html`
  <fieldset class="field radios ${options.error ? "has-error" : ""}" id="field-${options.name}" ${describedBy(options)}>
    <legend>${options.label}</legend>
    ${options.hint ? html`<p class="hint" id="hint-${options.name}">${options.hint}</p>` : null}
    ${options.error ? html`<p class="field-error" id="error-${options.name}"><span class="visually-hidden">Error:</span> ${options.error}</p>` : null}
    ${options.options.map((one) => html`<label class="radio"><input type="radio" name="${options.name}" value="${one.value}" ${attr("checked", one.value === options.value)}> <span>${one.label}</span></label>`)}
  </fieldset>`;

export const checkbox = (options: FieldBase & { readonly checked?: Maybe<boolean> }): Html => html`
  <div class="field"><label class="radio" for="field-${options.name}"><input type="checkbox" id="field-${options.name}" name="${options.name}" ${attr("checked", options.checked ?? false)}> <span>${options.label}</span></label></div>`;

export type Kind = "primary" | "secondary" | "danger";

export const button = (options: { readonly label: string; readonly kind?: Maybe<Kind> }): Html =>
  html`<button type="submit" class="button ${options.kind ?? "primary"}">${options.label}</button>`;

/** A link that looks like a button, for the one next step. */
export const linkButton = (options: { readonly href: string; readonly label: string; readonly kind?: Maybe<Kind> }): Html =>
  html`<a class="button ${options.kind ?? "primary"}" href="${options.href}">${options.label}</a>`;
