import { findAuthenticator, spendTotp, verifyTotp } from "../../authenticators/index.ts";
import { ok } from "../../kernel/result.ts";
import type { WayKind } from "../kind.ts";

/** The authenticator app. Every sign-in and every step-up with it shows that it works, so those count as well. */
export const app: WayKind = {
  id: "app",
  list: async (reader, account) => {
    const bound = await findAuthenticator(reader, account.id, "totp");
    if (!bound) return [];
    const { id, boundAt: since, lastUsedAt: lastTestedAt } = bound;
    return [{ id, kind: "app", label: "Authenticator app", since, lastTestedAt }];
  },
  ask: {
    words:
      "Type the six digits that your app shows now. They are checked as at sign-in, and each code counts once: if you sign in within the next half minute, wait for the code after this one.",
    answer: { label: "Six-digit code", shape: "digits" },
    mend: { href: "/help/new-phone", label: "The app is gone, or on an old phone" },
  },
  verify: async (runtime, self, _, answer) => {
    const match = await verifyTotp(runtime, self.account.id, answer, self.now, { lane: "known" });
    // The step is spent: a code that stayed good would sign somebody in who read it over a shoulder (RFC 6238 §5.2).
    return match.ok ? ok((tx) => spendTotp(tx, match.value)) : match;
  },
};
