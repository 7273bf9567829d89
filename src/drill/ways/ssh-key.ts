import { listSigningKeys } from "../../evidence/index.ts";
import { parseSshPublicKey, verifySshSignature } from "../../kernel/crypto/sshsig.ts";
import { transact } from "../../kernel/db/transact.ts";
import type { AccountId } from "../../kernel/ids.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import type { WayKind } from "../kind.ts";
import { drillRefusals } from "../refusals.ts";
import { deleteChallenge, findChallenge, setChallenge } from "../store.ts";
import type { Way } from "../types.ts";

/** Not the namespace of recovery: a signature given here must never be worth anything in a case. */
export const NAMESPACE = "locksmith-drill";
const HOURS = 1;
const CHALLENGE_BYTES = 24;
/** A shell that is not asked kindly adds a line end; with the value in the text that gives nothing away. */
const LINE_ENDS = ["", "\n", "\r\n"];

/** What is signed: the place, the key, and a value that is used once. Stands between single quotes in every shell. */
export const textToSign = (publicUrl: URL, way: Pick<Way, "id">, value: string): string =>
  `${NAMESPACE} key ${way.id} at ${publicUrl.host} value ${value}`;

const commands = (text: string): string =>
  [
    `printf '%s' '${text}' > drill.txt`,
    `ssh-keygen -Y sign -f ~/.ssh/id_ed25519 -n ${NAMESPACE} drill.txt`,
    "cat drill.txt.sig",
  ].join("\n");

/** An SSH key for recovery. Registering takes only its public part, so until it has signed something it is untested. */
export const sshKey: WayKind = {
  id: "ssh-key",
  list: async (reader, account) =>
    (await listSigningKeys(reader, account.id)).map(({ id, comment, fingerprint, boundAt }) => ({
      id,
      kind: "ssh-key",
      label: `SSH key ${comment || fingerprint}`,
      since: boundAt,
      lastTestedAt: null,
    })),
  ask: {
    words:
      "You sign a line of text with the key and paste the signature. The key stays with you, and this signature is of no use for anything else.",
    begin: "Show me the commands",
    answer: {
      label: "The signature",
      hint: "What the last command prints, from BEGIN to END. Never the key itself.",
      shape: "lines",
    },
    mend: { href: "/account/keys", label: "I do not have this key any more" },
  },
  begin: async (runtime, self, way) =>
    transact(runtime.db, { now: self.now, bookkeeping: "a text to sign in the drill" }, async (tx) => {
      const value = runtime.random.bytes(CHALLENGE_BYTES).toString("base64url");
      const expiresAt = new Date(tx.now.getTime() + HOURS * 3600_000);
      await setChallenge(tx, { accountId: self.account.id, way: way.id, value, expiresAt });
      return ok();
    }),
  pending: async (runtime, self, way) => {
    const value = await findChallenge(runtime.db, self.account.id, way.id, self.now);
    return value === null
      ? null
      : {
          words: "Run these where the key is. Change the path if your key has another name. They are good for an hour.",
          command: commands(textToSign(runtime.publicUrl, way, value)),
        };
  },
  verify: async (runtime, self, way, answer) => {
    const value = await findChallenge(runtime.db, self.account.id, way.id, self.now);
    if (value === null) return refuse(drillRefusals["not-begun"]());
    const checked = await checkSignature(runtime, self.account.id, way, value, answer);
    if (!checked.ok) return checked;
    return ok(async (tx) =>
      (await deleteChallenge(tx, self.account.id, way.id, value)) ? ok() : refuse(drillRefusals["not-begun"]()),
    );
  },
};

async function checkSignature(
  runtime: Runtime,
  accountId: AccountId,
  way: Way,
  value: string,
  armored: string,
): Promise<Result<undefined>> {
  const stored = (await listSigningKeys(runtime.db, accountId)).find((one) => one.id === way.id);
  const key = stored && parseSshPublicKey(`${stored.type} ${stored.blob.toString("base64")}`);
  if (!key?.ok) return refuse(drillRefusals["no-such-way"]());
  for (const end of LINE_ENDS) {
    const message = textToSign(runtime.publicUrl, way, value) + end;
    const checked = verifySshSignature({ armored, message, namespace: NAMESPACE, key: key.value });
    if (checked.ok) return ok();
    if (checked.refusal.code !== "sshsig/bad-signature") return checked;
  }
  return refuse(drillRefusals["wrong-text"]());
}
