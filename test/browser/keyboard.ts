/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";

/*
 * Somebody without a mouse. Every place where Tab stops on the way must show that it has the focus, must be in sight and
 * not covered (WCAG 2.4.7, 2.4.11), and must come after the one before (2.4.3).
 */

export interface Keyboard {
  /** Presses Tab until this has the focus. */
  goTo(target: Locator): Promise<void>;
  /** Goes there and types, over what was there. */
  type(target: Locator, text: string): Promise<void>;
  /** Goes there and presses Enter. */
  enter(target: Locator): Promise<void>;
  /** Goes there and presses the space bar. */
  choose(target: Locator): Promise<void>;
}

interface Stop {
  readonly name: string;
  /** Its place in the document. */
  readonly place: number;
  readonly faults: readonly string[];
}

/** Longest way to anything, in stops. */
const MOST_STOPS = 120;

/** Runs in the page: where the focus is, null where it is nowhere. */
function stopHere(): Stop | null {
  const element = document.activeElement;
  if (!element || element === document.body || element === document.documentElement) return null;
  const faults: string[] = [];
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const isMain = element.tagName === "MAIN"; // where the skip link leads; its ring would be round the whole page
  if (!isMain && (outlineStyle === "none" || Number.parseFloat(outlineWidth) < 2))
    faults.push("no ring shows the focus");
  const box = element.getBoundingClientRect();
  const top = Math.max(box.top, 0);
  const bottom = Math.min(box.bottom, innerHeight);
  if (bottom - top < Math.min(box.height, 24) - 1 || box.right <= 0 || box.left >= innerWidth)
    faults.push("out of sight");
  else {
    const hit = document.elementFromPoint(
      (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2,
      (top + bottom) / 2,
    );
    if (hit && !element.contains(hit) && !hit.contains(element)) faults.push(`covered by <${hit.tagName}>`);
  }
  const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : element.textContent;
  return {
    name: `<${element.tagName.toLowerCase()}> “${(label ?? "").trim().replace(/\s+/g, " ").slice(0, 40)}”`,
    place: [...document.querySelectorAll("*")].indexOf(element),
    faults,
  };
}

const hasFocus = (target: Locator): Promise<boolean> =>
  target.evaluate((element) => element === document.activeElement);

/** The keyboard of a page. */
export function keyboardOf(page: Page): Keyboard {
  const goTo = async (target: Locator): Promise<void> => {
    await page.waitForLoadState("load"); // without its style sheet a page shows the focus as the browser likes
    await target.waitFor({ state: "visible" });
    let before = -1;
    const passed: string[] = [];
    for (let stops = 0; stops < MOST_STOPS; stops += 1) {
      if (await hasFocus(target)) return;
      await page.keyboard.press("Tab");
      const stop = await page.evaluate(stopHere);
      if (stop) {
        assert.deepEqual(stop.faults, [], `${stop.name} at ${page.url()}`);
        // At the end of the document Tab begins anew.
        assert(stop.place > before || before === -1 || passed.length > 0, `${stop.name} comes before ${passed.at(-1)}`);
        passed.push(stop.name);
      }
      before = stop ? stop.place : -1;
    }
    assert.fail(`Tab does not lead to ${String(target)} at ${page.url()}: ${passed.join(", ")}`);
  };
  return {
    goTo,
    type: async (target, text) => {
      await goTo(target);
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.insertText(text);
    },
    enter: async (target) => {
      await goTo(target);
      await page.keyboard.press("Enter");
    },
    choose: async (target) => {
      await goTo(target);
      await page.keyboard.press("Space");
    },
  };
}
