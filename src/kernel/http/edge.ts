import fastifyCookie from "@fastify/cookie";
import fastifyFormbody from "@fastify/formbody";
import fastifyHelmet from "@fastify/helmet";
import fastifyMultipart from "@fastify/multipart";
import fastifyRateLimit from "@fastify/rate-limit";
import fastifyStatic from "@fastify/static";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { document, type Html } from "../html/index.ts";
import { newId } from "../ids.ts";
import { errorFields } from "../log.ts";
import type { Refusal } from "../refusal.ts";
import type { Result } from "../result.ts";
import type { Runtime } from "../runtime.ts";
import { readCookies, writeCookie } from "./cookies.ts";
import { csrfToken, isCsrfTokenValid, isSameSite } from "./csrf.ts";
import { httpRefusals } from "./define-route.ts";
import { isFormType, readForm } from "./form-body.ts";
import { multipartParts } from "./multipart.ts";
import { readMultipartForm } from "./multipart-form.ts";
import { toProblem } from "./problem.ts";
import { type Incoming, type Reply, refused, type Route, type SourceLimit } from "./route.ts";

/** A folder of files served as they are, under /assets/; or the modules of a package, under a folder of their own there. */
export type AssetFolder = string | { readonly under: string; readonly modules: string };

export interface EdgeOptions {
  readonly routes: readonly Route[];
  /** Counts one request of this source; refuses when there were too many. */
  readonly throttle: (runtime: Runtime, limit: SourceLimit, incoming: Incoming) => Promise<Result<undefined>>;
  /** A refusal as a page for people. */
  readonly refusalPage: (runtime: Runtime, refusal: Refusal, incoming: Incoming) => Html;
  readonly assets: readonly AssetFolder[];
  /** Requests a minute from one address before any other work, as a floor against floods. */
  readonly floodLimit: number;
}

const CSP = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", "data:"],
  connectSrc: ["'self'"],
  manifestSrc: ["'self'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  objectSrc: ["'none'"],
  requireTrustedTypesFor: ["'script'"],
};

const MAX_HEADER_BYTES = 16 * 1024;
const BROWSER_COOKIE_BYTES = 16;
const BROWSER_COOKIE_SECONDS = 400 * 24 * 3600;

/** Builds the HTTP server: the only place where requests become actors and input, and results become bytes. */
export async function buildEdge(runtime: Runtime, options: EdgeOptions): Promise<FastifyInstance> {
  const isHttps = runtime.publicUrl.protocol === "https:";
  const app = Fastify({
    logger: false,
    // Behind TLS the proxy is on this machine (docs/operations.md): from there, and only from there, X-Forwarded-For counts.
    trustProxy: isHttps ? "loopback" : false,
    bodyLimit: 64 * 1024,
    requestTimeout: 900_000, // 256 MiB, the largest file, over 2.5 Mbit/s
    connectionTimeout: 0,
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: false },
    http: { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: 15_000 },
    genReqId: () => newId("req", runtime.clock.now(), runtime.random),
    forceCloseConnections: true,
    return503OnClosing: true,
  });
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: { useDefaults: false, directives: isHttps ? { ...CSP, upgradeInsecureRequests: [] } : CSP },
    strictTransportSecurity: isHttps ? { maxAge: 63_072_000, includeSubDomains: true } : false,
    referrerPolicy: { policy: "no-referrer" },
    crossOriginOpenerPolicy: { policy: "same-origin" },
    frameguard: { action: "deny" },
  });
  // A client that is gone has no address any more, to count by or to write down; nobody reads this answer.
  app.addHook("onRequest", async (request) => {
    if (request.raw.socket.remoteAddress === undefined)
      throw Object.assign(new Error("The client is gone."), { statusCode: 400 });
  });
  await app.register(fastifyRateLimit, {
    max: options.floodLimit,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, context) => ({
      statusCode: 429,
      retryAfterSeconds: Math.ceil(context.ttl / 1000),
    }),
  });
  await app.register(fastifyCookie);
  await app.register(fastifyFormbody, { bodyLimit: 64 * 1024, parser: readForm });
  await app.register(fastifyMultipart, { attachFieldsToBody: false });
  // Asked for anew each time and answered 304: after an upgrade, pages and styles belong together.
  const cached = { cacheControl: true, maxAge: 0, decorateReply: false } as const;
  const folders = options.assets.filter((one) => typeof one === "string");
  await app.register(fastifyStatic, { ...cached, root: folders, prefix: "/assets/" });
  for (const one of options.assets) {
    if (typeof one === "string") continue;
    const allowedPath = (path: string) => path.endsWith(".js");
    await app.register(fastifyStatic, { ...cached, root: one.modules, prefix: `/assets/${one.under}/`, allowedPath });
  }

  app.setNotFoundHandler((request, reply) =>
    send(runtime, options, toIncoming(runtime, request, isHttps), refused(httpRefusals["not-found"]()), reply, isHttps),
  );
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const incoming = toIncoming(runtime, request, isHttps);
    return send(runtime, options, incoming, refused(refusalOf(runtime, error, incoming)), reply, isHttps);
  });
  const addRoute = (to: FastifyInstance, route: Route) =>
    to.route({
      method: route.method,
      url: route.path,
      ...(route.method === "POST" ? { bodyLimit: route.bodyLimit } : {}),
      handler: (request, reply) => handle(runtime, options, route, request, reply, isHttps),
    });
  for (const route of options.routes.filter((one) => one.accepts !== "bytes")) addRoute(app, route);
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    for (const route of options.routes.filter((one) => one.accepts === "bytes")) addRoute(scope, route);
  });
  return app;
}

async function handle(
  runtime: Runtime,
  options: EdgeOptions,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  isHttps: boolean,
): Promise<FastifyReply> {
  const startedAt = performance.now();
  const incoming = toIncoming(runtime, request, isHttps);
  const answer = await answerRoute(runtime, options, route, request, incoming);
  const elapsed = performance.now() - startedAt;
  if (elapsed < route.floorMilliseconds) {
    await new Promise((resolve) => setTimeout(resolve, route.floorMilliseconds - elapsed));
  }
  runtime.log.info("request", {
    requestId: incoming.id,
    method: route.method,
    route: route.path,
    status:
      answer.kind === "refused" ? answer.refusal.status : (answer.status ?? (answer.kind === "redirect" ? 303 : 200)),
    milliseconds: Math.round(elapsed),
    ...(answer.kind === "refused" ? { refusal: answer.refusal.code } : {}),
  });
  return send(runtime, options, incoming, answer, reply, isHttps);
}

async function answerRoute(
  runtime: Runtime,
  options: EdgeOptions,
  route: Route,
  request: FastifyRequest,
  incoming: Incoming,
): Promise<Reply> {
  const isMultipart = route.accepts === "form" && route.files.length > 0 && request.isMultipart();
  if (route.accepts === "form" && !isMultipart && !isFormType(incoming.header("content-type")))
    return refused(httpRefusals["unsupported-type"]());
  let body = request.body;
  if (route.method === "POST" && route.csrf === "form") {
    const isToken = (token: unknown) =>
      typeof token === "string" && isCsrfTokenValid(runtime.keys, incoming.cookies, token);
    const isOurs = isSameSite(incoming.header("sec-fetch-site"));
    const form = isMultipart && isOurs ? await readMultipartForm(request, route, isToken) : null;
    if (form && !form.ok) return refused(form.refusal);
    if (form?.ok) body = form.value;
    const token = (body as { _csrf?: unknown } | null | undefined)?._csrf; // untrusted, checked here
    if (!isOurs || !isToken(token)) return refused(httpRefusals["forged-form"]());
  }
  if (route.limit) {
    const counted = await options.throttle(runtime, route.limit, incoming);
    if (!counted.ok) return refused(counted.refusal);
  }
  const isStream = route.accepts === "multipart-stream";
  if (isStream && !request.isMultipart())
    return refused(httpRefusals["unsupported-type"]({ detail: "Send multipart/form-data." }));
  return route.run(runtime, incoming, {
    params: request.params,
    query: request.query,
    body: isStream ? undefined : body,
    parts: isStream ? () => multipartParts(request, route.bodyLimit) : null,
  });
}

function toIncoming(runtime: Runtime, request: FastifyRequest, isHttps: boolean): Incoming {
  const cookies = readCookies(request.cookies ?? {}, isHttps);
  if (!cookies["browser"]) cookies["browser"] = runtime.random.bytes(BROWSER_COOKIE_BYTES).toString("base64url");
  const header = (name: string) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const accept = header("accept") ?? "";
  return {
    id: request.id as Incoming["id"], // made by genReqId
    now: runtime.clock.now(),
    method: request.method === "POST" ? "POST" : "GET",
    path: pathOf(request.url),
    source: { ip: request.ip, userAgent: (header("user-agent") ?? "").slice(0, 256) },
    cookies,
    header,
    csrfToken: csrfToken(runtime.keys, cookies),
    wantsJson: /\bapplication\/(?:problem\+)?json\b/.test(accept) && !/\btext\/html\b/.test(accept),
  };
}

/** The path alone: a request line may name a whole address (RFC 9112 §3.2.2), and anybody can write any host there. */
const pathOf = (url: string): string => url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, "").split("?", 1)[0] || "/";

const isTextClient = (incoming: Incoming): boolean => !/\btext\/html\b/.test(incoming.header("accept") ?? "");

async function send(
  runtime: Runtime,
  options: EdgeOptions,
  incoming: Incoming,
  answer: Reply,
  reply: FastifyReply,
  isHttps: boolean,
): Promise<FastifyReply> {
  reply.header("x-request-id", incoming.id);
  if (answer.kind === "refused") return sendRefusal(runtime, options, incoming, answer.refusal, reply);
  for (const cookie of answer.cookies ?? []) writeCookie(reply, cookie, isHttps);
  for (const [name, value] of Object.entries(answer.headers ?? {})) reply.header(name, value);
  if (!reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
  reply.code(answer.status ?? 200);
  switch (answer.kind) {
    case "page":
      if (reply.request.cookies && !readCookies(reply.request.cookies, isHttps)["browser"]) {
        const value = incoming.cookies["browser"] ?? "";
        writeCookie(reply, { name: "browser", value, maxAgeSeconds: BROWSER_COOKIE_SECONDS }, isHttps);
      }
      return reply.type("text/html; charset=utf-8").send(document(answer.html));
    case "redirect":
      return reply.redirect(answer.to, answer.status ?? 303);
    case "json":
      return reply.type(answer.type ?? "application/json; charset=utf-8").send(JSON.stringify(answer.json));
    case "text":
      return reply.type(answer.type ?? "text/plain; charset=utf-8").send(answer.text);
    case "bytes":
      return reply.type(answer.type).send(answer.bytes);
    case "stream":
      if (answer.length !== null) reply.header("content-length", answer.length);
      return reply.type(answer.type).send(answer.stream);
  }
}

function sendRefusal(
  runtime: Runtime,
  options: EdgeOptions,
  incoming: Incoming,
  refusal: Refusal,
  reply: FastifyReply,
): FastifyReply {
  reply.code(refusal.status).header("cache-control", "no-store");
  if (refusal.retryAfterSeconds !== undefined)
    reply.header("retry-after", Math.max(1, Math.ceil(refusal.retryAfterSeconds)));
  if (refusal.status === 401 && isTextClient(incoming)) reply.header("www-authenticate", 'Basic realm="API token"');
  if (incoming.wantsJson) {
    return reply.type("application/problem+json").send(JSON.stringify(toProblem(refusal, incoming.id)));
  }
  if (isTextClient(incoming)) {
    const sentence = [refusal.title, refusal.detail].filter(Boolean).join(" ");
    // twine and pip print the reason phrase, so it carries the sentence too (RFC 9112 §4: printable ASCII only).
    reply.raw.statusMessage = sentence.replace(/[^\x20-\x7e]/g, "?").slice(0, 300);
    return reply.type("text/plain; charset=utf-8").send(`${refusal.status} ${sentence}\n`);
  }
  return reply.type("text/html; charset=utf-8").send(document(options.refusalPage(runtime, refusal, incoming)));
}

/** Errors thrown below: Fastify's own refusals of malformed requests, an absent database, or a bug. */
function refusalOf(
  runtime: Runtime,
  error: FastifyError & { retryAfterSeconds?: number },
  incoming: Incoming,
): Refusal {
  if (error.statusCode === 429) return httpRefusals["too-many"]({ retryAfterSeconds: error.retryAfterSeconds ?? 60 });
  if (error.statusCode === 413) return httpRefusals["too-large"]();
  if (error.statusCode === 415) return httpRefusals["unsupported-type"]();
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return { ...httpRefusals["bad-input"](), status: error.statusCode };
  }
  runtime.log.error("request failed", { requestId: incoming.id, ...errorFields(error) });
  return isDatabaseAway(error) ? httpRefusals.unavailable({ retryAfterSeconds: 30 }) : httpRefusals.broken();
}

const AWAY = new Set(["ECONNREFUSED", "ENOENT", "ECONNRESET", "EPIPE", "57P01", "57P02", "57P03", "08006", "08001"]);

/** Whether this is the database being unreachable or restarting, and not a bug. */
export function isDatabaseAway(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code; // node's and pg's errors carry their code here
  const message = error instanceof Error ? error.message : "";
  return (
    (typeof code === "string" && AWAY.has(code)) ||
    /timeout exceeded when trying to connect|Connection terminated|connection error and is not queryable/.test(message)
  );
}
