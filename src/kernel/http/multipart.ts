import type { FastifyRequest } from "fastify";
import type { MultipartPart } from "./route.ts";

const MAX_FIELDS = 256; // twine sends some 60, and one a classifier
const MAX_FIELD_BYTES = 2 * 1024 * 1024; // a long description travels as a field
const MAX_PARTS = MAX_FIELDS + 4;

/** The parts of a multipart body in order; files are streams that the caller must read to their end. */
export async function* multipartParts(request: FastifyRequest, maxFileBytes: number): AsyncGenerator<MultipartPart> {
  const parts = request.parts({
    limits: {
      fields: MAX_FIELDS,
      fieldSize: MAX_FIELD_BYTES,
      fieldNameSize: 100,
      files: 2,
      fileSize: maxFileBytes,
      parts: MAX_PARTS,
      headerPairs: 32,
    },
  });
  for await (const part of parts) {
    if (part.type === "file") {
      yield {
        kind: "file",
        name: part.fieldname,
        filename: part.filename,
        stream: part.file,
        isTruncated: () => part.file.truncated,
      };
    } else {
      const value = typeof part.value === "string" ? part.value : "";
      yield { kind: "field", name: part.fieldname, value, truncated: part.valueTruncated || part.fieldnameTruncated };
    }
  }
}
