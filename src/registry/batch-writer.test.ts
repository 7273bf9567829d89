import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { batchWriter } from "./batch-writer.ts";

/** A file that takes at most so many bytes at a time, and fails once it holds `capacity`. */
function smallFile(mostAtOnce: number, capacity = Number.POSITIVE_INFINITY) {
  const taken: number[] = [];
  let isWriting = false;
  const writev = async (pieces: readonly NodeJS.ArrayBufferView[]) => {
    assert.equal(isWriting, false, "one write after the other");
    isWriting = true;
    await new Promise((resolve) => setImmediate(resolve));
    isWriting = false;
    if (taken.length >= capacity) throw Object.assign(new Error("no space left"), { code: "ENOSPC", syscall: "write" });
    const bytes = pieces.flatMap((piece) => [...Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)]);
    const now = bytes.slice(0, Math.min(mostAtOnce, capacity - taken.length));
    taken.push(...now);
    return { bytesWritten: now.length, buffers: [...pieces] };
  };
  return { taken, handle: { writev } as unknown as Parameters<typeof batchWriter>[0] }; // the one method that is called
}

describe("writing in batches", () => {
  test("whatever the pieces and however little a write takes, the bytes are those given, in order", async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        pieces,
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 100 }),
        async (all, most, batch) => {
          const file = smallFile(most);
          const writer = batchWriter(file.handle, batch);
          for (const piece of all) await writer.write(piece);
          await writer.finish();
          assert.deepEqual(
            file.taken,
            all.flatMap((piece) => [...piece]),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  test("a disk that becomes full fails the upload, also when the last write was taken in part", async () => {
    const file = smallFile(1000, 25);
    const writer = batchWriter(file.handle, 10);
    await assert.rejects(async () => {
      for (let at = 0; at < 3; at += 1) await writer.write(Buffer.alloc(10, at));
      await writer.finish();
    }, /no space left/);
  });

  test("a write that nobody waits for any more ends nothing but itself", async () => {
    const file = smallFile(1000, 0);
    const writer = batchWriter(file.handle, 4);
    await writer.write(Buffer.alloc(8));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await assert.rejects(writer.write(Buffer.alloc(8)), /no space left/);
  });
});
