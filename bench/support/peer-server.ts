import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { hash, verify } from "@node-rs/argon2";
import pg from "pg";
import { ARGON2 } from "../../src/authenticators/index.ts";

/*
 * better-auth with password and two-factor plug-in, in a process of its own. Argument: the folder it is installed in.
 * PEER_DATABASE names its database. Makes the tables, prints its port, ends with its parent.
 *
 * The hash is Locksmith's: same library, same parameters, a pepper as well. Limits on requests are off, which spares
 * the peer work that Locksmith does, and it has as many connections; everything else is as better-auth comes.
 */

/** Of better-auth, the little that is used; the packages are not there when types are checked. */
interface Auth {
  readonly handler: unknown;
  readonly options: unknown;
}
type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const installed = createRequire(join(process.argv[2] ?? "", "package.json"));
const load = async <T>(name: string): Promise<T> => (await import(pathToFileURL(installed.resolve(name)).href)) as T; // as documented by the peer
const { betterAuth } = await load<{ betterAuth: (options: unknown) => Auth }>("better-auth");
const { twoFactor } = await load<{ twoFactor: () => unknown }>("better-auth/plugins");
const { toNodeHandler } = await load<{ toNodeHandler: (auth: Auth) => Handler }>("better-auth/node");
const { getMigrations } = await load<{
  getMigrations: (options: unknown) => Promise<{ runMigrations: () => Promise<void> }>;
}>("better-auth/db/migration");

const server = createServer();
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as AddressInfo; // a TCP port
const origin = `http://127.0.0.1:${port}`;

const pepper = Buffer.alloc(32, 1);
const pool = new pg.Pool({ connectionString: process.env["PEER_DATABASE"], max: 16 });
const auth = betterAuth({
  appName: "Bench",
  baseURL: origin,
  trustedOrigins: [origin],
  secret: "only-for-measuring-0123456789abcdefghijk",
  database: pool,
  emailAndPassword: {
    enabled: true,
    password: {
      hash: (password: string) => hash(password, { ...ARGON2, secret: pepper }),
      verify: (given: { hash: string; password: string }) => verify(given.hash, given.password, { secret: pepper }),
    },
  },
  plugins: [twoFactor()],
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { level: "error" },
});
await (await getMigrations(auth.options)).runMigrations();
const handle = toNodeHandler(auth);
server.on("request", (request, response) => void handle(request, response));
process.stdout.write(`${port}\n`);
process.stdin.resume().once("end", () => process.exit());
