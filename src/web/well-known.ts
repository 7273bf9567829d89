import { mayHavePasskeys } from "../authenticators/index.ts";
import { anyone, defineRoute, json, redirect, type Route, text } from "../kernel/http/index.ts";

const DAY_MS = 24 * 3600 * 1000;

/** Addresses that programs look for. */
export const wellKnownRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/.well-known/security.txt",
    about: "How to report a weakness (RFC 9116).",
    guard: anyone,
    handle: async (runtime, request) => {
      const expires = new Date(request.now.getTime() + 180 * DAY_MS);
      const lines = [
        `Contact: ${new URL("/recovery", runtime.publicUrl).href}`,
        `Contact: mailto:security@${runtime.publicUrl.hostname}`,
        `Expires: ${expires.toISOString().slice(0, 10)}T00:00:00.000Z`,
        "Preferred-Languages: en",
        `Canonical: ${new URL("/.well-known/security.txt", runtime.publicUrl).href}`,
        "",
      ];
      return text(lines.join("\n"), { headers: { "cache-control": "public, max-age=86400" } });
    },
  }),
  defineRoute({
    method: "GET",
    path: "/.well-known/passkey-endpoints",
    about: "Where password managers find the pages for passkeys (W3C passkey-endpoints).",
    guard: anyone,
    handle: async (runtime) => {
      const at = (path: string) => new URL(path, runtime.publicUrl).href;
      const headers = { "cache-control": "public, max-age=86400" };
      const places = { enroll: at("/account/passkeys/new"), manage: at("/account/passkeys") };
      return json(mayHavePasskeys(runtime.publicUrl) ? places : {}, { headers });
    },
  }),
  defineRoute({
    method: "GET",
    path: "/.well-known/change-password",
    about: "Where password managers send people to change a password (W3C change-password-url).",
    guard: anyone,
    handle: async () => redirect("/account/password", { status: 303 }),
  }),
];
