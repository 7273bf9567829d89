/**
 * Reads SSH's wire format (RFC 4251 §5) from untrusted bytes. Every read checks its bounds and gives null instead of
 * throwing; nothing is copied.
 */
export interface SshReader {
  /** One byte, 0 to 255. */
  byte(): number | null;
  /** Four bytes, most significant first. */
  uint32(): number | null;
  /** Exactly that many bytes. */
  bytes(count: number): Buffer | null;
  /** A length in four bytes, then so many bytes. */
  string(): Buffer | null;
  /** A string of printable ASCII, such as the name of an algorithm. */
  name(): string | null;
  /** A positive whole number in its shortest form, without the leading zero that only carries the sign. */
  positiveMpint(): Buffer | null;
  /** Bytes not read yet. */
  left(): number;
}

const NAME = /^[\x21-\x7e]{1,64}$/; // RFC 4251 §6: names are at most 64 printable US-ASCII characters

export function makeSshReader(source: Buffer): SshReader {
  let at = 0;
  const bytes = (count: number): Buffer | null => {
    if (count > source.length - at) return null;
    at += count;
    return source.subarray(at - count, at);
  };
  const string = (): Buffer | null => {
    const length = bytes(4)?.readUInt32BE(0);
    return length === undefined ? null : bytes(length);
  };
  return {
    bytes,
    string,
    byte: () => bytes(1)?.readUInt8(0) ?? null,
    uint32: () => bytes(4)?.readUInt32BE(0) ?? null,
    name: () => {
      const text = string()?.toString("latin1");
      return text !== undefined && NAME.test(text) ? text : null;
    },
    positiveMpint: () => {
      const number = string();
      const first = number?.[0];
      if (number === null || first === undefined || first >= 0x80) return null; // zero, or negative
      if (first !== 0) return number;
      return (number[1] ?? 0) >= 0x80 ? number.subarray(1) : null; // a zero that the sign does not need
    },
    left: () => source.length - at,
  };
}

/** Writes a string of the wire format: its length in four bytes, then the bytes. RFC 4251 §5. */
export function sshString(value: Buffer | string): Buffer {
  const body = typeof value === "string" ? Buffer.from(value, "utf8") : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** Base 64 with its padding and no stray bits or symbols (RFC 4648 §4, §3.5); null where it is anything else. */
export function decodeStrictBase64(text: string): Buffer | null {
  if (text.length === 0 || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : null;
}
