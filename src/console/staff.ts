import { z } from "zod";
import { findAccountByName, insertStaffRole, listStaff, type StaffRole } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { hasSecondFactor } from "../authenticators/index.ts";
import { transact } from "../kernel/db/transact.ts";
import {
  button,
  errorSummary,
  field,
  form as formElement,
  html,
  type Html,
  select,
  table,
} from "../kernel/html/index.ts";
import { defineRoute, form, type HttpRequest, line, page, redirect, type Route } from "../kernel/http/index.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { type StaffActor, staffGuard } from "../sessions/index.ts";
import { deskLayout } from "./layout.ts";

const ROLES: Readonly<Record<StaffRole, string>> = {
  support: "Support: reads cases",
  reviewer: "Reviewer: decides cases",
  administrator: "Administrator: decides, and appoints",
  auditor: "Auditor: reads everything, changes nothing",
};

const guard = staffGuard("administrator");

async function staffPage(
  runtime: Runtime,
  request: HttpRequest<StaffActor, unknown, unknown, unknown>,
  message?: string,
  typed = "",
): Promise<Html> {
  const staff = await listStaff(runtime.db);
  const body = html`
    <h1>People at this desk</h1>
    ${table({ caption: "Staff", columns: ["Username", "Roles"], rows: staff.map((one) => [one.username, one.roles.join(", ")]), empty: "Nobody." })}
    <h2>Appoint somebody</h2>
    <p>They need an account here with a second factor, best a passkey. Their account then counts as critical: recovering it takes two people.</p>
    ${errorSummary({}, message)}
    ${formElement({
      action: "/console/staff",
      csrf: request.csrfToken,
      body: html`
        ${field({ name: "username", label: "Username", autocomplete: "off", value: typed, required: true, maxlength: 64, spellcheck: false })}
        ${select({ name: "role", label: "Role", value: "reviewer", options: Object.entries(ROLES).map(([value, label]) => ({ value, label })) })}
        ${button({ label: "Appoint" })}`,
    })}`;
  return deskLayout(runtime, request, { title: "People at this desk", body, staff: request.actor });
}

export const staffRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/console/staff",
    about: "Who works at the desk.",
    guard,
    handle: async (runtime, request) => page(await staffPage(runtime, request)),
  }),
  defineRoute({
    method: "POST",
    path: "/console/staff",
    about: "Gives an account a role at the desk.",
    guard,
    body: form({ username: line({ max: 64 }), role: z.enum(["support", "reviewer", "administrator", "auditor"]) }),
    invalid: async (runtime, request, { fields, values }) =>
      page(await staffPage(runtime, request, Object.values(fields).join(" "), values["username"]), { status: 422 }),
    handle: async (runtime, request) => {
      const account = await findAccountByName(runtime.db, request.body.username);
      if (!account || !(await hasSecondFactor(runtime.db, account.id))) {
        const message =
          "There is no account of that name with a second factor. Ask them to register and set up a passkey or an authenticator app first.";
        return page(await staffPage(runtime, request, message, request.body.username), { status: 422 });
      }
      await transact(runtime.db, { now: request.now }, async (tx) => {
        const by = request.actor.account.id;
        await insertStaffRole(tx, account.id, request.body.role, by);
        audit(tx, runtime.random, {
          act: "accounts/staff-appointed",
          actor: { kind: "staff", id: by },
          accountId: account.id,
          facts: { role: request.body.role },
        });
        return ok();
      });
      return redirect("/console/staff");
    },
  }),
];
