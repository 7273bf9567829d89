import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import { parseJson } from "./json.ts";
import { policyRefusals } from "./refusals.ts";
import { parsePolicy } from "./schema.ts";
import type { Policy } from "./types.ts";

/** The largest policy file that is read, in bytes. */
export const LARGEST_POLICY_BYTES = 256 * 1024;

/** A policy with the digest that names exactly these words and numbers, however the file is laid out. */
export type LoadedPolicy = Policy & {
  /** SHA-256 of the file's canonical JSON, in hexadecimal. */
  readonly digest: string;
};

/**
 * Reads, parses and digests a policy file. It does not check that the policy is safe: see checkPolicy.
 * Refuses `policy/not-readable`, `policy/too-large` (over 256 KiB), `policy/not-json` (with line and column; a name that
 * stands twice in one object too) and `policy/not-valid` (with the JSON pointer).
 */
export async function loadPolicy(path: string): Promise<Result<LoadedPolicy>> {
  const bytes = await readLimited(path);
  if (!bytes.ok) return bytes;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.value);
  } catch {
    return refuse(policyRefusals["not-json"]({ detail: `${path}: it is not UTF-8 text.` }));
  }
  const json = parseJson(text);
  if (!json.ok) return refuse({ ...json.refusal, detail: `${path}: ${json.refusal.detail}` });
  const policy = parsePolicy(json.value);
  if (!policy.ok) return refuse({ ...policy.refusal, detail: `${path}:\n${policy.refusal.detail}` });
  const digest = createHash("sha256").update(canonicalJson(json.value)).digest("hex");
  return ok({ ...policy.value, digest });
}

/** At most the limit and one byte is read, whatever the file says its size is. */
async function readLimited(path: string): Promise<Result<Buffer>> {
  try {
    await using file = await open(path, "r");
    if (!(await file.stat()).isFile())
      return refuse(policyRefusals["not-readable"]({ detail: `${path} is not a file.` }));
    const buffer = Buffer.alloc(LARGEST_POLICY_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      length += bytesRead;
      if (bytesRead === 0) return ok(buffer.subarray(0, length));
      if (length > LARGEST_POLICY_BYTES) {
        return refuse(
          policyRefusals["too-large"]({ detail: `${path} is larger than ${LARGEST_POLICY_BYTES / 1024} KiB.` }),
        );
      }
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return refuse(policyRefusals["not-readable"]({ detail: `${path}: ${code}.` }));
  }
}
