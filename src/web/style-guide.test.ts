import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import sparticuz from "@sparticuz/chromium";
import { type Browser, chromium, type Page } from "playwright-core";
import { client } from "../../test/clients.ts";
import { document } from "../kernel/html/index.ts";
import { styleGuide, styleGuidePages } from "./style-guide.ts";

/* The components in a real browser, under the policy of the real pages: contrast, reflow, and what the script adds. */

const CSP =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'";
const TYPES: Readonly<Record<string, string>> = { css: "text/css", js: "text/javascript", svg: "image/svg+xml" };
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let server: Server;
let browser: Browser;
let origin = "";
let posts: string[] = [];

async function asset(name: string): Promise<Buffer> {
  const own = new URL(`./assets/${name}`, import.meta.url);
  return readFile(name === "pico.min.css" ? fileURLToPath(import.meta.resolve("@picocss/pico/css/pico.min.css")) : own);
}

before(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? "/";
    response.setHeader("content-security-policy", CSP);
    if (request.method === "POST") {
      posts.push(path);
      response.writeHead(204).end(); // the page stays, as it does while an answer is on its way
      return;
    }
    const name = /^\/assets\/([a-z.]+)$/.exec(path)?.[1];
    if (name) {
      response.setHeader("content-type", TYPES[name.split(".").at(-1) ?? ""] ?? "text/plain");
      void asset(name).then((bytes) => response.end(bytes));
      return;
    }
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(document((styleGuidePages[path.slice(1)] ?? styleGuide)()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // listens on TCP
  const installed = client("chromium") ?? client("google-chrome");
  browser = await chromium.launch(
    installed
      ? { executablePath: installed, args: ["--no-sandbox", "--disable-gpu"] }
      : { executablePath: await sparticuz.executablePath(), args: [...sparticuz.args] },
  );
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Opens a page, hands it over, and fails on anything the browser complained about, a blocked script among them. */
async function visit(
  name: string,
  options: Parameters<Browser["newContext"]>[0],
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  try {
    await page.goto(`${origin}/${name}`);
    await look(page);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

describe("accessibility and reflow", () => {
  for (const name of ["index", ...Object.keys(styleGuidePages)]) {
    for (const [colorScheme, width] of [
      ["light", 1280],
      ["dark", 320],
    ] as const) {
      test(`${name}, ${colorScheme}, ${width} pixels wide: axe finds nothing, and nothing scrolls sideways`, async () => {
        await visit(name, { colorScheme, viewport: { width, height: 900 } }, async (page) => {
          const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
          assert.deepEqual(
            violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`),
            [],
          );
          assert.ok((await page.evaluate<number>("document.documentElement.scrollWidth")) <= width);
        });
      });
    }
  }

  test("without scripts no dead button is shown", async () => {
    await visit("codes", { javaScriptEnabled: false }, async (page) => {
      assert.equal(await page.locator("[data-copy], [data-download], [data-print]").locator("visible=true").count(), 0);
      assert.equal(await page.getByRole("button", { name: "Compare" }).isVisible(), true);
    });
  });

  test("on paper, codes stand in black on white, and nothing to click is left", async () => {
    await visit("codes", { colorScheme: "dark" }, async (page) => {
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      assert.equal(await page.locator("button, .no-print, nav").locator("visible=true").count(), 0);
      assert.equal(await page.locator(".codes .tick").locator("visible=true").count(), 10);
      const colours = await page.evaluate<string>(
        "getComputedStyle(document.querySelector('.codes code')).color + getComputedStyle(document.body).backgroundColor",
      );
      assert.equal(colours, "rgb(0, 0, 0)rgb(255, 255, 255)");
    });
  });
});

describe("what the script adds", () => {
  test("text is copied, and downloaded under its name", async () => {
    await visit("codes", { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
      const text = await page.locator("#all-codes").textContent();
      await page.getByRole("button", { name: "Copy" }).click();
      await page.getByText("Copied.").waitFor();
      assert.equal(await page.evaluate("navigator.clipboard.readText()"), text);
      const saving = page.waitForEvent("download");
      await page.getByRole("button", { name: "Download" }).click();
      const saved = await saving;
      assert.equal(saved.suggestedFilename(), "recovery-codes-index.example-alice-w-2026-11-23.txt");
      assert.equal(await readFile(await saved.path(), "utf8"), text);
    });
  });

  test("a password can be shown and hidden, and an error summary has the focus", async () => {
    await visit("form", {}, async (page) => {
      assert.equal(await page.evaluate("document.activeElement.className"), "error-summary");
      const input = page.getByLabel("Password, if you still know it");
      await page.getByRole("button", { name: "Show password" }).click();
      assert.equal(await input.getAttribute("type"), "text");
      await page.getByRole("button", { name: "Hide password" }).click();
      assert.equal(await input.getAttribute("type"), "password");
    });
  });

  test("a form pressed twice is sent once", async () => {
    posts = [];
    await visit("form", {}, async (page) => {
      const button = page.getByRole("button", { name: "Open a recovery case" });
      const sent = page.waitForRequest((request) => request.method() === "POST");
      await button.click();
      await sent;
      assert.equal(await page.evaluate("document.querySelector('main form').dataset.sent"), "yes");
      await page.evaluate("document.querySelector('main form').requestSubmit()");
      assert.equal(await page.evaluate("document.querySelector('main form button[type=submit]').ariaDisabled"), "true");
    });
    assert.deepEqual(posts, ["/recovery"]);
  });

  test("keys move along the rows, a ? explains them, and they can be switched off", async () => {
    await visit("queue", {}, async (page) => {
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      assert.equal(await page.evaluate("document.activeElement.textContent"), "LK-2033");
      await page.keyboard.press("k");
      assert.equal(await page.evaluate("document.activeElement.textContent"), "LK-2041");
      await page.keyboard.press("?");
      await page.getByRole("checkbox", { name: "Use these keys" }).uncheck();
      await page.getByRole("button", { name: "Close" }).click();
      await page.evaluate("document.activeElement.blur()");
      await page.keyboard.press("j");
      assert.notEqual(await page.evaluate("document.activeElement.textContent"), "LK-2041");
    });
  });
});
