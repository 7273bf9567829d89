/*
 * Forms as browsers send them (WHATWG URL, application/x-www-form-urlencoded), read strictly: what is not well-formed
 * UTF-8 is refused and not guessed at, so that no two parts of the application can read one body differently.
 */

const MOST_FIELDS = 200;

class MalformedForm extends Error {
  readonly statusCode = 400;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new MalformedForm("The form is not in UTF-8, or has a broken escape.");
  }
}

/**
 * Reads a form. A field that came several times is an array, which the schemas refuse. Throws an error with status 400
 * for broken escapes, bytes that are not UTF-8, fields without a name or named like a prototype, and too many fields.
 */
export function readForm(text: string): Record<string, string | string[]> {
  if (text.includes("\ufffd")) throw new MalformedForm("The form is not in UTF-8."); // what raw bytes were decoded to
  const pairs = text.split("&").filter((pair) => pair !== "");
  if (pairs.length > MOST_FIELDS) throw new MalformedForm("The form has too many fields.");
  const fields: Record<string, string | string[]> = {};
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    if (name === "" || name in Object.prototype) throw new MalformedForm("The form has a field that no form has.");
    const value = decode(at < 0 ? "" : pair.slice(at + 1));
    const before = fields[name];
    if (before === undefined) fields[name] = value;
    else if (typeof before === "string") fields[name] = [before, value];
    else before.push(value);
  }
  return fields;
}

/** Whether a content type is that of a form, in the one encoding forms have here. */
export const isFormType = (contentType: string | undefined): boolean =>
  /^application\/x-www-form-urlencoded\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(contentType ?? "");
