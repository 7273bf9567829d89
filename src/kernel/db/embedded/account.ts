import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { promisify } from "node:util";
import type { Binaries } from "./binaries.ts";
import { EmbeddedError } from "./error.ts";

const run = promisify(execFile);

/** How to run PostgreSQL's programs. They refuse to run as root. */
export interface Account {
  /** One word for the log. */
  readonly kind: "own" | "namespace" | "other";
  /** Who the files must belong to, as seen from here; undefined where accounts have no numbers. */
  readonly uid: number | undefined;
  /** For spawn: the change of account. */
  readonly ids: { readonly uid?: number; readonly gid?: number };
  /** Puts before a command what it needs. */
  wrap(command: string, args: readonly string[]): readonly [command: string, args: readonly string[]];
}

const NOBODY = 65534;
// `unshare` without --fork becomes the program itself, so the process number is the one we were given.
const NAMESPACE = ["--user", "--map-user=1000", "--map-group=1000", "--"];

const plain: Account["wrap"] = (command, args) => [command, args];

const another = (uid: number, gid: number): Account => ({ kind: "other", uid, ids: { uid, gid }, wrap: plain });

/**
 * Chooses the account. An ordinary one runs the programs as itself. Root runs them as the folder's owner if that is
 * somebody else; else in a user namespace, where root's number is 1000 and the files stay root's; else, where a
 * container forbids namespaces, as `nobody`, and the folder is given to it. No account is ever made.
 * @param root the data folder; it exists
 */
export async function chooseAccount(root: string): Promise<Account> {
  const self = process.getuid?.();
  if (self !== 0) return { kind: "own", uid: self, ids: {}, wrap: plain };
  const owner = await stat(root);
  if (owner.uid !== 0) return another(owner.uid, owner.gid);
  if (await hasNamespaces()) {
    return {
      kind: "namespace",
      uid: 0,
      ids: {},
      wrap: (command, args) => ["unshare", [...NAMESPACE, command, ...args]],
    };
  }
  await run("chown", ["-R", "-h", `${NOBODY}:${NOBODY}`, root]);
  return another(NOBODY, NOBODY);
}

const hasNamespaces = (): Promise<boolean> =>
  run("unshare", [...NAMESPACE, "true"]).then(
    () => true,
    () => false,
  );

/**
 * The environment of PostgreSQL's programs. Not ours: it may hold secrets, and PG* variables that would change what
 * they do.
 */
export const serverEnvironment = ({ libraryPath }: Binaries): NodeJS.ProcessEnv => ({
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
  ...(libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath }),
  ...(process.env["SystemRoot"] === undefined ? {} : { SystemRoot: process.env["SystemRoot"] }), // Windows needs it
});

/**
 * Whether the programs run here at all, and reach the data folder as that account. Refuses `binaries-not-runnable`,
 * with the reason, when not.
 */
export async function probe(binaries: Binaries, account: Account, root: string): Promise<void> {
  const [command, args] = account.wrap(binaries.postgres, ["--version"]);
  try {
    await run(command, [...args], { env: serverEnvironment(binaries), cwd: root, ...account.ids });
  } catch (cause) {
    const reason = (cause as { stderr?: string }).stderr?.trim() || String(cause); // execFile's error
    const hint =
      account.kind === "own"
        ? "It needs a Linux with glibc (not Alpine), macOS or Windows."
        : "As root, PostgreSQL runs with fewer rights: every folder above the data folder and above node_modules must " +
          "be open to others (chmod o+x). Or start Locksmith from an ordinary account.";
    throw new EmbeddedError(
      "binaries-not-runnable",
      `The embedded PostgreSQL does not run here: ${reason}. ${hint} Otherwise set DATABASE_URL to a server of your own.`,
      { cause },
    );
  }
}
