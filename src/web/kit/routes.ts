import { copyable, html, type Html, linkButton } from "../../kernel/html/index.ts";
import { defineRoute, page, type Route } from "../../kernel/http/index.ts";
import { subscriberGuard } from "../../sessions/index.ts";
import { accountFrame } from "../account-frame.ts";
import { type Kit, type KitPart, kitOf } from "./content.ts";
import { kitPdf } from "./pdf.ts";

const partBody = (part: KitPart): Html => html`
  <h2>${part.title}</h2>
  ${part.lines.map((line) => html`<p>${line}</p>`)}
  ${part.boxes ? html`<ul class="tick-list">${part.boxes.map((one) => html`<li><span class="tick" aria-hidden="true"></span>${one}</li>`)}</ul>` : null}
  ${(part.blanks ?? []).map((one) => html`<p class="blank">${one}:</p>`)}`;

const asText = (kit: Kit): string =>
  [
    kit.title,
    ...kit.facts.map(([name, value]) => `${name}: ${value}`),
    ...kit.parts.flatMap((part) => [
      "",
      part.title,
      ...part.lines,
      ...(part.boxes ?? []).map((one) => `[ ] ${one}`),
      ...(part.blanks ?? []).map((one) => `${one}: ________________`),
    ]),
    "",
  ].join("\n");

const kitBody = (kit: Kit): Html => html`
  <h1>${kit.title}</h1>
  <p class="no-print">Print this and keep it with your papers. It holds no secret: whoever finds it learns what you use, and cannot use any of it.</p>
  <p class="actions no-print">${linkButton({ href: "/account/kit.pdf", label: "Download as PDF" })}</p>
  <div class="no-print">${copyable({ id: "kit-text", text: asText(kit), label: "As text", download: "recovery-kit.txt", print: true, isFolded: true })}</div>
  <p>${kit.facts.map(([name, value]) => html`${name}: <strong>${value}</strong><br>`)}</p>
  ${kit.parts.map(partBody)}`;

export const kitRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/account/kit",
    about: "The recovery kit: a sheet to print and keep.",
    guard: subscriberGuard,
    handle: async (runtime, request) => {
      const kit = await kitOf(runtime, request.actor.account, request.now);
      return page(accountFrame(runtime, request, "Recovery kit", kitBody(kit)));
    },
  }),
  defineRoute({
    method: "GET",
    path: "/account/kit.pdf",
    about: "The recovery kit as a PDF.",
    guard: subscriberGuard,
    limit: { bucket: "kit", limit: 30, windowSeconds: 3600 },
    handle: async (runtime, request) => {
      const bytes = await kitPdf(await kitOf(runtime, request.actor.account, request.now), request.now);
      return {
        kind: "bytes",
        bytes,
        type: "application/pdf",
        headers: { "content-disposition": 'attachment; filename="recovery-kit.pdf"' },
      };
    },
  }),
];
