import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A certificate authority of our own, and a certificate by it for these host names. Needs openssl. All as PEM. */
export async function makeAuthority(
  folder: string,
  hosts: readonly string[],
): Promise<{ readonly ca: string; readonly key: string; readonly cert: string }> {
  await mkdir(folder, { recursive: true });
  const openssl = (...args: readonly string[]) => run("openssl", [...args], { cwd: folder });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "2",
    "-subj",
    "/CN=Test authority",
  );
  await openssl("req", ...newKey, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=test server");
  const names = [...hosts.map((host) => `DNS:${host}`), "IP:127.0.0.1"].join(",");
  await writeFile(join(folder, "ext"), `subjectAltName=${names}\nbasicConstraints=CA:FALSE\n`);
  const sign = ["x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
  await openssl(...sign, "-days", "2", "-extfile", "ext", "-out", "leaf.pem");
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
  return { ca: await read("ca.pem"), key: await read("leaf.key"), cert: await read("leaf.pem") };
}
