import type { Account } from "../../accounts/index.ts";
import { type Tx, transact } from "../../kernel/db/transact.ts";
import { newId, type ProjectUrlId } from "../../kernel/ids.ts";
import type { GuardedFetch } from "../../kernel/net/guarded-fetch.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { projectSummary } from "../records.ts";
import { registryRefusals } from "../refusals.ts";
import { listProjectUrls, setUrlRemoved, upsertProjectUrl } from "../store/project-urls.ts";
import { hasLinkBack, namedPages, pageUrl } from "./link-back.ts";
import { openPlace } from "./places.ts";
import { LIMITS } from "./rules.ts";
import { traceChange } from "./tell.ts";

const MOST_BYTES = 1024 * 1024;
const TIMEOUT_MS = 8000;

/** The https pages that the newest release of a project names. */
export async function pagesNamedBy(runtime: Pick<Runtime, "db">, project: string): Promise<readonly string[]> {
  const newest = (await projectSummary(runtime.db, project))?.newest;
  return newest ? namedPages(newest.metadata) : [];
}

/** Runs in the transaction of an act that changes the pages of a project. */
async function open(tx: Tx, project: string, by: Account) {
  const place = await openPlace(tx, { kind: "project", slug: project }, by, { role: "owner", power: "ownership" });
  if (!place.ok) return place;
  if (place.value.kind !== "project") throw new Error("A project was asked for.");
  return ok(place.value);
}

/**
 * Verifies a page that the newest release names: it must link back to the project's page here. Looked at again, a
 * verified one keeps its date. Refuses who does not own the project, a hold, other pages, what cannot be read, and one
 * too many. The page is fetched between two transactions: who may is checked in both.
 */
export async function verifyUrl(
  runtime: Runtime,
  fetch: GuardedFetch,
  by: Account,
  which: { readonly project: string; readonly url: string },
  now: Date,
): Promise<Result<undefined>> {
  const url = pageUrl(which.url);
  if (!url) return refuse(registryRefusals["not-a-page"]());
  const may = await transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const place = await open(tx, which.project, by);
    return place.ok ? ok() : place;
  });
  if (!may.ok) return may;
  if (!(await pagesNamedBy(runtime, which.project)).includes(url.href))
    return refuse(registryRefusals["not-in-metadata"]());
  const page = await fetch({ url: url.href, maxBytes: MOST_BYTES, timeoutMs: TIMEOUT_MS });
  if (!page.ok || page.value.status !== 200) return refuse(registryRefusals["page-unreachable"]());
  const wanted = new URL(`/project/${which.project}/`, runtime.publicUrl);
  if (!hasLinkBack(page.value.body.toString("utf8"), wanted)) {
    return refuse(registryRefusals["no-link-back"]({ detail: `It should link to ${wanted.href} .` }));
  }
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const place = await open(tx, which.project, by);
    if (!place.ok) return place;
    const present = await listProjectUrls(tx, place.value.id);
    const isKnown = present.some((one) => one.url === url.href);
    if (!isKnown && present.length >= LIMITS.urls) return refuse(registryRefusals["too-many-urls"]());
    const id = newId("url", tx.now, runtime.random);
    const isNew = await upsertProjectUrl(tx, { id, projectId: place.value.id, url, by: by.id });
    await traceChange(tx, runtime, {
      by,
      place: place.value,
      what: isNew
        ? `${by.username} had the page ${url.href} verified as one of the project’s.`
        : `${by.username} had the page ${url.href} looked at again; it still links back.`,
      act: "registry/url-verified",
      facts: { url: url.href },
      isForOwners: isNew,
    });
    return ok();
  });
}

/** Takes a verified page away. Refuses who does not own the project, a hold, and a page that is none. */
export function removeUrl(
  runtime: Runtime,
  by: Account,
  which: { readonly project: string; readonly id: ProjectUrlId },
  now: Date,
): Promise<Result<undefined>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const place = await open(tx, which.project, by);
    if (!place.ok) return place;
    const gone = await setUrlRemoved(tx, place.value.id, which.id);
    if (!gone) return refuse(registryRefusals["not-a-page"]());
    await traceChange(tx, runtime, {
      by,
      place: place.value,
      what: `${by.username} removed the verified page ${gone.url}.`,
      act: "registry/url-removed",
      facts: { url: gone.url },
      isForOwners: true,
    });
    return ok();
  });
}
