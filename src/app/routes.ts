import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { keysFromWeb, leakReportRoutes, makeReportKeys } from "../connectors/index.ts";
import { consoleRoutes } from "../console/index.ts";
import type { AssetFolder, Route } from "../kernel/http/index.ts";
import { createGuardedFetch } from "../kernel/net/guarded-fetch.ts";
import type { RecoveryRuntime } from "../recovery/index.ts";
import { registryRoutes } from "../registry/index.ts";
import { forgeRoutes, mailboxRoutes, webRoutes } from "../web/index.ts";
import { fetchExceptions } from "./config.ts";
import { forgesOf } from "./forges.ts";
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
    ...forgeRoutes(forgesOf(app.config)),
    ...consoleRoutes(runtime),
    ...registryRoutes({ filesFolder: app.folders.files, maxFileBytes: MAX_FILE_BYTES, downloads: app.downloads }),
    ...leakReports(app.config.leakKeysUrl),
    ...(app.config.smtp ? [] : mailboxRoutes(app.folders.mail)),
  ];
}

/** Reports are taken where the operator has said whose. */
function leakReports(keys: URL | null): readonly Route[] {
  if (!keys) return [];
  const fetch = createGuardedFetch({ allowPrivate: fetchExceptions(keys) });
  return leakReportRoutes(makeReportKeys(keysFromWeb(fetch, keys)));
}
