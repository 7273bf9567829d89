import assert from "node:assert/strict";
import { after, before } from "node:test";
import serverlessChromium from "@sparticuz/chromium";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { Browser as HttpBrowser } from "../../src/bin/demo/browser.ts";
import { client } from "../clients.ts";
import { story } from "../world/story.ts";
import type { World, WorldOptions } from "../world/world.ts";

/*
 * A real Chromium: an installed one, else the one that comes as a package. One process a test file, and a context of
 * its own, with its own cookies, for every person in a test.
 */

const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Longest wait for anything on a page, in milliseconds. The machine of a test may be busy. */
const PATIENCE_MS = 20_000;

const isRoot = (): boolean => process.getuid?.() === 0;

export async function launchChromium(): Promise<Browser> {
  const installed = client("chromium") ?? client("google-chrome");
  const sandbox = isRoot() ? ["--no-sandbox"] : [];
  if (installed !== null) return chromium.launch({ executablePath: installed, args: [...FLAGS, ...sandbox] });
  const executablePath = await serverlessChromium.executablePath();
  return chromium.launch({ executablePath, args: [...serverlessChromium.args, ...FLAGS, ...sandbox] });
}

/** Somebody at a browser. */
export interface Seat {
  readonly context: BrowserContext;
  readonly page: Page;
}

/** Sits somebody down at a browser where nobody is signed in. Closed at the end of the story. */
export type SitDown = (options?: BrowserContextOptions) => Promise<Seat>;

/** A refused page is answered with its status, which Chromium reports as a failed resource: that is meant to be so. */
const isRefusalNote = (line: string): boolean =>
  /Failed to load resource: the server responded with a status of 4\d\d/.test(line);

/** What pages complain about: errors and warnings of the console, the content security policy, what did not load. */
function listen(page: Page, complaints: string[]): void {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !isRefusalNote(message.text()))
      complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${String(error)}`));
  page.on("requestfailed", (request) => {
    // A page that was left, or a download, ends its own requests.
    const why = request.failure()?.errorText ?? "failed";
    if (why !== "net::ERR_ABORTED") complaints.push(`${request.url()}: ${why}`);
  });
}

/** A story in a world of its own, with people at real browsers, none of which complains about anything. */
export type BrowserStory = (
  name: string,
  options: WorldOptions,
  play: (world: World, sitDown: SitDown) => Promise<void>,
) => void;

/** One browser for the stories of a file: started with a fresh profile before the first, ended after the last. */
export function browserStories(): BrowserStory {
  let browser: Browser | null = null;
  before(async () => {
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
  });
  return (name, options, play) =>
    story(name, options, async (world) => {
      const seats: Seat[] = [];
      const complaints: string[] = [];
      const sitDown: SitDown = async (wishes = {}) => {
        assert(browser, "the browser is started before the first story");
        const context = await browser.newContext({
          baseURL: world.origin,
          viewport: { width: 1280, height: 900 },
          reducedMotion: "reduce", // no colour is met halfway
          ...wishes,
        });
        context.setDefaultTimeout(PATIENCE_MS);
        context.on("page", (page) => listen(page, complaints));
        const seat = { context, page: await context.newPage() };
        seats.push(seat);
        return seat;
      };
      try {
        await play(world, sitDown);
        assert.deepEqual(complaints, [], "no page complained");
      } finally {
        for (const { context } of seats) await context.close();
      }
    });
}

/** Brings the cookies of somebody at the HTTP browser to a real one, so that a test need not play everything twice. */
export async function takeOver(seat: Seat, from: HttpBrowser, origin: string): Promise<void> {
  const cookies = [...from.cookies].map(([name, value]) => ({
    name,
    value,
    url: origin,
    httpOnly: true,
    sameSite: "Lax" as const,
  }));
  if (cookies.length > 0) await seat.context.addCookies(cookies);
}
