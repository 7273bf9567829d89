import { describeCodes, isPasskeyBound, isTotpBound } from "../authenticators/index.ts";
import { details, html, type Html, linkButton, time } from "../kernel/html/index.ts";
import { defineRoute, type Incoming, page, type Route } from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { layout } from "./layout.ts";
import { type CeremonyActor, ceremonyGuard } from "./sign-in.ts";

/** What was right so far, in words. */
export const shownInWords = (factors: readonly string[]): string =>
  factors.includes("totp") ? "Your password and the code from your app were right" : "Your password was right";

async function stuckPage(runtime: Runtime, request: Incoming, { account, ceremony }: CeremonyActor): Promise<Html> {
  const [codes, hasPasskey, hasTotp] = await Promise.all([
    describeCodes(runtime.db, account.id),
    isPasskeyBound(runtime.db, account.id),
    isTotpBound(runtime.db, account.id),
  ]);
  const isNewDevice = ceremony.confirmingSince !== null;
  const passkey = html`<li>
    <h2>Your passkey on another device</h2>
    <p>A synced passkey is on all your devices, and a phone can lend its own to this browser: choose “another device” when the browser asks. A second security key works the same.</p>
    <p><a href="${isNewDevice ? "/sign-in/new-device" : "/sign-in/second-factor"}">Use a passkey</a></p>
  </li>`;
  const app = html`<li>
    <h2>Your authenticator on another device</h2>
    <p>Is the app also on a tablet, an old phone or in a password manager? Its six digits work the same.</p>
    <p><a href="/sign-in/second-factor">Enter the six digits</a></p>
  </li>`;
  const known = html`<li>
    <h2>A browser in which you signed in before</h2>
    <p>There nothing but your password${ceremony.factors.includes("totp") ? " and your app" : ""} is asked for. Once in, add an address you read now, on the page “Addresses”.</p>
  </li>`;
  const open = html`<li>
    <h2>A device on which you are still signed in</h2>
    <p>A browser at work or an old laptop? Open <code>${runtime.publicUrl.host}/account</code> there and set up a new passkey or app.</p>
  </li>`;
  const body = html`
    <h1>You can get back in</h1>
    <p>${shownInWords(ceremony.factors)}, and we will remember that. Here is every way back, the quickest first.</p>
    <ol class="ways">
      ${hasPasskey ? passkey : null}
      ${hasTotp && !isNewDevice ? app : null}
      ${
        codes && codes.unused > 0
          ? html`<li>
              <h2>One of your ${codes.unused} unused recovery codes</h2>
              <p>Made ${time(codes.madeAt, request.now)}. Look for a file called <code>${codes.fileName}</code>, or a printed sheet.</p>
              <p><a href="/sign-in/recovery-code">Enter a recovery code</a></p>
            </li>`
          : null
      }
      ${isNewDevice ? known : open}
      <li>
        <h2>A recovery case</h2>
        <p>Prove in other ways that the account is yours, most of them checked within seconds. It stays private, and nobody can rush it, including you: the owner is told everywhere and can object.</p>
        <p>${linkButton({ href: "/sign-in/stuck/case", label: "Open a recovery case" })}</p>
      </li>
    </ol>
    ${isNewDevice ? html`<p><a href="/sign-in/new-device">Back to the code by mail</a></p>` : null}
    ${details({ summary: "Is somebody hurrying you?", body: html`<p>We never telephone, and we never ask for a code or a password. If somebody does, close this page.</p>` })}`;
  return layout(runtime, request, { title: "You can get back in", body, width: "wide" });
}

/** The screen of somebody whose password was right and who cannot go on. */
export const stuckRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/sign-in/stuck",
    about: "Every way back for somebody whose password was right, best first.",
    guard: ceremonyGuard,
    handle: async (runtime, request) => page(await stuckPage(runtime, request, request.actor)),
  }),
];
