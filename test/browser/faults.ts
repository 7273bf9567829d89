/// <reference lib="dom" />
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "playwright-core";

/*
 * What is wrong with a page as it stands: everything axe knows of WCAG 2.2 A and AA and of good practice, and what it
 * does not look at: scrolling sideways (1.4.10), the frame of a document, and the size of every target (2.5.8).
 */

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Rules whose answer depends on the colours; all others say the same in light and dark. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

/** What axe finds, in one line an element. */
async function axeFaults(page: Page, rules: "all" | "colours"): Promise<readonly string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode(true); // our pages have no frames
  const { violations, passes } = await (rules === "all" ? axe.withTags(TAGS) : axe.withRules(COLOUR_RULES)).analyze();
  if (passes.length === 0) return ["axe looked at nothing"];
  return violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")} ${node.failureSummary?.replace(/\s+/g, " ") ?? ""}`),
  );
}

/** Runs in the page: nothing of this file can be seen from there. */
function ownFaults(): string[] {
  const SMALLEST_TARGET = 24; // CSS pixels, WCAG 2.5.8
  const faults: string[] = [];
  const root = document.documentElement;
  const nameOf = (element: Element): string =>
    `<${element.tagName.toLowerCase()}> “${(element.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 40)}”`;
  const isShown = (element: Element): boolean => element.checkVisibility({ visibilityProperty: true });

  if (root.lang !== "en") faults.push(`the language is “${root.lang}”`);
  if (document.title.trim().length < 3) faults.push("the page has no title");
  const headings = [...document.querySelectorAll("h1")].filter(isShown);
  if (headings.length !== 1) faults.push(`there are ${headings.length} main headings`);
  if (!document.querySelector("meta[name=viewport]")) faults.push("phones are not told to use their own width");

  if (root.scrollWidth > root.clientWidth) {
    const outside = [...document.querySelectorAll("body *")].filter(
      (element) => isShown(element) && element.getBoundingClientRect().right > root.clientWidth + 0.5,
    );
    faults.push(
      `scrolls sideways by ${root.scrollWidth - root.clientWidth}: ${outside.slice(-3).map(nameOf).join(", ")}`,
    );
  }

  for (const target of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
    if (!isShown(target) || target.closest(".skip-link")) continue;
    const { width, height } = target.getBoundingClientRect();
    // A link in the flow of a sentence is as high as its line; the criterion leaves those out.
    const isInSentence =
      getComputedStyle(target).display === "inline" &&
      (target.parentElement?.textContent ?? "").trim() !== (target.textContent ?? "").trim();
    if (!isInSentence && Math.min(width, height) < SMALLEST_TARGET - 0.5)
      faults.push(`${nameOf(target)} is only ${Math.round(width)} × ${Math.round(height)}`);
  }
  return faults;
}

/** Everything wrong with the page at its present size and colours; empty when it is sound. */
export async function faultsOf(page: Page): Promise<readonly string[]> {
  return [...(await axeFaults(page, "all")), ...(await page.evaluate(ownFaults))];
}

/** A size and a colour scheme to look at a page in. Each width and each scheme sees every rule it matters to. */
const LOOKS = [
  { width: 1280, colorScheme: "light", rules: "all" },
  { width: 1280, colorScheme: "dark", rules: "colours" },
  { width: 360, colorScheme: "dark", rules: "all" },
  { width: 360, colorScheme: "light", rules: "colours" },
] as const;
const HEIGHT = 900;
/** What remains of 1280 pixels at 400% (WCAG 1.4.10). */
const NARROWEST = 320;

/**
 * Everything wrong with the page on a wide screen, a phone and at the narrowest, in light and dark.
 * @param look called at each size, to take a picture for instance
 */
export async function faultsInEveryLook(
  page: Page,
  look: (name: string) => Promise<unknown> = async () => {},
): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { width, colorScheme, rules } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: HEIGHT });
    const found = [...(await axeFaults(page, rules)), ...(rules === "all" ? await page.evaluate(ownFaults) : [])];
    faults.push(...found.map((fault) => `${width} ${colorScheme}: ${fault}`));
    await look(`${width}-${colorScheme}`);
  }
  await page.setViewportSize({ width: NARROWEST, height: HEIGHT });
  return [...faults, ...(await page.evaluate(ownFaults)).map((fault) => `${NARROWEST}: ${fault}`)];
}
