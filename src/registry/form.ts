import { ok, refuse, type Result } from "../kernel/result.ts";
import { printable } from "./metadata.ts";
import { isProjectName } from "./names.ts";
import { registryRefusals } from "./refusals.ts";
import type { FileType } from "./types.ts";
import { formatVersion, parseVersion } from "./versions.ts";

/*
 * The fields of the legacy upload form, as twine sends them. Pure. Source: PyPI's "Upload API" documentation; the form
 * itself was never standardised. What describes the release is read from the file, not from the form, so that pip and
 * the pages cannot be told two things; the form's other fields are let pass, since every version of the core metadata
 * adds some.
 */

export interface UploadForm {
  readonly name: string;
  /** Normalised (PEP 440). */
  readonly version: string;
  readonly filetype: FileType;
  readonly pyversion: string;
  /** Lower-case hexadecimal; each that was sent is checked. */
  readonly digests: { readonly sha256: string | null; readonly blake2b256: string | null; readonly md5: string | null };
  /** JSON text of PEP 740 attestations, kept as it came and not yet judged. */
  readonly attestations: string | null;
}

export type FormFields = ReadonlyMap<string, readonly string[]>;

const MOST_ATTESTATION_CHARACTERS = 256 * 1024;
const SINGLE = [
  ":action",
  "protocol_version",
  "name",
  "version",
  "filetype",
  "pyversion",
  "sha256_digest",
  "blake2_256_digest",
  "md5_digest",
  "attestations",
] as const;

/** Reads the form. Refuses a doubled, missing or malformed field that matters, saying which. */
export function readForm(fields: FormFields): Result<UploadForm> {
  for (const name of SINGLE) {
    if ((fields.get(name)?.length ?? 0) > 1) return badForm(`The field ${name} came more than once.`);
  }
  const value = (name: (typeof SINGLE)[number]): string => fields.get(name)?.[0] ?? "";
  if (value(":action") !== "file_upload")
    return badForm("The field :action must be file_upload; projects need no registering.");
  if (value("protocol_version") !== "1") return badForm("The field protocol_version must be 1.");
  if (!isProjectName(value("name")))
    return refuse(registryRefusals["bad-name"]({ detail: `It was "${printable(value("name"))}".` }));
  const version = readVersion(value("version"));
  if (!version.ok) return version;
  const filetype = value("filetype");
  if (filetype !== "bdist_wheel" && filetype !== "sdist") {
    return refuse(registryRefusals["bad-filetype"]({ detail: `This was "${printable(filetype)}".` }));
  }
  const pyversion = value("pyversion");
  if (!/^[A-Za-z0-9_.]{0,64}$/.test(pyversion)) return badForm("The field pyversion is not a Python tag.");
  const attestations = value("attestations");
  if (attestations !== "" && !isAttestations(attestations))
    return badForm("The field attestations is not a JSON list of at most 256 KiB.");
  const digests = readDigests(value);
  if (!digests.ok) return digests;
  return ok({
    name: value("name"),
    version: version.value,
    filetype,
    pyversion,
    digests: digests.value,
    attestations: attestations === "" ? null : attestations,
  });
}

const badForm = (detail: string) => refuse(registryRefusals["bad-form"]({ detail }));

function readVersion(text: string): Result<string> {
  const version = parseVersion(text);
  const refused = (detail: string) => refuse(registryRefusals["bad-version"]({ detail }));
  if (!version) return refused(`"${printable(text)}" is not a version as PEP 440 has them.`);
  if (version.local !== null)
    return refused(`"${printable(text)}" has a local part, which is not for indexes (PEP 440).`);
  return ok(formatVersion(version));
}

const isDigest = (text: string, length: number): boolean => text.length === length && /^[0-9a-f]*$/.test(text);

function readDigests(
  value: (name: "sha256_digest" | "blake2_256_digest" | "md5_digest") => string,
): Result<UploadForm["digests"]> {
  const sha256 = value("sha256_digest").toLowerCase();
  const blake2b256 = value("blake2_256_digest").toLowerCase();
  const md5 = value("md5_digest").toLowerCase();
  if (sha256 === "" && blake2b256 === "") return badForm("A sha256_digest is needed.");
  if (sha256 !== "" && !isDigest(sha256, 64)) return badForm("The sha256_digest is not 64 hexadecimal digits.");
  if (blake2b256 !== "" && !isDigest(blake2b256, 64))
    return badForm("The blake2_256_digest is not 64 hexadecimal digits.");
  // md5 came base64-encoded from some old tools; it is no protection anyway, and those send no SHA-256.
  if (md5 !== "" && !isDigest(md5, 32)) return badForm("The md5_digest is not 32 hexadecimal digits.");
  return ok({ sha256: sha256 || null, blake2b256: blake2b256 || null, md5: md5 || null });
}

function isAttestations(text: string): boolean {
  if (text.length > MOST_ATTESTATION_CHARACTERS || text.includes("\u0000")) return false;
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}
