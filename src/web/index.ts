import type { Route } from "../kernel/http/index.ts";
import { createGuardedFetch, type GuardedFetch } from "../kernel/net/guarded-fetch.ts";
import type { RecoveryRuntime } from "../recovery/index.ts";
import { accountRoutes } from "./account.ts";
import { accountFinderRoutes } from "./account-finder.ts";
import { addressRoutes } from "./addresses.ts";
import { askedRoutes } from "./asked.ts";
import { carriedRoutes } from "./carried.ts";
import { casePageRoutes } from "./case-page.ts";
import { checkUpRoutes } from "./check-up.ts";
import { deleteAccountRoutes } from "./delete-account.ts";
import { confirmRoutes } from "./confirm.ts";
import { contactRoutes } from "./contacts.ts";
import { drillPages } from "./drill.ts";
import { publicFigureRoutes } from "./figures.ts";
import { firstAdministratorRoutes } from "./first-administrator.ts";
import { frozenRoutes } from "./frozen.ts";
import { guidanceRoutes } from "./guidance/routes.ts";
import { historyRoutes } from "./history.ts";
import { homeRoutes } from "./home.ts";
import { newPasswordRoutes } from "./new-password.ts";
import { kitRoutes } from "./kit/routes.ts";
import { lockRoutes } from "./lock.ts";
import { newDeviceRoutes } from "./new-device.ts";
import { objectionRoutes } from "./objection.ts";
import { organisationRoutes } from "./organisations.ts";
import { passkeySignInRoutes } from "./passkey-sign-in.ts";
import { passkeyRoutes } from "./passkeys.ts";
import { recoveryOpenRoutes } from "./recovery-open.ts";
import { passwordStrengthRoutes } from "./password-strength.ts";
import { registerRoutes } from "./register.ts";
import { resetRoutes } from "./reset.ts";
import { restoreRoutes } from "./restore.ts";
import { setupRoutes } from "./setup.ts";
import { sharingRoutes } from "./sharing-acts.ts";
import { signInRoutes } from "./sign-in.ts";
import { openpgpKeyRoutes } from "./openpgp-keys.ts";
import { signingKeyRoutes } from "./signing-keys.ts";
import { strictRoutes } from "./strict.ts";
import { stuckRoutes } from "./stuck.ts";
import { tokenRoutes } from "./tokens.ts";
import { undoRoutes } from "./undo.ts";
import { vouchRoutes } from "./vouches.ts";
import { wellKnownRoutes } from "./well-known.ts";
import { yourDataRoutes } from "./your-data.ts";

export { refusalPage } from "./layout.ts";
export { forgeRoutes } from "./forges.ts";
export { mailboxRoutes } from "./mailbox.ts";

/** Every page that is not the desk's. */
export const webRoutes = (runtime: RecoveryRuntime, fetch: GuardedFetch = createGuardedFetch()): readonly Route[] => [
  ...homeRoutes,
  ...guidanceRoutes,
  ...wellKnownRoutes,
  ...publicFigureRoutes,
  ...registerRoutes,
  ...setupRoutes,
  ...signInRoutes,
  ...newDeviceRoutes,
  ...stuckRoutes,
  ...newPasswordRoutes,
  ...passwordStrengthRoutes,
  ...resetRoutes(runtime),
  ...accountFinderRoutes,
  ...passkeySignInRoutes,
  ...accountRoutes,
  ...passkeyRoutes,
  ...confirmRoutes,
  ...addressRoutes,
  ...tokenRoutes,
  ...signingKeyRoutes,
  ...openpgpKeyRoutes,
  ...contactRoutes,
  ...organisationRoutes,
  ...sharingRoutes(fetch),
  ...vouchRoutes(runtime),
  ...historyRoutes,
  ...undoRoutes,
  ...yourDataRoutes,
  ...deleteAccountRoutes,
  ...checkUpRoutes(runtime),
  ...drillPages,
  ...kitRoutes,
  ...strictRoutes(runtime),
  ...recoveryOpenRoutes(runtime),
  ...askedRoutes(runtime),
  ...casePageRoutes(runtime),
  ...carriedRoutes(runtime),
  ...lockRoutes(runtime),
  ...frozenRoutes(runtime),
  ...objectionRoutes(runtime),
  ...restoreRoutes(runtime),
  ...firstAdministratorRoutes,
];
