import { z } from "zod";
import {
  anyone,
  defineRoute,
  form,
  line,
  page,
  paragraph,
  redirect,
  type Reply,
  type Route,
  secretText,
  text,
} from "../kernel/http/index.ts";
import type { Refusal } from "../kernel/refusal.ts";
import type { Result } from "../kernel/result.ts";
import { secret } from "../kernel/secret.ts";
import {
  appealCase,
  askMailboxCode,
  askNumber,
  carryProof,
  askSomebodyToVouch,
  caseHolderGuard,
  confirmContact,
  mailCaseCode,
  nameAccount,
  proveByToken,
  proveInCase,
  type RecoveryRuntime,
  reopenCase,
  sayCannot,
  startChallenge,
  submitForReview,
  takeInCase,
  withdrawCase,
  writeAsClaimant,
} from "../recovery/index.ts";
import type { AnsweredElsewhere } from "../evidence/index.ts";
import { DEVICE_COOKIE } from "../sessions/index.ts";
import { type CaseRequest, casePage } from "./case-page.ts";
import { codeField, formAgain, type FormState, invalidState, refusedState } from "./forms.ts";

/** Bytes of a mail that somebody kept; ours have a tenth of it at the most. */
const MOST_MAIL = 1024 * 1024;

const keptMail = z
  .string("Please send one mail.")
  .max(MOST_MAIL, "That is larger than any mail of ours. Choose the file with one mail.")
  .optional();

const FIELD_OF: Readonly<Record<string, string>> = { "recovery/wrong-code": "code" };

/** After an act: back to the page, or the page again with the refusal. What was typed stays, but secrets. */
async function after(
  runtime: RecoveryRuntime,
  request: CaseRequest,
  done: Result<unknown>,
  values: FormState["values"] = {},
  anchor = "",
): Promise<Reply> {
  if (done.ok) return redirect(`/recovery/case${anchor}`);
  return again(runtime, request, done.refusal, values);
}

const again = async (
  runtime: RecoveryRuntime,
  request: CaseRequest,
  refusal: Refusal,
  values: FormState["values"],
): Promise<Reply> =>
  formAgain(request, refusal, await casePage(runtime, request, refusedState(refusal, values, FIELD_OF)));

const month = z
  .string()
  .regex(/^(?:(?:19|20)\d\d-(?:0[1-9]|1[0-2]))?$/, "Please give year and month, like 2024-05.")
  .optional();
const several = paragraph({ max: 4000 }).optional();

/** What somebody remembers of their account; any of it may stay empty. */
const recordsForm = form({
  projects: several,
  organisations: several,
  addresses: several,
  tokenNames: several,
  accountMade: month,
  firstUpload: month,
  lastUpload: month,
  lastSignIn: month,
  environment: several,
});

const claimOf = ({ _csrf, ...claim }: z.output<typeof recordsForm>) =>
  Object.fromEntries(Object.entries(claim).filter(([, value]) => value !== undefined && value !== ""));

/** A card of the board by its kind. */
const kindForm = form({ kind: line({ max: 64 }) });

const PROVE_LIMIT = { bucket: "prove", limit: 120, windowSeconds: 3600 };

/** Everything the claimant can do on their case page. */
export const caseActRoutes = (runtime: RecoveryRuntime): readonly Route[] => {
  const caseId = (request: CaseRequest) => request.actor.recoveryCase.id;
  const act = <B extends z.ZodType>(
    name: string,
    about: string,
    body: B,
    run: (request: CaseRequest & { readonly body: z.output<B> }) => Promise<Result<unknown>>,
    keep: (body: z.output<B>) => FormState["values"] = () => ({}),
    upload: { readonly files?: readonly string[]; readonly bodyLimit?: number } = {},
  ): Route =>
    defineRoute({
      ...upload,
      method: "POST",
      path: `/recovery/case/${name}`,
      about,
      guard: caseHolderGuard,
      limit: PROVE_LIMIT,
      // What is looked up for an address takes a little longer than finding none: the floor hides it.
      floorMilliseconds: /^prove\/(?:mailbox|vouch|recovery-contact|contact-code)/.test(name) ? 150 : 0,
      body,
      invalid: async (_, request, invalid) => {
        const known = request as CaseRequest; // the guard's actor is all that the page reads
        const { told } = await takeInCase(runtime, caseId(known), "claimant", invalid.values, request.now);
        const state = { ...invalidState(invalid), ...(told === null ? {} : { general: told }) };
        return page(await casePage(runtime, known, state), { status: 422 });
      },
      handle: async (_, request) => {
        const known = request as CaseRequest & { readonly body: z.output<B> }; // the route has parsed the body with this very schema
        return after(runtime, known, await run(known), keep(known.body), name === "message" ? "#messages" : "");
      },
    });
  return [
    act("confirm", "Confirms the contact address with the code from the mail.", form({ code: codeField }), (request) =>
      confirmContact(runtime, caseId(request), request.body.code, request.now),
    ),
    act("mail-code", "Mails a fresh code to the contact address.", form({}), (request) =>
      mailCaseCode(runtime, request.actor.recoveryCase, request.now),
    ),
    act(
      "name",
      "Says which account a case is about that found none.",
      form({ username: line({ max: 64, missing: "Please enter the username." }) }),
      (request) => nameAccount(runtime, caseId(request), request.body.username, request.now),
      ({ username }) => ({ username }),
    ),
    act(
      "message",
      "Writes to the desk, or answers its question.",
      form({ body: paragraph({ max: 4000, min: 1, missing: "Please write something." }) }),
      (request) => writeAsClaimant(runtime, caseId(request), request.body.body, request.now),
      ({ body }) => ({ body }),
    ),
    act("submit", "Asks that a person looks at the case now.", form({}), (request) =>
      submitForReview(runtime, caseId(request), request.now),
    ),
    act("withdraw", "Ends the case without any change.", form({}), (request) =>
      withdrawCase(runtime, caseId(request), request.actor, request.now),
    ),
    act("reopen", "Takes an expired case up again.", form({}), (request) =>
      reopenCase(runtime, caseId(request), request.now),
    ),
    act("appeal", "Asks for somebody else to look at a refusal.", form({}), (request) =>
      appealCase(runtime, caseId(request), request.now),
    ),
    act(
      "prove/challenge",
      "Issues the challenge that a proof needs.",
      form({
        kind: z.enum([
          "api-token",
          "ssh-signature",
          "openpgp",
          "sigstore",
          "repository",
          "trusted-publisher",
          "dns",
          "well-known-file",
        ]),
      }),
      (request) => startChallenge(runtime, caseId(request), request.body.kind, request.now),
    ),
    act("prove/number", "Shows a number, which a signed-in session is asked for.", form({}), (request) =>
      askNumber(runtime, caseId(request), request.now),
    ),
    act("prove/carry", "Makes a code that shows the command on another machine.", kindForm, (request) =>
      carryProof(runtime, caseId(request), request.body.kind, request.now),
    ),
    act("board/cannot", "Says that a kind of proof cannot be given.", kindForm, (request) =>
      sayCannot(runtime, caseId(request), { kind: request.body.kind, can: false, now: request.now }),
    ),
    act("board/can", "Takes back that a kind of proof cannot be given.", kindForm, (request) =>
      sayCannot(runtime, caseId(request), { kind: request.body.kind, can: true, now: request.now }),
    ),
    act("prove/password", "Proves the password.", form({ password: secretText(1024) }), (request) =>
      proveInCase(runtime, caseId(request), "password", { password: request.body.password }, request),
    ),
    act(
      "prove/mailbox",
      "Sends a code to an address, if it is the account's.",
      form({ address: line({ max: 254, missing: "Please enter an address." }) }),
      (request) => askMailboxCode(runtime, caseId(request), request.body.address, request),
      ({ address }) => ({ address }),
    ),
    act(
      "prove/mailbox-code",
      "Proves a mailbox with the code sent there.",
      form({ address: line({ max: 254 }), "mailbox-code": codeField }),
      (request) =>
        proveInCase(
          runtime,
          caseId(request),
          "mailbox",
          { address: request.body.address, code: request.body["mailbox-code"] },
          request,
        ),
      ({ address }) => ({ address }),
    ),
    act(
      "prove/ssh-signature",
      "Proves a registered SSH key by a signature over the challenge.",
      form({ signature: paragraph({ max: 16_384, min: 1, missing: "Please paste the signature." }) }),
      (request) =>
        proveInCase(runtime, caseId(request), "ssh-signature", { signature: request.body.signature }, request),
    ),
    act("prove/known-device", "Looks whether this browser is known from earlier sign-ins.", form({}), (request) =>
      proveInCase(runtime, caseId(request), "known-device", { device: request.cookies[DEVICE_COOKIE] }, request),
    ),
    act(
      "prove/saved-code",
      "Shows a recovery code that was used or replaced.",
      form({ code: line({ max: 128, missing: "Please type a code." }), cannotSignIn: z.literal("yes").optional() }),
      (request) =>
        proveInCase(
          runtime,
          caseId(request),
          "saved-code",
          { code: request.body.code, cannotSignIn: request.body.cannotSignIn === "yes" },
          request,
        ),
    ),
    act(
      "prove/openpgp",
      "Proves an OpenPGP key of the account by a signature over the challenge.",
      form({ signature: paragraph({ max: 16_384, min: 1, missing: "Please paste the signature." }) }),
      (request) => proveInCase(runtime, caseId(request), "openpgp", { signature: request.body.signature }, request),
    ),
    act(
      "prove/registry-mail",
      "Checks an earlier mail of ours that the claimant kept, as a file or pasted.",
      form({ file: keptMail, message: keptMail }),
      (request) => {
        const { file, message = "" } = request.body;
        const claim = { message: file || Buffer.from(message, "utf8").toString("latin1") };
        return proveInCase(runtime, caseId(request), "registry-mail", claim, request);
      },
      () => ({}),
      { files: ["file"], bodyLimit: MOST_MAIL + 64 * 1024 },
    ),
    act(
      "prove/vouch",
      "Asks somebody who shares a project with the account to vouch, if there is such a person.",
      form({ voucher: line({ max: 64, min: 0 }).optional() }),
      (request) =>
        askSomebodyToVouch(runtime, caseId(request), { kind: "vouch", name: request.body.voucher || null }, request),
    ),
    act(
      "prove/recovery-contact",
      "Asks a recovery contact, if there is one.",
      form({ contact: line({ max: 64, min: 0 }).optional() }),
      (request) =>
        askSomebodyToVouch(
          runtime,
          caseId(request),
          { kind: "recovery-contact", name: request.body.contact || null },
          request,
        ),
    ),
    act(
      "prove/contact-code",
      "Proves that a recovery contact has read their code to the claimant.",
      form({ "contact-code": codeField }),
      (request) =>
        proveInCase(runtime, caseId(request), "recovery-contact", { code: request.body["contact-code"] }, request),
    ),
    act(
      "prove/repository",
      "Looks for the challenge in a repository that a project was linked to before.",
      form({ repository: line({ max: 500, missing: "Please enter the address of the repository." }) }),
      (request) =>
        proveInCase(runtime, caseId(request), "repository", { repository: request.body.repository }, request),
      ({ repository }) => ({ repository }),
    ),
    act(
      "prove/sigstore",
      "Checks a sigstore bundle over the challenge.",
      form({ bundle: paragraph({ max: 65_536, missing: "Paste the bundle." }) }),
      (request) => proveInCase(runtime, caseId(request), "sigstore", { bundle: request.body.bundle }, request),
    ),
    act(
      "prove/trusted-publisher",
      "Takes the token that a run of a trusted publisher printed.",
      form({ token: paragraph({ max: 8192, missing: "Paste the token that the run was given." }) }),
      (request) => proveInCase(runtime, caseId(request), "trusted-publisher", { token: request.body.token }, request),
    ),
    act(
      "prove/dns",
      "Looks for the challenge in the DNS of a domain that was the account's before.",
      form({ domain: line({ max: 300, missing: "Please enter the domain." }) }),
      (request) => proveInCase(runtime, caseId(request), "dns", { domain: request.body.domain }, request),
      ({ domain }) => ({ domain }),
    ),
    act(
      "prove/well-known-file",
      "Looks for the challenge as a file on a site that a project was linked to before.",
      form({ site: line({ max: 300, missing: "Please enter the name of the site." }) }),
      (request) => proveInCase(runtime, caseId(request), "well-known-file", { site: request.body.site }, request),
      ({ site }) => ({ site }),
    ),
    act(
      "prove/records",
      "Compares what the claimant remembers with the records.",
      recordsForm,
      (request) => proveInCase(runtime, caseId(request), "records", claimOf(request.body), request),
      (body) =>
        Object.fromEntries(
          Object.entries(body).filter(
            (entry): entry is [string, string] => typeof entry[1] === "string" && entry[0] !== "_csrf",
          ),
        ),
    ),
    proofRoute(runtime, {
      kind: "api-token",
      about: "One curl with the API token proves that it is held; the token is then held.",
      tokenOf: basicPassword,
      thanks:
        "Thank you. The token is proven, and from now on it is held: nobody can publish with it. Go back to your case page.",
    }),
    proofRoute(runtime, {
      kind: "trusted-publisher",
      about: "A run of a trusted publisher proves with a token for this case that it is theirs.",
      tokenOf: bearer,
      thanks: "Thank you. The run is noted. Go back to your case page to see what it shows.",
    }),
  ];
};

/** Where a token is presented from elsewhere: the challenge in the path names the case. */
const proofRoute = (
  runtime: RecoveryRuntime,
  {
    kind,
    about,
    tokenOf,
    thanks,
  }: {
    readonly kind: AnsweredElsewhere;
    readonly about: string;
    readonly tokenOf: (header: string | undefined) => string | null;
    readonly thanks: string;
  },
): Route =>
  defineRoute({
    method: "POST",
    path: `/recovery/proof/${kind}/:challenge`,
    about,
    guard: anyone,
    csrf: "none",
    accepts: "nothing",
    limit: { bucket: "prove-token", limit: 60, windowSeconds: 3600 },
    params: z.strictObject({ challenge: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
    handle: async (_, request) => {
      const { source, now, params } = request;
      const presented = secret(tokenOf(request.header("authorization")) ?? "");
      const done = await proveByToken(runtime, { kind, challenge: params.challenge, presented, source, now });
      if (done.ok) return text(`${thanks}\n`);
      const { status, title, detail } = done.refusal;
      return text(`${[title, detail].filter(Boolean).join(" ")}\n`, { status });
    },
  });

const LONGEST_BEARER = 8192;

/** The token of Bearer. */
const bearer = (header: string | undefined): string | null =>
  /^bearer ([\w.~+/=-]+)$/i.exec((header ?? "").trim())?.[1]?.slice(0, LONGEST_BEARER) ?? null;

/** The password of Basic, or the token of Bearer. */
function basicPassword(header: string | undefined): string | null {
  const [scheme = "", value = ""] = (header ?? "").split(" ", 2);
  if (/^bearer$/i.test(scheme)) return value.slice(0, 512);
  if (!/^basic$/i.test(scheme)) return null;
  const decoded = Buffer.from(value.slice(0, 1024), "base64").toString("utf8");
  return decoded.slice(decoded.indexOf(":") + 1);
}
