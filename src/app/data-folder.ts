import { chmod, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { EXIT, Failure } from "./failure.ts";

/** What lies in the data folder. */
export interface DataLayout {
  readonly root: string;
  /** The embedded database's own folder. */
  readonly database: string;
  readonly secrets: string;
  readonly keyFile: string;
  /** Signs mails; made at the first start. */
  readonly dkimFile: string;
  /** The key that will, once DNS has its other half. */
  readonly nextDkimFile: string;
  /** Mails as files, where no SMTP server is configured. */
  readonly mail: string;
  /** Distribution files of the index. */
  readonly files: string;
}

export const layoutOf = (root: string): DataLayout => ({
  root,
  database: join(root, "pg"),
  secrets: join(root, "secrets"),
  keyFile: join(root, "secrets", "keys.json"),
  dkimFile: join(root, "secrets", "dkim.json"),
  nextDkimFile: join(root, "secrets", "dkim-next.json"),
  mail: join(root, "mail"),
  files: join(root, "files"),
});

/**
 * Makes the folders, for this account alone, and closes them where they stood open. The database's is left to the
 * embedded server, which may have to give it to another account. Throws a Failure where that is not possible.
 */
export async function prepareFolders(layout: DataLayout): Promise<void> {
  for (const folder of [layout.root, layout.secrets, layout.mail, layout.files]) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // The root may have to be passed through by PostgreSQL's account; the others hold what only we read.
      if (folder !== layout.root && ((await stat(folder)).mode & 0o077) !== 0) await chmod(folder, 0o700);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
      throw new Failure(
        EXIT.unavailable,
        `The folder ${folder} cannot be made or used (${code}). Give this account the right to, or set DATA_DIR to ` +
          "another folder, for example DATA_DIR=./data.",
        { cause },
      );
    }
  }
}
