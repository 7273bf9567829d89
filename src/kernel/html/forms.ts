import { icon } from "./icon.ts";
import { attr, type Content, html, type Html } from "./template.ts";

/** The id of a field's input, which error summaries and labels point to. */
export const fieldId = (name: string): string => `field-${name}`;

interface Labelled {
  readonly name: string;
  readonly label: Content;
  /** Said under the label, before the person types. */
  readonly hint?: Content;
  /** What is wrong with the value, and what to do. */
  readonly error?: string | undefined;
  /** Only when one page has two fields of one name. */
  readonly id?: string | undefined;
}

export interface FieldOptions extends Labelled {
  readonly type?: "text" | "email" | "password" | "search" | "tel" | "url" | "number" | "date" | undefined;
  readonly autocomplete?: string | undefined;
  readonly value?: string | number | undefined;
  readonly required?: boolean | undefined;
  readonly inputmode?: "text" | "numeric" | "decimal" | "email" | "search" | "tel" | "url" | "none" | undefined;
  readonly maxlength?: number | undefined;
  readonly spellcheck?: boolean | undefined;
  readonly width?: "short" | "medium" | "full" | undefined;
  readonly readonly?: boolean | undefined;
  readonly autofocus?: boolean | undefined;
  /** A key of the desk that goes to the field, see `data-key`. */
  readonly key?: string | undefined;
}

const idOf = (options: Labelled): string => options.id ?? fieldId(options.name);

/** Points from a control to its hint and its error. */
function describedBy(options: Labelled): string | null {
  const id = idOf(options);
  const parts = [options.hint ? `${id}-hint` : null, options.error ? `${id}-error` : null].filter(Boolean);
  return parts.length > 0 ? parts.join(" ") : null;
}

const hintAndError = (options: Labelled): Html =>
  html`${options.hint ? html`<p class="field-hint" id="${idOf(options)}-hint">${options.hint}</p>` : null}${
    options.error
      ? html`<p class="field-error" id="${idOf(options)}-error">${icon("octagon-alert")}<span><span class="visually-hidden">Error: </span>${options.error}</span></p>`
      : null
  }`;

const fieldClass = (options: Labelled): string => (options.error ? "field field-wrong" : "field");

const controlState = (options: Labelled) => [
  attr("aria-describedby", describedBy(options)),
  attr("aria-invalid", options.error ? "true" : null),
];

/** One line of input with its label, hint and error. A password gets a button that shows it (with scripts). */
export function field(options: FieldOptions): Html {
  const id = idOf(options);
  const type = options.type ?? "text";
  const input = html`<input ${[
    attr("id", id),
    attr("name", options.name),
    attr("type", type),
    attr("class", `input-${options.width ?? "full"}`),
    attr("value", type === "password" ? null : options.value),
    attr("autocomplete", options.autocomplete),
    attr("inputmode", options.inputmode),
    attr("maxlength", options.maxlength),
    attr("spellcheck", options.spellcheck === undefined ? null : String(options.spellcheck)),
    attr("autocapitalize", options.spellcheck === false || type === "email" ? "none" : null),
    attr("required", options.required),
    attr("readonly", options.readonly),
    attr("autofocus", options.autofocus),
    ...keyed(options.key),
    ...controlState(options),
  ]}>`;
  const reveal = html`<button type="button" class="button button-quiet" data-reveal="${id}" aria-pressed="false" hidden>${icon("eye")}<span>Show</span><span class="visually-hidden"> password</span></button>`;
  return html`<div class="${fieldClass(options)}"><label for="${id}">${options.label}</label>${hintAndError(options)}${
    type === "password" ? html`<div class="with-button">${input}${reveal}</div>` : input
  }</div>`;
}

export interface TextareaOptions extends Labelled {
  readonly value?: string | undefined;
  readonly rows?: number | undefined;
  readonly required?: boolean | undefined;
  readonly maxlength?: number | undefined;
  readonly spellcheck?: boolean | undefined;
  /** For keys, signatures and commands. */
  readonly isCode?: boolean | undefined;
  /** Under which name, and where to, what is being written is sent while it is written (with scripts). */
  readonly draft?: { readonly field: string; readonly url: string } | undefined;
}

/** Several lines of input. */
export function textarea(options: TextareaOptions): Html {
  const id = idOf(options);
  const attributes = [
    attr("id", id),
    attr("name", options.name),
    attr("rows", options.rows ?? 4),
    attr("class", options.isCode ? "input-code" : null),
    attr("data-draft", options.draft?.field),
    attr("data-draft-url", options.draft?.url),
    attr("required", options.required),
    attr("maxlength", options.maxlength),
    attr("spellcheck", options.spellcheck === undefined ? null : String(options.spellcheck)),
    ...controlState(options),
  ];
  // Browsers drop one line break after the tag, so one is put there for them to drop.
  return html`<div class="${fieldClass(options)}"><label for="${id}">${options.label}</label>${hintAndError(options)}<textarea ${attributes}>${"\n"}${options.value}</textarea></div>`;
}

export interface FileFieldOptions extends Labelled {
  /** File name endings and media types, between commas, for the browser's dialog; nothing rests on it. */
  readonly accept?: string | undefined;
}

/** One file; the form around it must be `multipart/form-data`. */
export function fileField(options: FileFieldOptions): Html {
  const id = idOf(options);
  const attributes = [
    attr("id", id),
    attr("name", options.name),
    attr("accept", options.accept),
    ...controlState(options),
  ];
  return html`<div class="${fieldClass(options)}"><label for="${id}">${options.label}</label>${hintAndError(options)}<input type="file" ${attributes}></div>`;
}

export interface ChoiceOption {
  readonly value: string;
  readonly label: Content;
  readonly hint?: Content;
}

export interface ChoiceOptions extends Labelled {
  readonly options: readonly ChoiceOption[];
  readonly value?: string | undefined;
  readonly required?: boolean | undefined;
}

/** One of a few, all in sight. */
export function radios(options: ChoiceOptions): Html {
  const id = idOf(options);
  const choices = options.options.map((choice, index) => {
    const choiceId = index === 0 ? id : `${id}-${index + 1}`;
    const attributes = [
      attr("id", choiceId),
      attr("name", options.name),
      attr("value", choice.value),
      attr("checked", choice.value === options.value),
      attr("required", options.required),
      attr("aria-describedby", choice.hint ? `${choiceId}-hint` : null),
    ];
    return html`<div class="choice"><input type="radio" ${attributes}><label for="${choiceId}">${choice.label}</label>${
      choice.hint ? html`<p class="field-hint" id="${choiceId}-hint">${choice.hint}</p>` : null
    }</div>`;
  });
  return html`<fieldset class="${fieldClass(options)}" ${attr("aria-describedby", describedBy(options))}><legend>${options.label}</legend>${hintAndError(options)}${choices}</fieldset>`;
}

export interface CheckboxOptions extends Labelled {
  readonly value?: string | undefined;
  readonly isChecked?: boolean | undefined;
  readonly required?: boolean | undefined;
}

/** One yes or no. */
export function checkbox(options: CheckboxOptions): Html {
  const id = idOf(options);
  const attributes = [
    attr("id", id),
    attr("name", options.name),
    attr("value", options.value ?? "yes"),
    attr("checked", options.isChecked),
    attr("required", options.required),
    ...controlState(options),
  ];
  return html`<div class="${fieldClass(options)}"><div class="choice"><input type="checkbox" ${attributes}><label for="${id}">${options.label}</label></div>${hintAndError(options)}</div>`;
}

/** One of many. */
export function select(options: ChoiceOptions): Html {
  const id = idOf(options);
  const choices = options.options.map(
    (choice) =>
      html`<option value="${choice.value}" ${attr("selected", choice.value === options.value)}>${choice.label}</option>`,
  );
  const attributes = [
    attr("id", id),
    attr("name", options.name),
    attr("required", options.required),
    ...controlState(options),
  ];
  return html`<div class="${fieldClass(options)}"><label for="${id}">${options.label}</label>${hintAndError(options)}<select ${attributes}>${choices}</select></div>`;
}

export const hidden = (name: string, value: string | number): Html =>
  html`<input type="hidden" name="${name}" value="${value}">`;

export interface FormOptions {
  /** A path of ours. */
  readonly action: string;
  readonly method?: "post" | undefined;
  /** The request's token; without it the edge refuses the form. */
  readonly csrf: string;
  readonly body: Content;
  readonly enctype?: "application/x-www-form-urlencoded" | "multipart/form-data" | undefined;
  readonly id?: string | undefined;
  readonly class?: string | undefined;
}

/** A form that acts. Checking is left to the server, whose messages are better than a browser's and need no script. */
export const form = (options: FormOptions): Html =>
  html`<form method="post" action="${options.action}" novalidate ${[attr("enctype", options.enctype), attr("id", options.id), attr("class", options.class)]}>${hidden("_csrf", options.csrf)}${options.body}</form>`;

export interface ButtonOptions {
  readonly label: Content;
  readonly kind?: "primary" | "secondary" | "danger" | undefined;
  /** What the form sends besides its fields, when one form has several buttons. */
  readonly name?: string | undefined;
  readonly value?: string | undefined;
  /** A key of the desk, see `data-key`. */
  readonly key?: string | undefined;
}

export const button = (options: ButtonOptions): Html =>
  html`<button type="submit" class="button button-${options.kind ?? "primary"}" ${[
    attr("name", options.name),
    attr("value", options.value),
    ...keyed(options.key),
  ]}>${options.label}</button>`;

export interface LinkButtonOptions {
  readonly href: string;
  readonly label: Content;
  readonly kind?: "primary" | "secondary" | "danger" | undefined;
  readonly key?: string | undefined;
}

/** A link that looks like a button, for the one next step that is only a page away. */
export const linkButton = (options: LinkButtonOptions): Html =>
  html`<a class="button button-${options.kind ?? "primary"}" href="${options.href}" ${keyed(options.key)}>${options.label}</a>`;

const keyed = (key: string | undefined) => [attr("data-key", key), attr("aria-keyshortcuts", key)];

/**
 * What is wrong with a form, above it, each message a link to its field (GOV.UK pattern). Nothing when nothing is wrong.
 * @param errors field name → message
 * @param general a message that belongs to no field
 */
export function errorSummary(errors: Readonly<Record<string, string | undefined>>, general?: string): Html | null {
  const entries = Object.entries(errors).filter(([, message]) => message);
  if (entries.length === 0 && !general) return null;
  const list = entries.map(([name, message]) => html`<li><a href="#${fieldId(name)}">${message}</a></li>`);
  return html`<div class="error-summary" role="alert" tabindex="-1" data-focus><p class="error-summary-title">${icon("octagon-alert")}There is a problem</p>${
    general ? html`<p>${general}</p>` : null
  }${list.length > 0 ? html`<ul>${list}</ul>` : null}</div>`;
}
