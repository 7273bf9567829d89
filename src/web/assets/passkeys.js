/*
 * Passkeys (WebAuthn) on our pages. A box marked `data-passkey` stands in the form that takes the answer: the options come
 * from the server, the browser asks its user, the answer goes into the form, and the form is sent like any other.
 */
import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  sendSignal,
  startAuthentication,
  startRegistration,
} from "/assets/simplewebauthn/index.js";

/** A challenge lives five minutes; what waits in a field for its user is renewed before. */
const RENEW_MS = 240_000;

const PROBLEMS = {
  NotAllowedError: "Nothing was sent: the dialog was closed, took too long, or there was no passkey to use. You can try again.",
  InvalidStateError: "This device already has a passkey for this account.",
  NotSupportedError: "This device cannot make a passkey that we can use.",
  SecurityError: "Passkeys do not work at this address. Open the site by its host name.",
  ConstraintError: "This device cannot check that it is you. Please use another one.",
};

const formOf = (box) => box.closest("form");

function say(box, words) {
  box.querySelector("[data-passkey-say]").textContent = words;
}

/** A refusal of the server, in its own words. */
class Refused extends Error {}

async function optionsFor(box, name) {
  const body = new URLSearchParams({ _csrf: formOf(box).elements._csrf.value });
  if (name) body.set("name", name);
  const response = await fetch(box.dataset.passkeyOptions, {
    method: "POST",
    headers: { accept: "application/json" },
    body,
  });
  const answer = await response.json();
  if (!response.ok) throw new Refused([answer.title, answer.detail].filter(Boolean).join(" "));
  return answer;
}

function explain(box, error) {
  const cause = error?.cause ?? error;
  if (error?.name === "AbortError" || cause?.name === "AbortError") return; // another ceremony took its place
  if (error instanceof Refused) return say(box, error.message);
  say(box, PROBLEMS[cause?.name] ?? PROBLEMS[error?.name] ?? "That did not work. Please try again, or use another way.");
}

function send(box, answer) {
  const form = formOf(box);
  form.elements.answer.value = JSON.stringify(answer);
  form.dataset.sent = "yes";
  form.submit();
}

const field = (id) => (id ? document.getElementById(id) : null);

async function run(box) {
  const needed = field(box.dataset.passkeyNeeds);
  if (needed && needed.value === "") {
    say(box, "Please fill in the field above first.");
    return needed.focus();
  }
  const button = box.querySelector("[data-passkey-go]");
  button.setAttribute("aria-disabled", "true");
  say(box, "");
  try {
    const optionsJSON = await optionsFor(box, field(box.dataset.passkeyName)?.value.trim());
    send(box, await (box.dataset.passkey === "create" ? startRegistration({ optionsJSON }) : startAuthentication({ optionsJSON })));
  } catch (error) {
    explain(box, error);
    if (box.hasAttribute("data-passkey-autofill")) void offer(box);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

/** Offers passkeys in the list that the browser shows for the name field. Quiet: nobody asked for it. */
async function offer(box) {
  if (document.hidden || !(await browserSupportsWebAuthnAutofill())) return;
  clearTimeout(offer.again);
  offer.again = setTimeout(() => offer(box), RENEW_MS);
  try {
    send(box, await startAuthentication({ optionsJSON: await optionsFor(box), useBrowserAutofill: true }));
  } catch {
    // Aborted by the next ceremony, or not possible here: the button and the password remain.
  }
}

for (const box of document.querySelectorAll("[data-passkey]")) {
  if (!browserSupportsWebAuthn()) {
    say(box, "This browser has no passkeys.");
    continue;
  }
  box.querySelector("[data-passkey-ready]").hidden = false;
  box.querySelector("[data-passkey-go]").addEventListener("click", (event) => {
    if (event.currentTarget.getAttribute("aria-disabled") !== "true") void run(box);
  });
  // A form that has no other button is sent with the Enter key: then the ceremony comes first.
  formOf(box).addEventListener("submit", (event) => {
    if (formOf(box).querySelector('button[type="submit"]')) return;
    event.preventDefault();
    void run(box);
  });
  if (box.hasAttribute("data-passkey-autofill")) {
    void offer(box);
    document.addEventListener("visibilitychange", () => offer(box));
  }
}

/* ---- Signals: what became of passkeys on the server; browsers that do not know them are left alone ---- */

async function signal({ passkeySignal, rpId, userId, credentialIds }) {
  const ids = credentialIds.split(" ").filter(Boolean);
  try {
    if (passkeySignal === "all")
      await sendSignal({ signalName: "allAcceptedCredentials", rpID: rpId, userID: userId, allAcceptedCredentialIDs: ids });
    else for (const id of ids) await sendSignal({ signalName: "unknownCredential", rpID: rpId, credentialID: id });
  } catch {
    // A courtesy to the list of passkeys on the device; nothing here depends on it.
  }
}
for (const element of document.querySelectorAll("[data-passkey-signal]")) void signal(element.dataset);
