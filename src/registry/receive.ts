import { createHash } from "node:crypto";
import type { MultipartPart } from "../kernel/http/index.ts";
import type { Random } from "../kernel/random.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { batchWriter } from "./batch-writer.ts";
import { blake2b256 } from "./blake2b.ts";
import { openTemporary, removeFile } from "./blobs.ts";
import { type FormFields, readForm, type UploadForm } from "./form.ts";
import { registryRefusals } from "./refusals.ts";

/** An upload that has arrived whole: its form, and its file on disk under a temporary name. */
export interface ReceivedUpload {
  readonly form: UploadForm;
  /** As the client named it; not trusted. */
  readonly filename: string;
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  /** Armoured detached OpenPGP signature, kept as it came. */
  readonly gpgSignature: string | null;
}

export interface ReceiveOptions {
  readonly filesFolder: string;
  readonly maxFileBytes: number;
  readonly random: Random;
  /** Asked when the form is complete and the file begins: an upload that will be refused is not written to disk. */
  readonly mayBegin: (form: UploadForm, filename: string) => Promise<Result<undefined>>;
}

type FilePart = Extract<MultipartPart, { kind: "file" }>;

const MOST_FIELD_BYTES = 8 * 1024 * 1024;
const MOST_SIGNATURE_BYTES = 16 * 1024;
const MIB = 1024 * 1024;

/**
 * Receives the parts of an upload in order: fields, then the file, hashed while it is written. Memory stays flat
 * whatever the file's size. Refuses a bad form, a file before its form, an empty, too large, cut-off or changed one; then
 * nothing is left on disk. Given back whole, the temporary file is the caller's to move or remove.
 */
export async function receiveUpload(
  parts: AsyncIterable<MultipartPart>,
  options: ReceiveOptions,
): Promise<Result<ReceivedUpload>> {
  const fields = new Map<string, string[]>();
  let fieldBytes = 0;
  let received: Result<Omit<ReceivedUpload, "gpgSignature">> | null = null;
  let gpgSignature: string | null = null;
  let isDone = false;
  try {
    for await (const part of parts) {
      if (part.kind === "field") {
        if (received) return badForm("The fields must come before the file.");
        fieldBytes += Buffer.byteLength(part.value) + part.name.length;
        if (part.truncated || fieldBytes > MOST_FIELD_BYTES)
          return badForm("A field, or all of them together, is too long.");
        fields.set(part.name, [...(fields.get(part.name) ?? []), part.value]);
      } else if (part.name === "gpg_signature") {
        const signature = await readSignature(part);
        if (signature === null)
          return badForm("The field gpg_signature is not an armoured signature of at most 16 KiB.");
        gpgSignature = signature;
      } else if (part.name === "content" && !received) {
        received = await receiveFile(part, fields, options);
        if (!received.ok) return received;
      } else {
        return badForm(received ? "There is more than one file." : "The file must be in the field content.");
      }
    }
    if (!received) return badForm("There is no file in the field content.");
    if (!received.ok) return received;
    isDone = true;
    return ok({ ...received.value, gpgSignature });
  } finally {
    if (!isDone && received?.ok) await removeFile(received.value.path);
  }
}

const badForm = (detail: string) => refuse(registryRefusals["bad-form"]({ detail }));

async function receiveFile(
  part: FilePart,
  fields: FormFields,
  options: ReceiveOptions,
): Promise<Result<Omit<ReceivedUpload, "gpgSignature">>> {
  const form = readForm(fields);
  if (!form.ok) return form;
  const allowed = await options.mayBegin(form.value, part.filename);
  if (!allowed.ok) return allowed;
  const { path, handle } = await openTemporary(options.filesFolder, options.random);
  let isKept = false;
  try {
    const hashers = makeHashers(form.value);
    const writer = batchWriter(handle);
    let size = 0;
    try {
      for await (const chunk of part.stream as AsyncIterable<Buffer>) {
        size += chunk.length;
        for (const hasher of hashers) hasher.update(chunk); // while the disk is busy with the batch before
        await writer.write(chunk);
      }
      await writer.finish();
    } catch (error) {
      if ((error as { syscall?: unknown } | null)?.syscall !== undefined) throw error; // the disk's fault: full, or broken
      return refuse(registryRefusals["cut-off"]());
    }
    if (part.isTruncated() || size > options.maxFileBytes) {
      return refuse(registryRefusals["too-large"]({ detail: `At most ${options.maxFileBytes / MIB} MiB are taken.` }));
    }
    if (size === 0) return refuse(registryRefusals["empty-file"]());
    const digests = Object.fromEntries(hashers.map((hasher) => [hasher.name, hasher.digest()]));
    for (const { name, expected } of hashers) {
      if (expected !== null && digests[name] !== expected) {
        return refuse(
          registryRefusals["hash-differs"]({ detail: `Its ${name} is ${digests[name]}, the form says ${expected}.` }),
        );
      }
    }
    await handle.sync();
    isKept = true;
    return ok({ form: form.value, filename: part.filename, path, size, sha256: digests["SHA-256"] ?? "" });
  } finally {
    await handle.close();
    if (!isKept) await removeFile(path);
  }
}

interface NamedHasher {
  readonly name: string;
  /** What the form says; null where it says nothing. */
  readonly expected: string | null;
  readonly update: (chunk: Buffer) => void;
  readonly digest: () => string;
}

/** SHA-256, which names the blob, and of the others those that the form gives. */
function makeHashers({ digests }: UploadForm): readonly NamedHasher[] {
  const node = (name: string, algorithm: string, expected: string | null): NamedHasher => {
    const hash = createHash(algorithm);
    return { name, expected, update: (chunk) => void hash.update(chunk), digest: () => hash.digest("hex") };
  };
  return [
    node("SHA-256", "sha256", digests.sha256),
    ...(digests.md5 === null ? [] : [node("MD5", "md5", digests.md5)]),
    ...(digests.blake2b256 === null ? [] : [{ name: "BLAKE2b-256", expected: digests.blake2b256, ...blake2b256() }]),
  ];
}

async function readSignature(part: FilePart): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of part.stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MOST_SIGNATURE_BYTES) chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("latin1");
  const isArmored = /^-----BEGIN PGP SIGNATURE-----[\x20-\x7e\r\n]+-----END PGP SIGNATURE-----\s*$/.test(text);
  return size <= MOST_SIGNATURE_BYTES && isArmored ? text : null;
}
