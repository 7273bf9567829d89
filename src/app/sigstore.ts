import { readFile } from "node:fs/promises";
import { makeSigstore, type Sigstore } from "../kernel/crypto/sigstore.ts";
import type { Config } from "./config.ts";
import { EXIT, Failure } from "./failure.ts";

/** The roots of sigstore that the settings name; undefined where they name none. Throws a Failure for a file that is none. */
export async function openSigstore({
  sigstoreRootFile: file,
}: Pick<Config, "sigstoreRootFile">): Promise<Sigstore | undefined> {
  if (file === null) return undefined;
  try {
    return makeSigstore(await readFile(file, "utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(EXIT.usage, `SIGSTORE_ROOT_FILE (${file}) cannot be used: ${why}`);
  }
}
