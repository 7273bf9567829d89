import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

/*
 * A service whose runs are known by its tokens: OpenID Connect Discovery and a key set over HTTP, real keys that turn, and
 * the ways in which such a service can fail.
 */

export type Manner =
  | "well"
  /** 503. */
  | "failing"
  /** Never answers. */
  | "silent"
  /** A page to sign in. */
  | "page"
  /** Describes another issuer. */
  | "other"
  /** Keys without end. */
  | "endless"
  /** Leads to the keys of a machine in the private network. */
  | "inwards";

export interface Claims extends JWTPayload {
  readonly [name: string]: unknown;
}

export interface Issuer {
  /** As its tokens write it. */
  readonly url: string;
  /** How often its keys were asked for. */
  readonly asked: () => number;
  /** A token of five minutes, signed with the newest key. */
  sign(claims: Claims, now: Date, header?: Readonly<Record<string, string>>): Promise<string>;
  /** A new key from now on; the old one is published no more. */
  rotate(): Promise<void>;
  /** Publishes more keys beside its own. */
  add(...keys: readonly JWK[]): void;
  behave(manner: Manner): void;
  close(): Promise<void>;
}

export const SIGNED_WITH = "ES256";

export async function startIssuer(): Promise<Issuer> {
  let manner: Manner = "well";
  let asked = 0;
  let generation = 0;
  let pair = await generateKeyPair(SIGNED_WITH);
  let more: readonly JWK[] = [];
  const kid = (): string => `key-${generation}`;
  const server = createServer((request, response) => {
    const json = (value: unknown) =>
      void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (manner === "silent") return;
    if (manner === "failing") return void response.writeHead(503).end("try later");
    if (manner === "page") return void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Sign in</h1>");
    if (request.url === "/.well-known/openid-configuration") {
      const issuer = manner === "other" ? "https://issuer.example" : url;
      return json({ issuer, jwks_uri: manner === "inwards" ? "https://10.0.0.7/keys" : `${url}/keys` });
    }
    if (request.url !== "/keys") return void response.writeHead(404).end();
    asked += 1;
    if (manner !== "endless")
      return void exportJWK(pair.publicKey).then((key) =>
        json({ keys: [{ ...key, kid: kid(), use: "sig" }, ...more] }),
      );
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"keys":[');
    const pour = (): void => {
      while (!response.destroyed && response.write(`{"kty":"EC","kid":"${"x".repeat(1000)}"},`));
    };
    response.on("drain", pour);
    pour();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // listening on TCP
  return {
    url,
    asked: () => asked,
    sign: (claims, now, header = {}) => {
      const at = Math.floor(now.getTime() / 1000);
      return new SignJWT({ iss: url, iat: at, nbf: at, exp: at + 300, jti: `${at}-${Math.random()}`, ...claims })
        .setProtectedHeader({ alg: SIGNED_WITH, kid: kid(), ...header })
        .sign(pair.privateKey);
    },
    rotate: async () => {
      generation += 1;
      pair = await generateKeyPair(SIGNED_WITH);
    },
    add: (...keys) => {
      more = keys;
    },
    behave: (how) => {
      manner = how;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What GitHub says of a run on a push to the main branch. */
export const githubClaims = (repository: string, changes: Readonly<Record<string, unknown>> = {}): Claims => {
  const [owner = ""] = repository.split("/");
  return {
    sub: `repo:${repository}:ref:refs/heads/main`,
    repository,
    repository_id: `7${owner.length}1`,
    repository_owner: owner,
    repository_owner_id: `9${owner.length}`,
    job_workflow_ref: `${repository}/.github/workflows/release.yml@refs/heads/main`,
    event_name: "push",
    ref: "refs/heads/main",
    run_id: "9162534412",
    ...changes,
  };
};
