import type { FastifyRequest } from "fastify";
import type { MultipartPart } from "./route.ts";

const MAX_FIELDS = 4096; // twine sends some 60, and one for each classifier and requirement; some projects have a thousand
const MAX_FIELD_BYTES = 2 * 1024 * 1024; // a long description travels as a field
const MAX_PARTS = MAX_FIELDS + 4;

/**
 * The parts of a multipart body in order; files are streams that the caller must read to their end. A caller that stops
 * before the end is rid of the rest: it is read and thrown away, so that the client gets to see the answer.
 * Throws an error with a 4xx status for a body that is not what it says it is.
 */
export async function* multipartParts(request: FastifyRequest, maxFileBytes: number): AsyncGenerator<MultipartPart> {
  try {
    const parts = request.parts({
      preservePath: true, // a file name with folders in it is refused by who knows names, not cut off in silence
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
  } catch (error) {
    // The parser's own errors about a malformed body carry no status, and would pass for a bug of ours.
    const { statusCode } = error as { readonly statusCode?: number };
    throw statusCode === undefined ? Object.assign(new Error("Malformed multipart body."), { statusCode: 400 }) : error;
  } finally {
    request.raw.unpipe();
    request.raw.resume();
  }
}
