import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { faultsOf } from "./faults.ts";

/* What the stories in the browser have in common: finding things as a person does, by what they are called. */

export const button = (page: Page | Locator, name: string | RegExp): Locator =>
  page.getByRole("button", { name, ...(typeof name === "string" ? { exact: true } : {}) });
export const link = (page: Page | Locator, name: string | RegExp): Locator =>
  page.getByRole("link", { name, ...(typeof name === "string" ? { exact: true } : {}) });
export const input = (page: Page | Locator, label: string): Locator => page.getByLabel(label, { exact: true });

/** Waits for something, and says what the page said instead when it does not come. */
async function awaited(page: Page, what: Locator, name: string): Promise<void> {
  try {
    await what.waitFor();
  } catch {
    const said = (await page.getByRole("main").innerText()).replace(/\s+/g, " ");
    assert.fail(`${page.url()} never showed ${name}, but: ${said.slice(0, 1500)}`);
  }
}

/** Waits until a page with this main heading is there. */
export const arrive = (page: Page, heading: string | RegExp): Promise<void> =>
  awaited(page, page.getByRole("heading", { level: 1, name: heading }), `“${String(heading)}” as its heading`);

/** Waits until the page says this. */
export const read = (page: Page, text: string | RegExp): Promise<void> =>
  awaited(page, page.getByText(text).first(), `“${String(text)}”`);

/** The card of one kind of proof on the case page. */
export const proofCard = (page: Page, title: string): Locator =>
  page.locator("section.card").filter({ has: page.getByRole("heading", { name: title, exact: true }) });

/** Opens the fold with the ways to prove that do not stand open, where there is one. `press` says with what hand. */
export async function openMoreWays(page: Page, press = (what: Locator): Promise<void> => what.click()): Promise<void> {
  const closed = page.locator("#more-ways:not([open]) > summary");
  if ((await closed.count()) > 0) await press(closed);
}

/** The text of something, without the spaces around it. */
export const textOf = async (locator: Locator): Promise<string> => ((await locator.textContent()) ?? "").trim();

/** Looks at a page that only an act shows as closely as at those of the route table. */
export async function assertSound(page: Page): Promise<void> {
  assert.deepEqual(await faultsOf(page), [], `${page.url()} “${await page.title()}”`);
}

/** When the one date of the case page is. */
export async function bigDate(page: Page): Promise<Date> {
  const exact = await page.locator(".panel time").getAttribute("datetime");
  assert(exact, "the page has its date");
  return new Date(exact);
}
