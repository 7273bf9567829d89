import { icon } from "./icon.ts";
import { form } from "./forms.ts";
import { attr, type Content, html, type Html } from "./template.ts";

/** What pages with these components must load, by `scripts`. */
export const PASSKEY_SCRIPTS: readonly string[] = ["/assets/passkeys.js"];

export interface PasskeyButtonOptions {
  /** `get` shows a passkey, `create` makes one. */
  readonly ceremony: "get" | "create";
  /** A path of ours that gives the ceremony's options for a POST of the form's token. */
  readonly optionsAt: string;
  readonly label: Content;
  readonly kind?: "primary" | "secondary" | undefined;
  /** Id of a field whose value goes with the question: the name typed so far. */
  readonly nameField?: string | undefined;
  /** Id of a field that must be filled in first. */
  readonly needs?: string | undefined;
  /** Also offers passkeys while a field with `autocomplete="… webauthn"` is filled in, where the browser can. */
  readonly isAutofill?: boolean | undefined;
  /** What to do instead, for somebody whose browser runs no scripts. */
  readonly without: Content;
}

/**
 * A button that runs a WebAuthn ceremony and sends its form with the answer in the field `answer`. It stands inside that
 * form. Without scripts there is no button but a sentence: WebAuthn is the one thing here that needs them.
 */
export const passkeyButton = (options: PasskeyButtonOptions): Html =>
  html`<div class="passkey" ${[
    attr("data-passkey", options.ceremony),
    attr("data-passkey-options", options.optionsAt),
    attr("data-passkey-name", options.nameField),
    attr("data-passkey-needs", options.needs),
    attr("data-passkey-autofill", options.isAutofill),
  ]}><input type="hidden" name="answer" value=""><div data-passkey-ready hidden><button type="button" class="button button-${options.kind ?? "primary"}" data-passkey-go>${icon("key-round")}<span>${options.label}</span></button></div><p class="muted" role="status" data-passkey-say></p><noscript><p>${options.without}</p></noscript></div>`;

/** The same as a form of its own. `fields` come before the button. */
export const passkeyForm = (
  options: PasskeyButtonOptions & { readonly action: string; readonly csrf: string; readonly fields?: Content },
): Html => form({ action: options.action, csrf: options.csrf, body: html`${options.fields}${passkeyButton(options)}` });

export interface PasskeySignalOptions {
  /** `all`: the list is every passkey the account accepts. `unknown`: those in the list open nothing. */
  readonly signal: "all" | "unknown";
  readonly rpId: string;
  /** base64url; for `all`. */
  readonly userHandle?: string | undefined;
  readonly credentialIds: readonly string[];
}

/** Tells the browser which passkeys are of use, so that it stops offering the others (WebAuthn L3, Signal API). Shows nothing. */
export const passkeySignal = (options: PasskeySignalOptions): Html =>
  html`<div hidden ${[
    attr("data-passkey-signal", options.signal),
    attr("data-rp-id", options.rpId),
    attr("data-user-id", options.userHandle),
    attr("data-credential-ids", options.credentialIds.join(" ")),
  ]}></div>`;
