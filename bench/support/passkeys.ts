import {
  beginPasskey,
  bindPasskey,
  type ChallengeScope,
  checkNewPasskey,
  listPasskeys,
} from "../../src/authenticators/index.ts";
import { audit } from "../../src/audit/index.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import type { Runtime } from "../../src/kernel/runtime.ts";
import {
  type Algorithm,
  makeAuthenticator,
  type RequestOptions,
  type SoftwareAuthenticator,
} from "../../test/world/software-authenticator.ts";
import type { Answer } from "./client.ts";
import { type BenchPerson, must } from "./people.ts";

/** Phones and password managers make ES256, Windows RS256, security keys both others. */
const KINDS: readonly Algorithm[] = ["ES256", "ES256", "RS256", "EdDSA"];

/** Binds a passkey to each. The server is at an IP address here, where no browser would make them. */
export async function givePasskeys(
  runtime: Runtime,
  people: readonly BenchPerson[],
): Promise<ReadonlyMap<BenchPerson, SoftwareAuthenticator>> {
  const site = new URL("http://localhost");
  const made = new Map<BenchPerson, SoftwareAuthenticator>();
  for (const [at, person] of people.entries()) {
    const authenticator = makeAuthenticator(KINDS[at % KINDS.length]);
    const named = { ...runtime, publicUrl: site };
    const scope: ChallengeScope = { use: "register", subject: person.id };
    const now = runtime.clock.now();
    const options = must(await beginPasskey(named, person, scope, now));
    const rp = { id: options.rp.id ?? site.hostname };
    const answer = authenticator.create({ challenge: options.challenge, rp, user: options.user }, site.origin);
    const passkey = must(await checkNewPasskey(named, scope, answer, now));
    const bound = await transact(runtime.db, { now }, async (tx) => {
      audit(tx, runtime.random, { act: "bench/passkey-bound", actor: { kind: "operator" }, accountId: person.id });
      return bindPasskey(tx, runtime, person.id, passkey, undefined);
    });
    must(bound);
    made.set(person, authenticator);
  }
  return made;
}

/**
 * A right answer but for its signature, with an id from the list that is shown for the name.
 * @param isReal with the passkey's own id; otherwise with one beside it, which is nobody's
 */
export async function showBroken(
  { db, publicUrl }: Runtime,
  post: (path: string, fields: Readonly<Record<string, string>>) => Promise<Answer>,
  person: BenchPerson,
  authenticator: SoftwareAuthenticator,
  isReal: boolean,
): Promise<Answer> {
  const asked = await post("/sign-in/passkey/options", { name: person.username });
  const options: RequestOptions = JSON.parse(asked.text);
  const own = new Set((await listPasskeys(db, person.id)).map(({ credentialId }) => credentialId));
  const shown = options.allowCredentials?.find(({ id }) => own.has(id) === isReal);
  if (!shown) throw new Error(`The list has no such id: ${asked.text.slice(0, 500)}`);
  const cheat = { rpId: publicUrl.hostname, credentialId: shown.id, isSignatureBroken: true };
  const answer = authenticator.get({ challenge: options.challenge }, publicUrl.origin, cheat);
  return post("/sign-in/passkey", { answer });
}
