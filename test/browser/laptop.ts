import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeSshKey, sshSign } from "../../src/bin/demo/ssh.ts";
import { client } from "../clients.ts";

/*
 * The claimant's laptop: a home folder with an SSH key, and a shell into which the commands of the pages are pasted as
 * they are. Where the programs are not installed, the same bytes are made without them.
 */

export interface Laptop {
  /** The key that is registered while all is well. */
  readonly publicLine: string;
  /** Pastes a command, answers its question where it asks one, and gives what it prints. */
  run(command: string, answer?: string): Promise<string>;
  close(): Promise<void>;
}

const run = promisify(execFile);

/** A laptop with an ed25519 key in `~/.ssh`. */
export async function openLaptop(): Promise<Laptop> {
  const programs = ["bash", "curl", "ssh-keygen"].map((name) => client(name));
  return programs.includes(null) ? bareLaptop() : realLaptop();
}

async function realLaptop(): Promise<Laptop> {
  const home = await mkdtemp(join(tmpdir(), "locksmith-home-"));
  const keyFile = join(home, ".ssh", "id_ed25519");
  await mkdir(join(home, ".ssh"), { mode: 0o700 });
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "alice@laptop", "-f", keyFile]);
  return {
    publicLine: (await readFile(`${keyFile}.pub`, "utf8")).trim(),
    run: async (command, answer) => {
      const typing = run("bash", ["-c", command], { cwd: home, env: { ...process.env, HOME: home } });
      typing.child.stdin?.end(answer === undefined ? "" : `${answer}\n`);
      return (await typing).stdout;
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}

/** Does what the two commands do; anything else it does not know. */
function bareLaptop(): Laptop {
  const key = makeSshKey("alice@laptop");
  return {
    publicLine: key.publicLine,
    run: async (command, answer = "") => {
      const url = /curl .*'(http[^']+)'/.exec(command)?.[1];
      if (url) {
        const authorization = `Basic ${Buffer.from(`__token__:${answer}`).toString("base64")}`;
        return (await fetch(url, { method: "POST", headers: { authorization, accept: "*/*" } })).text();
      }
      const [, message] = /printf '%s' '([^']+)'/.exec(command) ?? [];
      const [, namespace] = /-n (\S+)/.exec(command) ?? [];
      assert(message !== undefined && namespace !== undefined, `a command of the page: ${command}`);
      return sshSign(key, namespace, message);
    },
    close: async () => {},
  };
}
