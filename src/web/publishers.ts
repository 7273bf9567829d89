import {
  button,
  details,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  table,
  time,
} from "../kernel/html/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { type PlaceView, publisherInWords, SERVICES, trustedServices } from "../registry/index.ts";
import type { AccountRequest } from "./account-frame.ts";
import type { FormState } from "./forms.ts";
import { act, pathOf } from "./sharing.ts";

/** The services whose runs may publish a project without a token that anybody keeps, and how to register one. */
export function publishersSection(
  runtime: Runtime,
  request: AccountRequest,
  view: PlaceView,
  state: FormState,
): Html | null {
  const services = trustedServices(runtime);
  if (services.length === 0 && view.publishers.length === 0) return null;
  const base = pathOf(view.place);
  const isOwner = view.role === "owner";
  const rows = view.publishers.map((one) => [
    publisherInWords(one),
    time(one.addedAt, request.now, "date"),
    one.lastUsedAt ? time(one.lastUsedAt, request.now) : "Never",
    isOwner
      ? act(
          request,
          `${base}/publishers/remove`,
          one.id,
          html`Remove<span class="visually-hidden"> ${publisherInWords(one)}</span>`,
        )
      : "",
  ]);
  return html`
    <h2>Trusted publishers</h2>
    <p>A build service can publish this project by showing who runs there, so that no token has to be kept in its settings. It gets a token of fifteen minutes, in the name of the owner who registered it. <a href="/help/trusted-publishers">How to set it up</a></p>
    ${table({ caption: "Runs that may publish", columns: [{ label: "Publisher", isRowHeader: true }, "Registered", "Last used", ""], rows, empty: "None. Uploads need an API token." })}
    ${isOwner ? services.map((service) => registerForm(request, base, service, state)) : null}`;
}

function registerForm(
  request: AccountRequest,
  base: string,
  { service, issuer }: ReturnType<typeof trustedServices>[number],
  state: FormState,
): Html {
  const { label, hasRepositories, subject } = SERVICES[service];
  const host = new URL(issuer).host;
  const isHere = state.values["issuer"] === issuer;
  const errors = isHere ? state.errors : {};
  const values = isHere ? state.values : {};
  const text = (name: string, title: string, hint: string, required: boolean) =>
    field({
      name,
      id: `${name}-${host}`,
      label: title,
      hint,
      value: values[name],
      error: errors[name],
      required,
      maxlength: 300,
      autocomplete: "off",
      spellcheck: false,
    });
  const fields = hasRepositories
    ? html`
        ${text("repository", "Repository", service === "github" ? "Owner and name, like alice/alpenglow." : "Group and project, like alice/alpenglow.", true)}
        ${text("workflow", service === "github" ? "Workflow" : "Pipeline file", service === "github" ? "The name of the file in .github/workflows, like release.yml." : "Usually .gitlab-ci.yml.", service === "github")}
        ${text("environment", "Environment", "May stay empty. With one, only runs in it may publish, and the service can ask people before each.", false)}`
    : text("subject", subject, "Exactly as the service’s tokens say it.", true);
  return details({
    summary: `Register ${service === "oidc" ? host : label}${service === "gitlab" && host !== "gitlab.com" ? ` at ${host}` : ""}`,
    isOpen: isHere,
    body: formElement({
      action: `${base}/publishers`,
      csrf: request.csrfToken,
      body: html`${hidden("issuer", issuer)}${fields}${errors["issuer"] ? html`<p role="alert">${errors["issuer"]}</p>` : null}${button({ label: "Register it", kind: "secondary" })}`,
    }),
  });
}
