import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { consoleRoutes } from "../console/index.ts";
import type { AssetFolder, Route } from "../kernel/http/index.ts";
import type { RecoveryRuntime } from "../recovery/index.ts";
import { registryRoutes } from "../registry/index.ts";
import { mailboxRoutes, webRoutes } from "../web/index.ts";
import type { App } from "./start.ts";

export { refusalPage } from "../web/index.ts";

/** Largest file that can be published, in bytes. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** Served under /assets/: our own files, the stylesheet they build on, and the modules that speak WebAuthn in the browser. */
export const assets: readonly AssetFolder[] = [
  join(import.meta.dirname, "..", "web", "assets"),
  dirname(fileURLToPath(import.meta.resolve("@picocss/pico/css/pico.min.css"))),
  { under: "simplewebauthn", modules: dirname(fileURLToPath(import.meta.resolve("@simplewebauthn/browser"))) },
];

/** The whole route table but for health, which start.ts puts before it. */
export function routes(app: Pick<App, "runtime" | "policy" | "folders" | "config" | "downloads">): readonly Route[] {
  const runtime: RecoveryRuntime = { ...app.runtime, policy: app.policy };
  return [
    ...webRoutes(runtime),
    ...consoleRoutes(runtime),
    ...registryRoutes({ filesFolder: app.folders.files, maxFileBytes: MAX_FILE_BYTES, downloads: app.downloads }),
    ...(app.config.smtp ? [] : mailboxRoutes(app.folders.mail)),
  ];
}
