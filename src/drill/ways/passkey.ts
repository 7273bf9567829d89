import { listPasskeys } from "../../authenticators/index.ts";
import type { WayKind } from "../kind.ts";

/** A passkey. It is tested where it is used: signing in with it, and confirming a change with it, both count. */
export const passkey: WayKind = {
  id: "passkey",
  list: async (reader, account) => {
    const bound = await listPasskeys(reader, account.id);
    return bound.map(({ id, name, boundAt: since, lastUsedAt: lastTestedAt }) => {
      return { id, kind: "passkey", label: `Passkey “${name}”`, since, lastTestedAt };
    });
  },
  ask: {
    words:
      "A passkey is tested by using it. Sign in with it, on this device or on the one you would have at hand on a bad day; then come back here. Confirming a change with it counts as well.",
    mend: { href: "/account/passkeys", label: "Remove it, or add another" },
  },
};
