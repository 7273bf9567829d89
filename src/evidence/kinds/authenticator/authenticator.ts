import type { AccountFacts } from "../../types.ts";

/**
 * A surviving app, passkey or recovery code. No proof to be weighed: whoever has one signs in with it, which ends the case.
 * So it is a card that leads there, and no kind of the policy.
 */
export const authenticatorCard = {
  kindId: "authenticator",
  title: "An app, a passkey or an unused recovery code",
  helps: "Is all you need: signing in with it ends the case, and nothing has to be weighed or waited for.",
  instructions: {
    sentence:
      "Sign in with it. An authenticator app may be on a second phone or in a password manager, a passkey on another device.",
    where: "On any device. If the password is what you miss, a passkey needs none, and a mail can reset it.",
    minutes: 2,
    proves: "That it is you. You are in at once, and this case ends by itself.",
  },
  leadsTo: [
    { href: "/sign-in", label: "Sign in" },
    { href: "/reset", label: "Reset the password by mail" },
  ],
  cannot: (facts: AccountFacts): string | null =>
    facts.canSignIn === false ? "Neither an app, a passkey nor an unused recovery code is bound to the account." : null,
} as const;
