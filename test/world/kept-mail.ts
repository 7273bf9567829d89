import assert from "node:assert/strict";
import { dkimSign } from "mailauth/lib/dkim/sign.js";
import { secret } from "../../src/kernel/secret.ts";
import {
  type DkimKey,
  type KeptDkimKey,
  makeDkimKey,
  type OutgoingMail,
  publicDkimKey,
  type Sender,
  smtpTransport,
} from "../../src/notifications/index.ts";
import { decodeEntities, formsOf, type Page } from "../../src/bin/demo/browser.ts";
import type { Person } from "../../src/bin/demo/person.ts";
import { openCasePage } from "../../src/bin/demo/recovery.ts";
import { startSmtpSink } from "./smtp-sink.ts";

/* Mails as somebody keeps them: sent for real over SMTP, signed by our own sender. */

/** A signing key, and its public half as it is kept. */
export function signingKey(
  domain: string,
  used: { readonly from: Date; readonly until: Date },
  selector?: string,
): { readonly key: DkimKey; readonly kept: KeptDkimKey } {
  const { domainName, keySelector, privateKey } = JSON.parse(makeDkimKey(domain, selector).file) as {
    readonly domainName: string;
    readonly keySelector: string;
    readonly privateKey: string;
  }; // our own file
  const key = { domainName, keySelector, privateKey: secret(privateKey) };
  const kept = { ...publicDkimKey(key), origin: "server", firstUsedAt: used.from, lastUsedAt: used.until } as const;
  return { key, kept };
}

/** The mail as it arrived at a mail server, byte by byte. */
export async function arrived(mail: OutgoingMail, sender: Sender, key: DkimKey | null): Promise<string> {
  const sink = await startSmtpSink();
  const settings = { host: "127.0.0.1", port: sink.port, tls: "opportunistic", login: null } as const;
  const transport = smtpTransport(settings, { sender, dkim: key });
  try {
    const outcome = await transport.send(mail);
    assert.equal(outcome.kind, "accepted", JSON.stringify(outcome));
  } finally {
    await transport.close();
    await sink.stop();
  }
  const [got] = sink.received;
  assert(got);
  return got.raw.toString("latin1");
}

/** The mail with one more signature, made by a program that is not ours. */
export async function signedAlso(raw: string, options: Parameters<typeof dkimSign>[1]): Promise<string> {
  const { signatures, errors } = await dkimSign(Buffer.from(raw, "latin1"), {
    ...options,
    canonicalization: "relaxed/relaxed",
    signatureData: [options],
  });
  assert.match(signatures, /^DKIM-Signature:/, JSON.stringify(errors));
  return signatures + raw;
}

/** The mail without any signature. */
export const unsigned = (raw: string): string => raw.replace(/DKIM-Signature:[^]*?\r\n(?![ \t])/gi, "");

/** Chooses the file on the case page and sends it, as a browser does. Gives the page that follows. */
export async function uploadMail(person: Person, raw: string, filename = "mail.eml"): Promise<Page> {
  const page = await openCasePage(person);
  const form = formsOf(page.html).find(({ action }) => action.endsWith("/prove/registry-mail"));
  assert(form, `there is no card for a mail on the case page: ${page.text.slice(0, 500)}`);
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) if (name !== "file") body.set(name, value);
  body.set("file", new File([Buffer.from(raw, "latin1")], filename, { type: "message/rfc822" }));
  const response = await person.browser.raw(form.action, { method: "POST", body });
  const html = await response.text();
  if (response.status === 303) return person.browser.open(response.headers.get("location") ?? "/");
  return { status: response.status, path: form.action, html, text: textOf(html), headers: response.headers };
}

const textOf = (html: string): string => decodeEntities(html.replace(/<[^>]+>/g, " ")).replace(/\s+/g, " ");
