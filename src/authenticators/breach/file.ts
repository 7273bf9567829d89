import { type FileHandle, open } from "node:fs/promises";

/*
 * A file of leaked passwords as they are given out for download: one line each, `SHA-1:count`, sorted by the SHA-1. It
 * may have a billion lines, so it is searched where it lies, by halves: some 36 short reads, and never loaded.
 */

const DIGITS = 40;
/** Longer than any line: 40 digits, a colon, a count, a line end. */
const MOST_LINE = 64;
const LINE = /^([0-9A-F]{40}):(\d{1,12})\r?$/i;
const SAMPLES = 64;

class NotAList extends Error {}

interface FoundLine {
  readonly start: number;
  /** Where the next line begins. */
  readonly end: number;
  readonly hash: string;
  readonly count: number;
}

/**
 * How often the hash stands in the file; 0 for never. The file is opened for each look, so that it can be replaced while
 * the server runs. Throws when it is gone or is no such list.
 * @param sha1 40 hexadecimal digits
 */
export async function countInFile(path: string, sha1: string): Promise<number> {
  const wanted = sha1.toUpperCase();
  const file = await open(path, "r");
  try {
    let low = 0;
    let high = (await file.stat()).size;
    while (low < high) {
      const line = await lineAround(file, low, high, Math.floor((low + high) / 2));
      if (line.hash === wanted) return line.count;
      if (line.hash < wanted) low = line.end;
      else high = line.start;
    }
    return 0;
  } finally {
    await file.close();
  }
}

/** The line that the byte at `middle` belongs to. `low` is always the start of a line. */
async function lineAround(file: FileHandle, low: number, high: number, middle: number): Promise<FoundLine> {
  const from = Math.max(low, middle - MOST_LINE);
  const buffer = Buffer.alloc(2 * MOST_LINE + 1);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
  const text = buffer.toString("latin1", 0, bytesRead);
  const lineBreak = text.lastIndexOf("\n", middle - from - 1);
  const begin = middle === from || lineBreak < 0 ? 0 : lineBreak + 1;
  if (begin === 0 && from !== low) throw new NotAList(`A line near byte ${from} is too long for a list of hashes.`);
  const stop = text.indexOf("\n", begin);
  const shown = text.slice(begin, stop < 0 ? undefined : stop);
  const [, hash, count] = LINE.exec(shown) ?? [];
  if (hash === undefined) throw new NotAList(`Line at byte ${from + begin} is not “SHA-1:count”.`);
  const end = stop < 0 ? high : from + stop + 1;
  return { start: from + begin, end, hash: hash.toUpperCase(), count: Number(count) };
}

export interface BreachFile {
  readonly bytes: number;
  /** About how many lines it has. */
  readonly lines: number;
}

/**
 * Looks at a file from its start to its end in a few places. Throws, with a sentence, when it cannot be read, is empty,
 * is no list of hashes, or is not sorted by them.
 */
export async function inspectBreachFile(path: string): Promise<BreachFile> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size < DIGITS) throw new NotAList("It is empty.");
    let before = "";
    let last: FoundLine | null = null;
    for (let sample = 0; sample <= SAMPLES; sample += 1) {
      const line = await lineAround(file, 0, size, Math.min(size - 1, Math.floor((size * sample) / SAMPLES)));
      if (line.hash < before) throw new NotAList("It is not sorted by hash; the “ordered by hash” file is.");
      before = line.hash;
      last = line;
    }
    return { bytes: size, lines: Math.round(size / ((last?.end ?? size) - (last?.start ?? 0))) };
  } finally {
    await file.close();
  }
}
