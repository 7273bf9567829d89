import type { Route } from "../kernel/http/index.ts";
import type { RecoveryRuntime } from "../recovery/index.ts";
import { accountRoutes } from "./account.ts";
import { addressRoutes } from "./addresses.ts";
import { casePageRoutes } from "./case-page.ts";
import { checkUpRoutes } from "./check-up.ts";
import { deleteAccountRoutes } from "./delete-account.ts";
import { firstAdministratorRoutes } from "./first-administrator.ts";
import { guidanceRoutes } from "./guidance/routes.ts";
import { historyRoutes } from "./history.ts";
import { homeRoutes } from "./home.ts";
import { objectionRoutes } from "./objection.ts";
import { recoveryOpenRoutes } from "./recovery-open.ts";
import { registerRoutes } from "./register.ts";
import { restoreRoutes } from "./restore.ts";
import { setupRoutes } from "./setup.ts";
import { signInRoutes } from "./sign-in.ts";
import { signingKeyRoutes } from "./signing-keys.ts";
import { tokenRoutes } from "./tokens.ts";
import { wellKnownRoutes } from "./well-known.ts";
import { yourDataRoutes } from "./your-data.ts";

export { refusalPage } from "./layout.ts";
export { mailboxRoutes } from "./mailbox.ts";

/** Every page that is not the desk's. */
export const webRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  ...homeRoutes,
  ...guidanceRoutes,
  ...wellKnownRoutes,
  ...registerRoutes,
  ...setupRoutes,
  ...signInRoutes,
  ...accountRoutes,
  ...addressRoutes,
  ...tokenRoutes,
  ...signingKeyRoutes,
  ...historyRoutes,
  ...yourDataRoutes,
  ...deleteAccountRoutes,
  ...checkUpRoutes(runtime),
  ...recoveryOpenRoutes(runtime),
  ...casePageRoutes(runtime),
  ...objectionRoutes(runtime),
  ...restoreRoutes(runtime),
  ...firstAdministratorRoutes,
];
