import type { FastifyReply } from "fastify";
import type { SetCookie } from "./route.ts";

/*
 * `__Host-` ties a cookie to this very host, https and path / (RFC 6265bis §4.1.3.2; SP 800-63B-4 §5.1.1). Plain http is
 * only allowed on loopback (app/config.ts), where browsers refuse that prefix: there the names go without it.
 * Handlers use the short names: `session`, `staff`, `signin`, `case`, `browser`.
 */
const NAME = /^(?:__Host-)?locksmith_([a-z]+)$/;

export const cookieName = (short: string, isHttps: boolean): string => `${isHttps ? "__Host-" : ""}locksmith_${short}`;

/** Our cookies of a request by short name; a cookie without the prefix does not count where the prefix is in use. */
export function readCookies(
  all: Readonly<Record<string, string | undefined>>,
  isHttps: boolean,
): Record<string, string> {
  const ours: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) {
    const short = NAME.exec(name)?.[1];
    if (short && value !== undefined && name === cookieName(short, isHttps)) ours[short] = value;
  }
  return ours;
}

export function writeCookie(reply: FastifyReply, cookie: SetCookie, isHttps: boolean): void {
  const options = { path: "/", httpOnly: true, secure: isHttps, sameSite: "lax" } as const;
  const name = cookieName(cookie.name, isHttps);
  if (cookie.value === null) reply.setCookie(name, "", { ...options, maxAge: 0 });
  else if (cookie.maxAgeSeconds === undefined) reply.setCookie(name, cookie.value, options);
  else reply.setCookie(name, cookie.value, { ...options, maxAge: cookie.maxAgeSeconds });
}
