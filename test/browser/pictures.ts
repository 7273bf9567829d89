import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { type Person, upload, wheelOf } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm, proveSshKey } from "../../src/bin/demo/recovery.ts";
import { atTheDesk, DAY, elsewhere, HOUR, maintainer, staff } from "../adversary/cast.ts";
import { startWorld, type World } from "../world/world.ts";
import { launchChromium, takeOver } from "./browser.ts";

/*
 * Takes the pictures of the README from a running system: `node test/browser/pictures.ts`. Not a test; run it when the
 * case page or the desk has changed.
 */

const FOLDER = fileURLToPath(new URL("../../docs/images/", import.meta.url));

/** What somebody sees at a path, from the top down to a height in pixels. */
async function picture(browser: Browser, world: World, person: Person, path: string, height: number, name: string) {
  const context = await browser.newContext({
    baseURL: world.origin,
    viewport: { width: 1200, height },
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  await takeOver({ context, page }, person.browser, world.origin);
  await page.goto(path);
  await page.screenshot({ path: `${FOLDER}${name}.png` });
  await context.close();
  process.stdout.write(`docs/images/${name}.png\n`);
}

/** Bob has lost his phone, wrote from the public form and has shown a few things; a reviewer has asked for one more. */
async function play(world: World, browser: Browser): Promise<void> {
  const bob = await maintainer(world, "bob", "bedrock");
  const frank = await maintainer(world, "frank", "gneiss");
  for (const name of ["basalt", "schist"]) await upload(world, frank, wheelOf(name, "1.0", ["bedrock>=1"]));
  const rita = await staff(world, "rita", "reviewer");
  await world.pass(40 * DAY);

  const away = elsewhere(world, bob);
  const { number } = await openFromForm(away, { username: "bob", contact: bob.address });
  await confirmContact(world, away, number);
  await away.browser.submit("/recovery/case/submit");
  const desk = await atTheDesk(world, rita);
  await desk.browser.open(`/console/cases/${number}`);
  await desk.browser.submit(/request-information$/, { question: "Please sign with the key on your laptop." });
  await world.pass(HOUR);
  await openCasePage(away);
  await picture(browser, world, away, "/recovery/case", 1180, "case-page");
  await proveSshKey(away);
  await away.browser.submit("/recovery/case/message", { body: "Done. It is the key I sign my releases with." });
  await world.pass(HOUR);
  const open = await atTheDesk(world, rita);
  await picture(browser, world, open, `/console/cases/${number}`, 1300, "desk");
}

await mkdir(FOLDER, { recursive: true });
const world = await startWorld({ seed: "pictures", policyFile: "policy/demo.json" });
const browser = await launchChromium();
try {
  await play(world, browser);
} finally {
  await browser.close();
  await world.abandon();
}
