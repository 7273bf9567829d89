import { z } from "zod";
import { emptyState, html, linkButton, notice, summaryList, table, time } from "../kernel/html/index.ts";
import { anyone, defineRoute, httpRefusals, page, refused, type Route } from "../kernel/http/index.ts";
import { listMailbox, readMailbox } from "../notifications/index.ts";
import { layout } from "./layout.ts";

/**
 * For development and the demo only: the mails that an installation without a mail server wrote to its data folder. The
 * routes are in the table only there, so that a real installation has no such page.
 */
export const mailboxRoutes = (folder: string): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/mailbox",
    about: "Mails that were written to the data folder, since no mail server is configured.",
    guard: anyone,
    query: z.strictObject({ to: z.string().max(254).optional() }),
    handle: async (runtime, request) => {
      const mails = await listMailbox(folder, request.query.to ? { to: request.query.to } : {});
      const body = html`
        <h1>Mailbox</h1>
        ${notice({ tone: "warning", title: "Development only", body: html`<p>No mail server is configured, so mails are kept here, readable by anybody who can open this page. Set <code>SMTP_URL</code> to send them.</p>` })}
        ${
          mails.length === 0
            ? emptyState({
                title: "No mail yet",
                body: html`<p>Mails appear here a moment after they are written.</p>`,
              })
            : table({
                caption: "Mails, newest first",
                columns: ["When", "To", "Subject"],
                rows: mails.map((mail) => [
                  time(mail.at, request.now),
                  html`<a href="/mailbox?to=${encodeURIComponent(mail.to)}">${mail.to}</a>`,
                  html`<a href="/mailbox/${mail.id}">${mail.subject}</a>`,
                ]),
                empty: "",
              })
        }`;
      return page(layout(runtime, request, { title: "Mailbox", body, width: "wide" }));
    },
  }),
  defineRoute({
    method: "GET",
    path: "/mailbox/:id",
    about: "One mail as text, with its links.",
    guard: anyone,
    params: z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{1,80}$/) }),
    handle: async (runtime, request) => {
      const mail = await readMailbox(folder, request.params.id);
      if (!mail) return refused(httpRefusals["not-found"]());
      const body = html`
        <h1>${mail.subject}</h1>
        ${summaryList([
          { key: "From", value: mail.from },
          { key: "To", value: mail.to },
          { key: "When", value: time(mail.at, request.now) },
        ])}
        <pre class="mail">${mail.text}</pre>
        ${mail.links.length > 0 ? html`<h2>Links</h2><ul>${mail.links.map((link) => html`<li><a href="${link}">${link}</a></li>`)}</ul>` : null}
        <p>${linkButton({ href: "/mailbox", label: "Back to the mailbox", kind: "secondary" })}</p>`;
      return page(layout(runtime, request, { title: mail.subject, body, width: "wide" }));
    },
  }),
];
