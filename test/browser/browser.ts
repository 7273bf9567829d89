import { after, before } from "node:test";
import serverlessChromium from "@sparticuz/chromium";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { Browser as HttpBrowser } from "../../src/bin/demo/browser.ts";
import { client } from "../clients.ts";

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

async function launch(): Promise<Browser> {
  const installed = client("chromium") ?? client("google-chrome");
  const sandbox = isRoot() ? ["--no-sandbox"] : [];
  if (installed !== null) return chromium.launch({ executablePath: installed, args: [...FLAGS, ...sandbox] });
  const executablePath = await serverlessChromium.executablePath();
  return chromium.launch({ executablePath, args: [...serverlessChromium.args, ...FLAGS, ...sandbox] });
}

/** What a page complained about; every test ends with none of it. */
export interface Complaints {
  readonly lines: readonly string[];
}

export interface BrowserSeat {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly complaints: Complaints;
}

export interface TestBrowser {
  /** Sits somebody down at a browser where nobody is signed in. Closed with the browser. */
  seat(origin: string, options?: BrowserContextOptions): Promise<BrowserSeat>;
}

/** A refused page is answered with its status, which Chromium reports as a failed resource: that is meant to be so. */
const isRefusalNote = (line: string): boolean =>
  /Failed to load resource: the server responded with a status of 4\d\d/.test(line);

function listen(page: Page, lines: string[]): void {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !isRefusalNote(message.text()))
      lines.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => lines.push(`${page.url()}: ${String(error)}`));
  page.on("requestfailed", (request) => {
    // A page that was left, or a download, ends its own requests.
    if (request.failure()?.errorText !== "net::ERR_ABORTED")
      lines.push(`${request.url()}: ${request.failure()?.errorText ?? "failed"}`);
  });
}

/** One browser for the tests of a file: started with a fresh profile before the first, ended after the last. */
export function testBrowser(): TestBrowser {
  let browser: Browser | null = null;
  before(async () => {
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
  });
  return {
    seat: async (origin, options = {}) => {
      if (!browser) throw new Error("The browser is started before the first test of a file.");
      // The world's clock is moved by hand, so the device's own time means nothing to a page.
      const context = await browser.newContext({
        baseURL: origin,
        viewport: { width: 1280, height: 900 },
        acceptDownloads: true,
        ...options,
      });
      context.setDefaultTimeout(PATIENCE_MS);
      const lines: string[] = [];
      context.on("page", (page) => listen(page, lines));
      const page = await context.newPage();
      return { context, page, complaints: { lines } };
    },
  };
}

/** Brings the cookies of somebody at the HTTP browser to a real one, so that a test need not play everything twice. */
export async function takeOver(seat: BrowserSeat, from: HttpBrowser, origin: string): Promise<void> {
  const cookies = [...from.cookies].map(([name, value]) => ({
    name,
    value,
    url: origin,
    httpOnly: true,
    sameSite: "Lax" as const,
  }));
  if (cookies.length > 0) await seat.context.addCookies(cookies);
}
