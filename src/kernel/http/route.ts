import type { Readable } from "node:stream";
import type { z } from "zod";
import type { Html } from "../html/index.ts";
import type { RequestId } from "../ids.ts";
import type { Refusal } from "../refusal.ts";
import type { Result } from "../result.ts";
import type { Runtime } from "../runtime.ts";

/** Where a request came from. An address is a hint for people and for throttling, never a factor. */
export interface Source {
  readonly ip: string;
  readonly userAgent: string;
}

/** What every handler and guard sees of a request, before its actor and input are known. */
export interface Incoming {
  readonly id: RequestId;
  /** The one reading of the clock for this request. */
  readonly now: Date;
  readonly method: "GET" | "POST";
  /** Path without query. */
  readonly path: string;
  readonly source: Source;
  readonly cookies: Readonly<Record<string, string>>;
  /** The value of one request header, lower-case name; never Host or X-Forwarded-*. */
  readonly header: (name: string) => string | undefined;
  /** The token that forms on the answer must carry. */
  readonly csrfToken: string;
  /** Whether the client would rather read JSON than a page. */
  readonly wantsJson: boolean;
}

export interface HttpRequest<Actor, Params, Query, Body> extends Incoming {
  readonly actor: Actor;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

/** Turns a request into an actor, or refuses it. `name` is the `who` of the route table. */
export interface Guard<Actor> {
  readonly name: string;
  readonly authorize: (runtime: Runtime, incoming: Incoming) => Promise<Result<Actor>>;
  /** Where a browser is sent to become such an actor; without it the refusal is shown. */
  readonly signInAt?: (incoming: Incoming, refusal: Refusal) => string | null;
}

/** Nobody needs to be anybody. */
export const anyone: Guard<null> = { name: "anyone", authorize: async () => ({ ok: true, value: null }) };

export interface SetCookie {
  readonly name: string;
  /** null clears it. */
  readonly value: string | null;
  /** Absent: until the browser closes. */
  readonly maxAgeSeconds?: number;
}

interface ReplyExtras {
  readonly status?: number;
  readonly cookies?: readonly SetCookie[];
  readonly headers?: Readonly<Record<string, string>>;
}

export type Reply =
  | ({ readonly kind: "page"; readonly html: Html } & ReplyExtras)
  /** 303 unless said: after a POST the browser gets the next page. `to` is a path of ours. */
  | ({ readonly kind: "redirect"; readonly to: string } & ReplyExtras)
  | ({ readonly kind: "json"; readonly json: unknown; readonly type?: string } & ReplyExtras)
  | ({ readonly kind: "text"; readonly text: string; readonly type?: string } & ReplyExtras)
  | ({ readonly kind: "bytes"; readonly bytes: Buffer; readonly type: string } & ReplyExtras)
  /** `length` in bytes; null where it is not known beforehand. */
  | ({
      readonly kind: "stream";
      readonly stream: Readable;
      readonly length: number | null;
      readonly type: string;
    } & ReplyExtras)
  | { readonly kind: "refused"; readonly refusal: Refusal };

export const page = (html: Html, extras: ReplyExtras = {}): Reply => ({ kind: "page", html, ...extras });
export const redirect = (to: string, extras: ReplyExtras = {}): Reply => ({ kind: "redirect", to, ...extras });
export const json = (value: unknown, extras: ReplyExtras & { type?: string } = {}): Reply => ({
  kind: "json",
  json: value,
  ...extras,
});
export const text = (value: string, extras: ReplyExtras & { type?: string } = {}): Reply => ({
  kind: "text",
  text: value,
  ...extras,
});
export const refused = (refusal: Refusal): Reply => ({ kind: "refused", refusal });

/** At most `limit` requests a window from one network, counted in PostgreSQL before the route does anything. */
export interface SourceLimit {
  /** Routes with the same bucket share one count. */
  readonly bucket: string;
  readonly limit: number;
  readonly windowSeconds: number;
}

/** What the person sent that failed validation: messages by field, and what to put back into the form. */
export interface InvalidInput {
  readonly fields: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string>>;
}

/** One row of the route table. Nothing is reachable over HTTP that is not one. */
export interface Route {
  readonly method: "GET" | "POST";
  /** With `:names`, as Fastify reads them. */
  readonly path: string;
  readonly who: string;
  /** A sentence for the generated list of routes. */
  readonly about: string;
  /**
   * How a forged cross-site request is stopped. `form`: token and Sec-Fetch-Site. `none`: the request is not
   * authenticated by a cookie (API token, signed body), so there is nothing to ride on.
   */
  readonly csrf: "form" | "none";
  readonly limit: SourceLimit | null;
  /** Most bytes of a request body; larger is 413. */
  readonly bodyLimit: number;
  /** `bytes`: the body as it came, for a signature over it. `multipart-stream`: the handler reads the parts (uploads). */
  readonly accepts: "nothing" | "form" | "json" | "bytes" | "multipart-stream";
  /** Of a form: the fields that may be a file. With any, the form is taken as multipart too. */
  readonly files: readonly string[];
  /** Least milliseconds an answer takes when its refusals are `generic`. */
  readonly floorMilliseconds: number;
  readonly run: (runtime: Runtime, incoming: Incoming, raw: RawInput) => Promise<Reply>;
}

/** Input as it came, before the schemas. */
export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** Only for `multipart-stream`: the parts in order, files as streams. */
  readonly parts: (() => AsyncIterable<MultipartPart>) | null;
}

export type MultipartPart =
  | { readonly kind: "field"; readonly name: string; readonly value: string; readonly truncated: boolean }
  | {
      readonly kind: "file";
      readonly name: string;
      readonly filename: string;
      readonly stream: Readable;
      /** Known only after the stream has ended. */
      readonly isTruncated: () => boolean;
    };

type Infer<S extends z.ZodType | undefined> = S extends z.ZodType ? z.output<S> : undefined;

export interface RouteOptions<
  Actor,
  P extends z.ZodType | undefined,
  Q extends z.ZodType | undefined,
  B extends z.ZodType | undefined,
> {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly about: string;
  readonly guard: Guard<Actor>;
  readonly params?: P;
  readonly query?: Q;
  /** A strict object: unknown and duplicate fields are refused. */
  readonly body?: B;
  readonly accepts?: Route["accepts"];
  readonly csrf?: Route["csrf"];
  readonly limit?: SourceLimit;
  readonly bodyLimit?: number;
  /** Names of fields that may be a file; its schema gets the content as text, one character a byte. */
  readonly files?: readonly string[];
  readonly floorMilliseconds?: number;
  readonly handle: (
    runtime: Runtime,
    request: HttpRequest<Actor, Infer<P>, Infer<Q>, Infer<B>> & { readonly parts: RawInput["parts"] },
  ) => Promise<Reply>;
  /** Shows the form again with its errors; without it the edge shows a plain page with the list. */
  readonly invalid?: (
    runtime: Runtime,
    request: HttpRequest<Actor, Infer<P>, Infer<Q>, undefined>,
    invalid: InvalidInput,
  ) => Promise<Reply>;
}
