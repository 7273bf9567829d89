import { z } from "zod";
import {
  button,
  copyable,
  errorSummary,
  field,
  form as formElement,
  html,
  type Html,
  linkButton,
  notice,
  textarea,
  time,
} from "../kernel/html/index.ts";
import {
  anyone,
  defineRoute,
  form,
  type Incoming,
  line,
  page,
  paragraph,
  redirect,
  type Reply,
  type Route,
} from "../kernel/http/index.ts";
import { answerCarried, type Carried, openCarried, type RecoveryRuntime } from "../recovery/index.ts";
import { EMPTY, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";
import { layout } from "./layout.ts";

/*
 * A proof made on another machine than the one with the case page: a short code shows its command there. The page opens no
 * case and tells nothing of one; a code that leads nowhere looks like one that never was.
 */

const LIMIT = { bucket: "proof-code", limit: 60, windowSeconds: 3600 };
const codeParam = z.strictObject({ code: z.string().regex(/^[0-9A-Za-z-]{8,16}$/) });

/** Answers that are pasted: the field, and how it becomes a claim. Other kinds are answered by their command itself. */
const PASTED: Readonly<Record<string, { readonly label: string; readonly hint: string; readonly field: string }>> = {
  "ssh-signature": {
    label: "The signature it made",
    hint: "From -----BEGIN SSH SIGNATURE----- to its end. Never the key itself.",
    field: "signature",
  },
  openpgp: {
    label: "All that it printed",
    hint: "From -----BEGIN PGP to -----END PGP SIGNATURE-----. Never the key itself.",
    field: "signature",
  },
};

function askPage(runtime: RecoveryRuntime, incoming: Incoming, state: FormState): Html {
  const body = html`
    <h1>Run a command for your case</h1>
    <p>Your case page, on your phone or another machine, shows a code of eight signs. Type it here to see the command that runs on this machine.</p>
    ${errorSummary(state.errors, state.general)}
    ${formElement({
      action: "/proof",
      csrf: incoming.csrfToken,
      body: html`${field({ name: "code", label: "Code", autocomplete: "off", error: state.errors["code"], required: true, maxlength: 32, width: "short" })}${button({ label: "Show the command" })}`,
    })}
    <p class="muted">No code? <a href="/recovery">Help to get back in</a></p>`;
  return layout(runtime, incoming, { title: "Run a command for your case", body });
}

function commandPage(
  runtime: RecoveryRuntime,
  incoming: Incoming,
  code: string,
  carried: Carried,
  state: FormState,
): Html {
  const { sentence, where, command } = carried.instructions;
  const pasted = PASTED[carried.kindId];
  const body = html`
    <h1>${carried.title}</h1>
    ${errorSummary(state.errors, state.general)}
    ${notice({ tone: "info", title: "Is it your own case?", body: html`<p>Somebody who sends you this code and asks you to run the command wants into your account.</p>` })}
    <p>${sentence}</p>
    <p class="muted">${where}</p>
    ${command ? copyable({ id: "command", text: command, label: "Run this" }) : null}
    ${
      pasted
        ? formElement({
            action: `/proof/${code}`,
            csrf: incoming.csrfToken,
            body: html`${textarea({ name: "answer", label: pasted.label, hint: pasted.hint, error: state.errors["answer"] ?? state.errors[pasted.field], required: true, maxlength: 16_384, rows: 6, isCode: true, spellcheck: false })}${button({ label: "Send it" })}`,
          })
        : html`<p>Then look at your case page: it shows by itself what has arrived.</p>`
    }
    <p class="muted">The command is good until ${time(carried.until, incoming.now)}.</p>`;
  return layout(runtime, incoming, { title: carried.title, body });
}

function receivedPage(runtime: RecoveryRuntime, incoming: Incoming): Html {
  const body = html`
    <h1>It has arrived</h1>
    <p>What it shows stands on your case page, where you opened it. There is nothing more to do here.</p>
    <p>${linkButton({ href: "/proof", label: "Another code", kind: "secondary" })}</p>`;
  return layout(runtime, incoming, { title: "It has arrived", body });
}

const unknown = (runtime: RecoveryRuntime, incoming: Incoming): Reply =>
  page(
    askPage(runtime, incoming, {
      errors: { code: "This code leads nowhere: it is mistyped, over, or replaced by a newer one." },
      values: {},
    }),
    { status: 404 },
  );

export const carriedRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/proof",
    about: "Asks for the code that shows a command for another machine.",
    guard: anyone,
    handle: async (_, request) => page(askPage(runtime, request, EMPTY)),
  }),
  defineRoute({
    method: "POST",
    path: "/proof",
    about: "Leads from a typed code to its command.",
    guard: anyone,
    limit: LIMIT,
    body: form({ code: line({ max: 32, missing: "Please type the code." }) }),
    invalid: async (_, request, invalid) => page(askPage(runtime, request, invalidState(invalid)), { status: 422 }),
    handle: async (_, request) => {
      const found = await openCarried(runtime, request.body.code, request.now);
      return found.ok ? redirect(`/proof/${found.value.code}`) : unknown(runtime, request);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/proof/:code",
    about: "Shows the command of a proof to whoever has its short code, and nothing of the case.",
    guard: anyone,
    limit: LIMIT,
    params: codeParam,
    handle: async (_, request) => {
      const { code } = request.params;
      const found = await openCarried(runtime, code, request.now);
      return found.ok ? page(commandPage(runtime, request, code, found.value, EMPTY)) : unknown(runtime, request);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/proof/:code",
    about: "Takes what the command made, where it is pasted. What it shows is told on the case page alone.",
    guard: anyone,
    limit: LIMIT,
    params: codeParam,
    body: form({ answer: paragraph({ max: 16_384, min: 1, missing: "Please paste what the command made." }) }),
    invalid: async (_, request, invalid) => {
      const { code } = request.params;
      const found = await openCarried(runtime, code, request.now);
      if (!found.ok) return unknown(runtime, request);
      return page(commandPage(runtime, request, code, found.value, invalidState(invalid)), { status: 422 });
    },
    handle: async (_, request) => {
      const { code } = request.params;
      const { source, now } = request;
      const found = await openCarried(runtime, code, now);
      const pasted = found.ok ? PASTED[found.value.kindId] : undefined;
      if (!found.ok || !pasted) return unknown(runtime, request);
      const claim = { [pasted.field]: request.body.answer };
      const done = await answerCarried(runtime, code, { kindId: found.value.kindId, claim, source, now });
      if (done.ok) return page(receivedPage(runtime, request));
      const again = commandPage(runtime, request, code, found.value, refusedState(done.refusal, {}));
      return formAgain(request, done.refusal, again);
    },
  }),
];
