import { audit } from "../../audit/index.ts";
import type { GuardedFetch } from "../../kernel/net/guarded-fetch.ts";
import { transact, type Tx } from "../../kernel/db/transact.ts";
import { ok } from "../../kernel/result.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { findPlace, listOwners } from "../store/people.ts";
import { type DuePage, noteLook, selectDuePages } from "../store/project-urls.ts";
import { hasLinkBack } from "./link-back.ts";
import { mailTo } from "./tell.ts";

/*
 * Verified pages are looked at again every week. A page that somebody else has by now must not go on speaking for a project;
 * a server that is away for some days must not cost anybody anything.
 */

const MOST_BYTES = 1024 * 1024;
const TIMEOUT_MS = 8000;
const DAY_MS = 24 * 3600_000;
const WEEK_MS = 7 * DAY_MS;
/** Pages of one run: what all of them time out in stays below the ten minutes to the next. */
const AT_ONCE = 200;
const ASKED_TOGETHER = 6;

export type Look = "links-back" | "no-link" | "no-answer";

/** Looks in a row, a day apart, after which a page is lost: one may be a mistake, and a move of servers takes days. */
const MOST_MISSES: Readonly<Record<Exclude<Look, "links-back">, number>> = { "no-link": 3, "no-answer": 7 };

/** What a look means for a page that was missed so often before. Pure. */
export function afterLook(misses: number, look: Look, now: Date) {
  if (look === "links-back") return { misses: 0, nextCheckAt: new Date(now.getTime() + WEEK_MS), isLost: false };
  const count = misses + 1;
  return { misses: count, nextCheckAt: new Date(now.getTime() + DAY_MS), isLost: count >= MOST_MISSES[look] };
}

/**
 * Looks at the verified pages that are due, at most 200, six at a time. One that has not led back three days in a row, or
 * has not answered for seven, counts no more; every owner is told once.
 */
export async function recheckPages(
  runtime: Runtime,
  fetch: GuardedFetch,
  now: Date,
): Promise<{ readonly looked: number; readonly lost: number }> {
  const due = await selectDuePages(runtime.db, now, AT_ONCE);
  let lost = 0;
  for (let at = 0; at < due.length; at += ASKED_TOGETHER) {
    const group = due.slice(at, at + ASKED_TOGETHER);
    const looks = await Promise.all(group.map(async (page) => ({ page, look: await lookAt(runtime, fetch, page) })));
    for (const { page, look } of looks) lost += (await noteFound(runtime, page, look, now)) ? 1 : 0;
  }
  return { looked: due.length, lost };
}

async function lookAt(runtime: Runtime, fetch: GuardedFetch, { url, projectId }: DuePage): Promise<Look> {
  const project = await findPlace(runtime.db, { kind: "project", id: projectId });
  if (!project) return "no-link";
  const page = await fetch({ url, maxBytes: MOST_BYTES, timeoutMs: TIMEOUT_MS });
  // 404 and 410 say that there is no such page; any other refusal may pass.
  if (!page.ok) return "no-answer";
  const { status, body } = page.value;
  if (status === 404 || status === 410) return "no-link";
  if (status !== 200) return "no-answer";
  const wanted = new URL(`/project/${project.slug}/`, runtime.publicUrl);
  return hasLinkBack(body.toString("utf8"), wanted) ? "links-back" : "no-link";
}

/** @returns whether the page is lost from now on */
async function noteFound(runtime: Runtime, page: DuePage, look: Look, now: Date): Promise<boolean> {
  const found = afterLook(page.misses, look, now);
  let isLost = false;
  await transact(runtime.db, { now, bookkeeping: "a page was looked at" }, async (tx) => {
    isLost = (await noteLook(tx, page, found)) && found.isLost;
    if (isLost) await tell(tx, runtime, page, look);
    return ok();
  });
  return isLost;
}

async function tell(tx: Tx, runtime: Runtime, { projectId, url }: DuePage, look: Look): Promise<void> {
  const place = await findPlace(tx, { kind: "project", id: projectId });
  if (!place) return;
  const pageUrl = new URL(`/account/projects/${place.slug}`, runtime.publicUrl).href;
  for (const owner of await listOwners(tx, place)) {
    audit(tx, runtime.random, {
      act: "registry/url-lost",
      actor: { kind: "clock" },
      accountId: owner,
      facts: { project: place.slug, url, look },
    });
    const params = { project: place.slug, url, answers: look === "no-link", when: tx.now, pageUrl };
    await mailTo(tx, runtime, owner, "project-page-lost", params);
  }
}
