import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { client } from "../clients.ts";

/*
 * The real GnuPG, each person with a folder of their own. Keys have no passphrase. GnuPG is told the time, since tests
 * move theirs by hand.
 */

export const hasGpg = (): boolean => client("gpg") !== null && client("gpgconf") !== null;

export interface GpgHome {
  readonly folder: string;
  /** Runs gpg; gives what it prints. */
  run(args: readonly string[], options?: { readonly input?: string; readonly at?: Date }): string;
  /** Makes a key, or with `fingerprint` a subkey of it. Gives the primary key's fingerprint. */
  make(
    what: {
      readonly algorithm: string;
      readonly userId: string;
      readonly usage?: "sign" | "cert" | "default";
      readonly expires?: string;
    },
    at: Date,
  ): string;
  addSubkey(fingerprint: string, algorithm: string, usage: string, at: Date, expires?: string): void;
  exportKey(fingerprint: string): string;
  exportPrivate(fingerprint: string): string;
  clearsign(text: string, options: { readonly by: string; readonly at: Date; readonly digest?: string }): string;
  detach(text: string, options: { readonly by: string; readonly at: Date; readonly digest?: string }): string;
  revoke(fingerprint: string, at: Date): void;
  close(): void;
}

const BATCH = ["--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", ""];

/** GnuPG's spelling of a moment, UTC. */
const stamp = (at: Date): string => `${at.toISOString().slice(0, 19).replace(/[-:]/g, "")}!`;

export function gpgHome(): GpgHome {
  const gpg = client("gpg") ?? "gpg";
  const folder = mkdtempSync(join(tmpdir(), "lks-gpg-")); // short: the agent's socket lies in it
  const env = { ...process.env, GNUPGHOME: folder, LC_ALL: "C" };
  const run: GpgHome["run"] = (args, { input = "", at } = {}) =>
    execFileSync(gpg, [...BATCH, ...(at ? ["--faked-system-time", stamp(at)] : []), ...args], {
      env,
      input,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
    });
  const fingerprints = (): readonly string[] =>
    [...run(["--list-keys", "--with-colons"]).matchAll(/^pub:.*\n(?:.*\n)*?fpr:+([0-9A-F]+):/gm)].map(
      ([, one]) => one ?? "",
    );
  const sign = (text: string, how: readonly string[], by: string, at: Date, digest = "SHA512"): string =>
    run(["--weak-digest", "MD5", "--digest-algo", digest, "--local-user", by, ...how], { input: text, at });
  return {
    folder,
    run,
    make: ({ algorithm, userId, usage = "default", expires = "never" }, at) => {
      const before = new Set(fingerprints());
      run(["--quick-generate-key", userId, algorithm, usage, expires], { at });
      return fingerprints().find((one) => !before.has(one)) ?? "";
    },
    addSubkey: (fingerprint, algorithm, usage, at, expires = "never") => {
      run(["--quick-add-key", fingerprint, algorithm, usage, expires], { at });
    },
    exportKey: (fingerprint) => run(["--armor", "--export", fingerprint]),
    exportPrivate: (fingerprint) => run(["--armor", "--export-secret-keys", fingerprint]),
    clearsign: (text, { by, at, digest }) => sign(text, ["--clearsign"], by, at, digest),
    detach: (text, { by, at, digest }) => sign(text, ["--armor", "--detach-sign"], by, at, digest),
    revoke: (fingerprint, at) => {
      const path = join(folder, "openpgp-revocs.d", `${fingerprint}.rev`);
      const file = join(folder, "revoke.asc");
      // GnuPG puts a colon before the block, so that nobody revokes a key by accident.
      writeFileSync(file, execFileSync("sed", ["s/^:---/---/", path], { encoding: "utf8" }));
      run(["--import", file], { at });
    },
    close: () => {
      try {
        execFileSync(client("gpgconf") ?? "gpgconf", ["--kill", "all"], { env, stdio: "ignore" });
      } catch {
        // no agent was running
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
