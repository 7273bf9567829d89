import { checkNewPassword, strengthOf } from "../authenticators/index.ts";
import { anyone, defineRoute, form, json, line, type Route, secretText } from "../kernel/http/index.ts";

const MORE = "Longer is stronger: add one or two words that have nothing to do with each other.";
const RULES = new Set(["authenticators/password-known", "authenticators/password-context"]);

/**
 * What the meter beside a new password shows, where the browser runs scripts. It is asked while somebody types, so it
 * looks at nothing but the list of common passwords: no service is asked about half a password.
 */
export const passwordStrengthRoutes: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: "/password-strength",
    about: "How hard a password is to guess, for the meter on the page; nothing is kept.",
    guard: anyone,
    limit: { bucket: "password-strength", limit: 600, windowSeconds: 300 },
    body: form({ password: secretText(64), words: line({ max: 512 }).optional() }),
    handle: async (runtime, request) => {
      const { password, words = "" } = request.body;
      const own = [...words.split(" "), runtime.indexName, runtime.publicUrl.hostname, "locksmith"];
      const { score, words: said } = strengthOf(password, own);
      const checked = checkNewPassword(password, { words: own, hasSecondFactor: true });
      const isRule = !checked.ok && RULES.has(checked.refusal.code);
      const advice = isRule ? checked.refusal.title : score < 3 ? MORE : "";
      return json({ score: isRule ? 0 : score, words: said, advice });
    },
  }),
];
