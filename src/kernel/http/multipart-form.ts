import type { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { ok, refuse, type Result } from "../result.ts";
import { httpRefusals } from "./define-route.ts";
import { multipartParts } from "./multipart.ts";
import type { Route } from "./route.ts";

const MOST_FIELDS = 20;

/**
 * A form that came with files (RFC 7578), as the fields of any other form: a file is its bytes, one character each. Nothing
 * but the form's token is read before the token is found good, and never more than the route's limit in all. An empty file
 * is what browsers send where none was chosen, and left out. Refuses a file in a field that is none, text that is not
 * UTF-8, fields without a name or named like a prototype, and too much; a field that came twice is an array.
 */
export async function readMultipartForm(
  request: FastifyRequest,
  route: Pick<Route, "files" | "bodyLimit">,
  isToken: (token: unknown) => boolean,
): Promise<Result<Readonly<Record<string, unknown>>>> {
  const fields: Record<string, string | string[]> = {};
  let bytes = 0;
  let count = 0;
  for await (const part of multipartParts(request, route.bodyLimit)) {
    count += 1;
    if (count > MOST_FIELDS || part.name === "" || part.name in Object.prototype)
      return refuse(httpRefusals["bad-input"]());
    if (!isToken(fields["_csrf"]) && part.name !== "_csrf") return refuse(httpRefusals["forged-form"]());
    let value: string;
    if (part.kind === "file") {
      if (!route.files.includes(part.name)) return refuse(httpRefusals["bad-input"]());
      value = await readAll(part.stream);
      if (part.isTruncated()) return refuse(httpRefusals["too-large"]());
      if (value === "") continue;
    } else {
      ({ value } = part);
      if (part.truncated) return refuse(httpRefusals["too-large"]());
      if (value.includes("\ufffd")) return refuse(httpRefusals["bad-input"]());
    }
    bytes += value.length;
    if (bytes > route.bodyLimit) return refuse(httpRefusals["too-large"]());
    const before = fields[part.name];
    if (before === undefined) fields[part.name] = value;
    else fields[part.name] = [...(typeof before === "string" ? [before] : before), value];
  }
  return ok(fields);
}

/**
 * @param stream ends by itself at the limit of the parser
 * Throws an error with status 400 where the body breaks off.
 */
async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array)); // of bytes, since nobody set an encoding
  } catch {
    throw Object.assign(new Error("Malformed multipart body."), { statusCode: 400 });
  }
  return Buffer.concat(chunks).toString("latin1");
}
