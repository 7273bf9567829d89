import { z } from "zod";
import { html, type Html, linkButton } from "../../kernel/html/index.ts";
import { anyone, defineRoute, httpRefusals, page, refused, type Route } from "../../kernel/http/index.ts";
import { layout } from "../layout.ts";
import { type Topic, TOPICS } from "./topics.ts";

const topicBody = (topic: Topic): Html => html`
  <p><a href="/help">All guidance</a></p>
  <h1>${topic.title}</h1>
  <p class="lead">${topic.lead}</p>
  ${topic.parts.map((part) => html`<h2>${part.title}</h2>${part.body}`)}
  <p class="actions">${linkButton(topic.next)}</p>`;

/** Guidance: short pages, each linked from where it helps. */
export const guidanceRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/help",
    about: "The list of guidance.",
    guard: anyone,
    handle: async (runtime, request) => {
      const body = html`
        <h1>Help</h1>
        <p class="lead">What happened?</p>
        <ul class="topics">${TOPICS.map((one) => html`<li><a href="/help/${one.slug}">${one.title}</a><br><span class="muted">${one.lead}</span></li>`)}</ul>
        <p class="actions">${linkButton({ href: "/recovery", label: "I cannot get in" })}</p>
        <p><a href="/figures">How long it takes here, and how many get back in</a></p>`;
      return page(layout(runtime, request, { title: "Help", body }));
    },
  }),
  defineRoute({
    method: "GET",
    path: "/help/:topic",
    about: "One page of guidance.",
    guard: anyone,
    params: z.strictObject({ topic: z.string().max(64) }),
    handle: async (runtime, request) => {
      const topic = TOPICS.find((one) => one.slug === request.params.topic);
      if (!topic) return refused(httpRefusals["not-found"]());
      return page(layout(runtime, request, { title: topic.title, body: topicBody(topic) }));
    },
  }),
];
