import { equalBytes, type Keyring } from "../crypto/keyring.ts";

/*
 * A form counts only when it comes from a page of ours: the browser must not call it cross-site (Sec-Fetch-Site), and it
 * must carry a token bound to this browser and to the sessions it holds (SP 800-63B-4 §5.1, OWASP CSRF sheet: signed
 * double submit). Origin is not used: the referrer policy makes Chromium send `Origin: null` on same-origin posts.
 */

/** @param holder everything the token is bound to: the browser's and the sessions' cookies */
export function csrfToken(keys: Keyring, holder: Readonly<Record<string, string>>): string {
  return keys.mac("csrf", bound(holder)).toString("base64url");
}

export function isCsrfTokenValid(keys: Keyring, holder: Readonly<Record<string, string>>, token: string): boolean {
  const given = Buffer.from(token, "base64url");
  return keys.macs("csrf", bound(holder)).some((mac) => equalBytes(mac, given));
}

/** Absent in old browsers and outside clients; present, it must say that the form is our own. */
export const isSameSite = (secFetchSite: string | undefined): boolean =>
  secFetchSite === undefined || secFetchSite === "same-origin" || secFetchSite === "none";

const bound = (holder: Readonly<Record<string, string>>): string =>
  ["browser", "session", "staff", "signin", "case"].map((name) => `${name}=${holder[name] ?? ""}`).join("\n");
