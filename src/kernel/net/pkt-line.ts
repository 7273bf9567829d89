/* The lines in which git talks: four hexadecimal digits of length, then that many bytes less four. gitprotocol-common(5). */

/** A line with data, or a mark between lines. */
export type Packet = { readonly data: string } | { readonly mark: "flush" | "delimiter" | "end" };

const LONGEST = 65_520;
const HEX = /^[0-9a-f]{4}$/i;
const MARKS = { 0: "flush", 1: "delimiter", 2: "end" } as const;

/** One line to send. Throws for what no line can hold: that is a mistake of ours. */
export function pktLine(text: string): string {
  const length = Buffer.byteLength(text) + 4;
  if (length > LONGEST) throw new Error("That is too long for a line of git's protocol.");
  return length.toString(16).padStart(4, "0") + text;
}

/**
 * Reads a whole answer. Null where it is cut off, a length is none, or there are more than `most` lines. One line end at
 * the end of a line is dropped. Bytes are read as Latin-1: names of branches that matter here are ASCII.
 */
export function readPackets(bytes: Buffer, most: number): readonly Packet[] | null {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; ) {
    const digits = bytes.toString("latin1", at, at + 4);
    if (!HEX.test(digits) || packets.length >= most) return null;
    const length = Number.parseInt(digits, 16);
    if (length === 0 || length === 1 || length === 2) {
      packets.push({ mark: MARKS[length] });
      at += 4;
      continue;
    }
    if (length < 4 || length > LONGEST || at + length > bytes.length) return null;
    packets.push({ data: bytes.toString("latin1", at + 4, at + length).replace(/\n$/, "") });
    at += length;
  }
  return packets;
}
