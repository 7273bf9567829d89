import type { FileHandle } from "node:fs/promises";

/*
 * Writing a file that arrives in small pieces. Every write is a trip to another thread, which costs more than the
 * writing; so pieces are collected and written many at a time, one batch under way while the next one fills.
 */

const BATCH_BYTES = 1024 * 1024;

export interface BatchWriter {
  /** Takes a piece, which must not be changed afterwards. Throws what a write before it failed with. */
  write(piece: Uint8Array): Promise<void>;
  /** Resolves when every piece was handed to the system; throws what a write failed with. */
  finish(): Promise<void>;
}

/** Writes to an open file from its present position. Holds two batches in memory at most, whatever is written. */
export function batchWriter(handle: Pick<FileHandle, "writev">, batchBytes: number = BATCH_BYTES): BatchWriter {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  let underWay: Promise<void> = Promise.resolve();
  const sendBatch = async () => {
    await underWay;
    underWay = writeWhole(handle, batch);
    underWay.catch(() => {}); // thrown to whoever waits for it next: every path through here does
    batch = [];
    bytes = 0;
  };
  return {
    write: async (piece) => {
      batch.push(piece);
      bytes += piece.length;
      if (bytes >= batchBytes) await sendBatch();
    },
    finish: async () => {
      await sendBatch();
      await underWay;
    },
  };
}

/** A write may take only a part, on a disk that is getting full; then the rest is tried, which says why. */
async function writeWhole(handle: Pick<FileHandle, "writev">, pieces: readonly Uint8Array[]): Promise<void> {
  let rest = pieces.filter((piece) => piece.length > 0);
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest);
    rest = restAfter(rest, bytesWritten);
  }
}

function restAfter(pieces: readonly Uint8Array[], written: number): Uint8Array[] {
  let left = written;
  return pieces.flatMap((piece) => {
    const taken = Math.min(left, piece.length);
    left -= taken;
    return taken === piece.length ? [] : [piece.subarray(taken)];
  });
}
