import type { Route } from "../kernel/http/index.ts";
import type { RecoveryRuntime } from "../recovery/index.ts";
import { caseRoutes } from "./case/routes.ts";
import { figureRoutes } from "./figures.ts";
import { leakedCodeRoutes } from "./leaked-codes.ts";
import { queueRoutes } from "./queue/routes.ts";
import { deskDeviceRoutes } from "./new-device.ts";
import { deskPasskeyRoutes } from "./passkey.ts";
import { deskSignInRoutes } from "./sign-in.ts";
import { staffRoutes } from "./staff.ts";

/** Everything under /console. */
export const consoleRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  ...deskSignInRoutes,
  ...deskPasskeyRoutes,
  ...deskDeviceRoutes,
  ...queueRoutes(runtime),
  ...caseRoutes(runtime),
  ...leakedCodeRoutes,
  ...figureRoutes,
  ...staffRoutes,
];
