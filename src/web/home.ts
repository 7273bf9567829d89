import { z } from "zod";
import { html, linkButton, summaryList, table, time } from "../kernel/html/index.ts";
import { anyone, defineRoute, httpRefusals, page, refused, type Route } from "../kernel/http/index.ts";
import { projectSummary } from "../registry/index.ts";
import { layout } from "./layout.ts";

export const homeRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/",
    about: "The start page.",
    guard: anyone,
    handle: async (runtime, request) => {
      const simple = new URL("/simple/", runtime.publicUrl).href;
      const body = html`
        <h1>${runtime.indexName}</h1>
        <p class="lead">A package index whose accounts are hard to steal and possible to get back.</p>
        <p class="actions">${linkButton({ href: "/sign-in", label: "Sign in" })} ${linkButton({ href: "/recovery", label: "I cannot sign in", kind: "secondary" })}</p>
        <h2>Use it</h2>
        <p>Install from it with <code>pip install --index-url ${simple} NAME</code>, or see <a href="/simple/">all projects</a>.</p>
        <h2>Locked out?</h2>
        <p>You start on the page where you are stuck. What you can still prove, a password, a mailbox, a key on your laptop, is checked within seconds. Everybody who should know is told and can object. Nobody is let in because they are in a hurry.</p>
        <p><a href="/help">Help for a lost phone, a new phone, a suspicious mail, and more</a></p>`;
      return page(layout(runtime, request, { title: runtime.indexName, body }));
    },
  }),
  defineRoute({
    method: "GET",
    path: "/project/:name/",
    about: "What the index has of one project.",
    guard: anyone,
    params: z.strictObject({ name: z.string().min(1).max(128) }),
    handle: async (runtime, request) => {
      const found = await projectSummary(runtime.db, request.params.name);
      if (!found) return refused(httpRefusals["not-found"]());
      const { project, newest, files } = found;
      const body = html`
        <h1>${project.name}</h1>
        ${newest?.summary ? html`<p class="lead">${newest.summary}</p>` : null}
        <p><code>pip install --index-url ${new URL("/simple/", runtime.publicUrl).href} ${project.name}</code></p>
        ${summaryList([
          { key: "Newest release", value: newest?.version ?? "None that stands" },
          { key: "Needs Python", value: newest?.requiresPython || "Any" },
          { key: "Here since", value: time(project.createdAt, request.now) },
        ])}
        <h2>Files</h2>
        ${table({
          caption: "Files, newest first",
          columns: ["Version", "File", "Size", "Published"],
          rows: files
            .toReversed()
            .map((file) => [
              file.version,
              html`<a href="/files/${file.sha256}/${file.filename}">${file.filename}</a>`,
              `${Math.ceil(file.size / 1024)} KiB`,
              time(file.uploadedAt, request.now),
            ]),
          empty: "No files yet.",
        })}`;
      return page(layout(runtime, request, { title: project.name, body, width: "wide" }));
    },
  }),
];
