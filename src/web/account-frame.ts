import { layout } from "./layout.ts";
import type { Html } from "../kernel/html/index.ts";
import type { HttpRequest } from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { SubscriberActor } from "../sessions/index.ts";

export type AccountRequest = HttpRequest<SubscriberActor, unknown, unknown, unknown>;

/** The frame of the pages of one's own account. */
export const accountFrame = (
  runtime: Runtime,
  request: AccountRequest,
  title: string,
  body: Html,
  banner?: Html,
  scripts?: readonly string[],
): Html =>
  layout(runtime, request, {
    title,
    body,
    width: "wide",
    signedInAs: request.actor.account.username,
    banner,
    scripts,
  });

export { idField } from "../kernel/http/index.ts";
