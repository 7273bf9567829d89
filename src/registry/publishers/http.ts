import { z } from "zod";
import { anyone, defineRoute, json, refused, type Reply, type Route } from "../../kernel/http/index.ts";
import type { Refusal } from "../../kernel/refusal.ts";
import { registryRefusals } from "../refusals.ts";
import { mintToken, uploadAudience } from "./mint.ts";

/** A build service behind one address mints for many projects. */
const LIMIT = { bucket: "mint-token", limit: 120, windowSeconds: 300 };
const LONGEST_TOKEN = 16_384;
const MINTED = "private, no-store";

/** The two addresses by which runs of other services ask for an upload token, as clients of PyPI's know them. */
export const publisherRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/_/oidc/audience",
    about: "The audience that a token for publishing must be made for.",
    guard: anyone,
    handle: async (runtime) =>
      runtime.issuedTokens ? json({ audience: uploadAudience(runtime) }) : refused(registryRefusals["no-publishers"]()),
  }),
  defineRoute({
    method: "POST",
    path: "/_/oidc/mint-token",
    about: "Trades a token of a trusted publisher's run for an API token of fifteen minutes.",
    guard: anyone,
    csrf: "none",
    accepts: "json",
    limit: LIMIT,
    body: z.strictObject({ token: z.string("The field token is missing.").min(1).max(LONGEST_TOKEN) }),
    handle: async (runtime, request) => {
      const minted = await mintToken(runtime, request.body.token, request.now);
      if (!minted.ok) return failed(minted.refusal);
      const { token } = minted.value;
      return json({ success: true, token: token.reveal() }, { headers: { "cache-control": MINTED } });
    },
  }),
];

/** As clients expect it: a list of codes with a sentence each. */
const failed = ({ status, code, title, detail }: Refusal): Reply =>
  json(
    {
      message: "Token request failed",
      errors: [
        { code: code.slice(code.indexOf("/") + 1), description: detail === undefined ? title : `${title} ${detail}` },
      ],
    },
    { status },
  );
