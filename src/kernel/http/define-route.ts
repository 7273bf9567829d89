import { z } from "zod";
import { defineRefusals } from "../refusal.ts";
import { type InvalidInput, redirect, refused, type Reply, type Route, type RouteOptions } from "./route.ts";

export const httpRefusals = defineRefusals("http", {
  "bad-input": { status: 400, title: "Something in the request is not as it should be." },
  "not-found": { status: 404, title: "There is no page here." },
  "method-not-allowed": { status: 405, title: "This address does not take that kind of request." },
  "too-large": { status: 413, title: "That is larger than we accept here." },
  "unsupported-type": { status: 415, title: "We do not read that kind of content here." },
  "forged-form": {
    status: 403,
    title:
      "This form was not sent from our own page, or the page was open for too long. Go back, reload and try again.",
  },
  "too-many": { status: 429, title: "Too many attempts from your network. Please wait a little." },
  "headers-too-large": { status: 431, title: "The request's headers or cookies are too large." },
  broken: { status: 500, title: "Something went wrong on our side. It has been noted; nothing you did is lost." },
  unavailable: { status: 503, title: "Locksmith cannot reach its database just now. Please try again in a minute." },
});

const FORM_LIMIT = 64 * 1024;
const NO_BODY = 1024;
const MOST_VALUE_SHOWN_AGAIN = 4096;

/** Fields that are never put back into a form. */
const SECRET_FIELD = /password|code|token$|secret|signature|_csrf/i;

/**
 * Makes a row of the route table. Input is validated by strict schemas before `handle` sees it; the actor's type comes
 * from the guard. Order of checks: guard, then input, so that a stranger learns nothing about what an input would do.
 */
export function defineRoute<
  Actor,
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(options: RouteOptions<Actor, P, Q, B>): Route {
  const accepts = options.accepts ?? (options.body ? "form" : "nothing");
  return {
    method: options.method,
    path: options.path,
    about: options.about,
    who: options.guard.name,
    csrf: options.csrf ?? "form",
    limit: options.limit ?? null,
    accepts,
    bodyLimit: options.bodyLimit ?? (accepts === "nothing" && options.method === "GET" ? NO_BODY : FORM_LIMIT),
    files: options.files ?? [],
    floorMilliseconds: options.floorMilliseconds ?? 0,
    run: async (runtime, incoming, raw): Promise<Reply> => {
      const actor = await options.guard.authorize(runtime, incoming);
      if (!actor.ok) {
        const to = incoming.wantsJson ? null : options.guard.signInAt?.(incoming, actor.refusal);
        return to ? redirect(to) : refused(actor.refusal);
      }
      const params = parse(options.params, raw.params);
      if (!params.ok || hasControl(raw.params)) return refused(httpRefusals["not-found"]());
      if (hasControl(raw.query))
        return refused(httpRefusals["bad-input"]({ detail: "The address has control characters in it." }));
      const query = parse(options.query, raw.query);
      if (!query.ok)
        return refused(httpRefusals["bad-input"]({ detail: sentence(query.invalid), fields: query.invalid.fields }));
      const known = { ...incoming, actor: actor.value, params: params.value, query: query.value };
      const body = parse(options.body, raw.body);
      if (!body.ok) {
        // The casts below restore what the schema has just proven; zod's inference is lost behind the optional generic.
        if (options.invalid && !incoming.wantsJson)
          return options.invalid(runtime, { ...known, body: undefined } as never, body.invalid);
        return refused(httpRefusals["bad-input"]({ detail: sentence(body.invalid), fields: body.invalid.fields }));
      }
      return options.handle(runtime, { ...known, body: body.value, parts: raw.parts } as never);
    },
  };
}

/** Whether a parameter or query value has control characters; no address of ours has, and PostgreSQL stores no NUL. */
const hasControl = (values: unknown): boolean =>
  Object.values((values ?? {}) as Record<string, unknown>) // as the router made them: strings, or lists of strings
    .flat()
    .some((value) => typeof value === "string" && /\p{Cc}/u.test(value));

type Parsed = { ok: true; value: unknown } | { ok: false; invalid: InvalidInput };

function parse(schema: z.ZodType | undefined, input: unknown): Parsed {
  if (!schema) return { ok: true, value: undefined };
  const parsed = schema.safeParse(input ?? {});
  if (parsed.success) return { ok: true, value: parsed.data };
  const fields: Record<string, string> = {};
  for (const issue of parsed.error.issues) {
    const names = issue.code === "unrecognized_keys" ? issue.keys : [issue.path.join(".") || "form"];
    for (const name of names) {
      fields[name.slice(0, 64)] ??=
        issue.code === "unrecognized_keys" ? "This field is not one we know." : issue.message;
    }
  }
  return { ok: false, invalid: { fields, values: valuesToShow(input) } };
}

function valuesToShow(input: unknown): Record<string, string> {
  if (input === null || typeof input !== "object") return {};
  const entries = Object.entries(input).flatMap(([name, value]) =>
    typeof value === "string" && !SECRET_FIELD.test(name)
      ? [[name, value.slice(0, MOST_VALUE_SHOWN_AGAIN)] as const]
      : [],
  );
  return Object.fromEntries(entries);
}

const sentence = ({ fields }: InvalidInput): string =>
  Object.entries(fields)
    .map(([name, message]) => `${name}: ${message}`)
    .join(" ");
