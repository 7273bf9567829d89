import type { StoredAuditEvent } from "../audit/index.ts";

/** Acts of the audit log in the words of the person they concern. */
const ACTS: Readonly<Record<string, string>> = {
  "accounts/registered": "Account created",
  "accounts/address-confirmed": "Mail address confirmed",
  "accounts/confirmation-resent": "Confirmation mail sent again",
  "accounts/frozen": "Account frozen",
  "accounts/thawed": "Freeze ended",
  "authenticators/password-changed": "Password changed",
  "authenticators/totp-begun": "Setting up an authenticator app begun",
  "authenticators/totp-bound": "Authenticator app set up",
  "authenticators/recovery-codes-made": "New recovery codes made",
  "authenticators/recovery-codes-checked": "Recovery codes checked",
  "evidence/signing-key-registered": "SSH key added",
  "evidence/signing-key-revoked": "SSH key removed",
  "recovery/case-opened": "Recovery case opened",
  "recovery/object": "Recovery stopped by an objection",
  "recovery/grant": "Recovery decided, waiting time begun",
  "recovery/approve": "Recovery approved by a person, waiting time begun",
  "recovery/wait-over": "Waiting time over",
  "recovery/restore": "Account restored",
  "recovery/authenticators-bound": "New password and authenticator app after recovery",
  "recovery/owner-signed-in": "Recovery ended because you signed in",
  "registry/api-token-created": "API token made",
  "registry/api-token-revoked": "API token ended",
  "registry/file-uploaded": "File published",
  "sessions/authenticators-shown": "Password and app shown again",
  "sessions/ended": "Session ended",
  "sign-in/failed": "Sign-in failed",
  "sign-in/password-accepted": "Password was right, second step to come",
  "sign-in/succeeded": "Signed in",
};

export const describeAct = (event: StoredAuditEvent): string =>
  ACTS[event.act] ??
  event.act
    .replace(/^[a-z-]+\//, "")
    .replaceAll("-", " ")
    .replace(/^./, (first) => first.toUpperCase());

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\//, "Edge"],
  [/Firefox\//, "Firefox"],
  [/Chrome\/|Chromium\//, "Chrome"],
  [/Safari\//, "Safari"],
  [/twine\//, "twine"],
  [/pip\//, "pip"],
  [/curl\//, "curl"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
];

/** A user agent as people say it: "Firefox on Linux". It is what the client claims, nothing more. */
export function describeBrowser(userAgent: string): string {
  const browser = BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1];
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1];
  if (!browser) return userAgent ? userAgent.slice(0, 40) : "Unknown";
  return system ? `${browser} on ${system}` : browser;
}
