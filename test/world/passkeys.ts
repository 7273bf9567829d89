import assert from "node:assert/strict";
import { type Browser, formsOf } from "../../src/bin/demo/browser.ts";
import type { Person } from "../../src/bin/demo/person.ts";
import type { CreationOptions, RequestOptions, SoftwareAuthenticator } from "./software-authenticator.ts";
import type { World } from "./world.ts";

/* What the page's script does, over plain HTTP: asks for options with the form's token, and posts the answer. */

/** Passkeys need a host name; the world is reached by number, so its public address gets one. */
export function nameHost(world: World): string {
  world.runtime.publicUrl.hostname = "localhost";
  return world.runtime.publicUrl.origin;
}

/** Asks for a ceremony's options as the script does. The page with the form must be open. */
export async function askOptions<T = RequestOptions>(
  browser: Browser,
  at: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly json: T }> {
  const token = formsOf(browser.page.html).find((one) => one.fields["_csrf"])?.fields["_csrf"];
  assert(token, `there is no form on ${browser.page.path}`);
  const response = await browser.raw(at, {
    method: "POST",
    body: new URLSearchParams({ _csrf: token, ...fields }),
    headers: { accept: "application/json" },
  });
  return { status: response.status, json: (await response.json()) as T };
}

/** Adds a passkey to the account that is signed in here. */
export async function addPasskey(
  world: World,
  person: Person,
  authenticator: SoftwareAuthenticator,
  name = "",
): Promise<string> {
  const { browser } = person;
  await browser.open("/account/passkeys/new");
  const { json } = await askOptions<CreationOptions>(browser, "/account/passkeys/options");
  const answer = authenticator.create(json, world.runtime.publicUrl.origin);
  const page = await browser.submit("/account/passkeys", { answer, name });
  assert.equal(page.status, 200, page.text.slice(0, 300));
  return authenticator.credentials.at(-1)?.id ?? "";
}

/** Signs in with a passkey alone. */
export async function signInWithPasskey(
  world: World,
  browser: Browser,
  authenticator: SoftwareAuthenticator,
  options: {
    readonly name?: string;
    readonly path?: string;
    readonly cheat?: Parameters<SoftwareAuthenticator["get"]>[2];
  } = {},
) {
  const path = options.path ?? "/sign-in";
  await browser.open(path);
  const { json } = await askOptions(browser, `${path}/passkey/options`, options.name ? { name: options.name } : {});
  const answer = authenticator.get(json, world.runtime.publicUrl.origin, options.cheat);
  return browser.submit(`${path}/passkey`, { answer });
}
