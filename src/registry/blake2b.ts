/*
 * BLAKE2b with a digest of 32 bytes, the third digest that upload tools send (`blake2_256_digest`). node:crypto has only
 * the 64-byte form, which is another function and not a longer output of this one; in plain JavaScript, whose numbers
 * are not 64 bits wide, it would take longer than everything else in an upload together. So the compression function is
 * written out here as WebAssembly, which has the 64-bit operations it is made of.
 * Source: RFC 7693; the numbers in the encoding are those of the WebAssembly core specification §5.
 */

export interface Hasher {
  update(chunk: Uint8Array): void;
  /** Lower-case hexadecimal. The hasher is used up after this. */
  digest(): string;
}

// RFC 7693 §2.6, §2.7 and §3.2.
const IV = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
];
const SIGMA = [
  "0123456789abcdef",
  "ea489fd61c02b753",
  "b8c052fdae367194",
  "7931dcbe265a40f8",
  "905724afe1bc683d",
  "2c6a0b834d75fe19",
  "c51fed4a0763928b",
  "db7ec13950f4862a",
  "6fe9b308c2d714a5",
  "a2847615fb9e3cd0",
];
const ROUNDS = 12;
const BLOCK = 128;
const DIGEST_BYTES = 32;

/** Memory: the state in the first 64 bytes, the blocks to mix in from DATA on. */
const DATA = 1024;
const AREA = 64 * 1024;

const unsigned = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
const signed = (value: bigint): number[] => {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isDone = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
  return isDone ? [low] : [low | 0x80, ...signed(rest)];
};

const COUNT = 0; // parameters and locals of the one function
const T = 1;
const LAST = 2;
const POINTER = 3;
const V = 4;
const get = (local: number): number[] => [0x20, ...unsigned(local)];
const set = (local: number): number[] => [0x21, ...unsigned(local)];
const int32 = (value: number): number[] => [0x41, ...signed(BigInt(value))];
const int64 = (value: bigint): number[] => [0x42, ...signed(BigInt.asIntN(64, value))];
const load = (offset: number): number[] => [0x29, 3, ...unsigned(offset)];
const store = (offset: number): number[] => [0x37, 3, ...unsigned(offset)];
const ADD = 0x7c;
const XOR = 0x85;
const ROTATE_RIGHT = 0x8a;

/** One half of the mixing function G (§3.1). */
function mix(
  [a, b, c, d]: readonly [number, number, number, number],
  word: number,
  turnD: bigint,
  turnB: bigint,
): number[] {
  const turn = (target: number, by: number, bits: bigint) => [
    ...get(V + target),
    ...get(V + by),
    XOR,
    ...int64(bits),
    ROTATE_RIGHT,
    ...set(V + target),
  ];
  // biome-ignore format: one line a step of G
  return [
    ...get(V + a), ...get(V + b), ADD, ...get(POINTER), ...load(8 * word), ADD, ...set(V + a),
    ...turn(d, a, turnD),
    ...get(V + c), ...get(V + d), ADD, ...set(V + c),
    ...turn(b, c, turnB),
  ];
}

const COLUMNS_AND_DIAGONALS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

function rounds(): number[] {
  const code: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const words = [...(SIGMA[round % SIGMA.length] ?? "")].map((digit) => Number.parseInt(digit, 16));
    for (const [at, lanes] of COLUMNS_AND_DIAGONALS.entries()) {
      code.push(...mix(lanes, words[2 * at] ?? 0, 32n, 24n), ...mix(lanes, words[2 * at + 1] ?? 0, 16n, 63n));
    }
  }
  return code;
}

/** `blocks(count, t, last)`: the compression function F (§3.2) over `count` blocks; `t` is the counter of the first. */
function body(): number[] {
  const eight = [0, 1, 2, 3, 4, 5, 6, 7];
  const xorInto = (local: number, operand: number) => [...get(local), ...get(operand), XOR, ...set(local)];
  // biome-ignore format: one line a step of F
  return [
    2, 1, 0x7f, 16, 0x7e, // locals: one i32, sixteen i64
    ...int32(DATA), ...set(POINTER), 0x03, 0x40, // loop
    ...eight.flatMap((at) => [...int32(0), ...load(8 * at), ...set(V + at)]),
    ...eight.flatMap((at) => [...int64(IV[at] ?? 0n), ...set(V + 8 + at)]),
    ...xorInto(V + 12, T), ...xorInto(V + 14, LAST),
    ...rounds(),
    ...eight.flatMap((at) => [
      ...int32(0), ...int32(0), ...load(8 * at), ...get(V + at), XOR, ...get(V + 8 + at), XOR, ...store(8 * at),
    ]),
    ...get(POINTER), ...int32(BLOCK), 0x6a, ...set(POINTER),
    ...get(T), ...int64(BigInt(BLOCK)), ADD, ...set(T),
    ...get(COUNT), ...int32(1), 0x6b, 0x22, COUNT, 0x0d, 0, // count -= 1; again while it is not 0
    0x0b, 0x0b,
  ];
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content];
  const name = (text: string) => [text.length, ...Buffer.from(text, "ascii")];
  const code = body();
  // biome-ignore format: one line a section
  return Uint8Array.from([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 3, 0x7f, 0x7e, 0x7e, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 2]), // two pages of 64 KiB
    ...section(7, [2, ...name("memory"), 2, 0, ...name("blocks"), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

interface Compressor {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly blocks: (count: number, t: bigint, last: bigint) => void;
}

/** The part of the WebAssembly global that is used; the type library for Node does not describe it. */
interface WasmGlobal {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}
const wasm = (globalThis as unknown as { readonly WebAssembly: WasmGlobal }).WebAssembly;
let compiled: object | null = null;

/** A hasher for BLAKE2b-256, without a key. */
export function blake2b256(): Hasher {
  compiled ??= new wasm.Module(moduleBytes());
  const { memory, blocks } = new wasm.Instance(compiled).exports as Compressor; // what section 7 above exports
  const state = new DataView(memory.buffer);
  const area = new Uint8Array(memory.buffer, DATA, AREA);
  for (const [at, word] of IV.entries()) state.setBigUint64(8 * at, word, true);
  state.setBigUint64(0, (IV[0] ?? 0n) ^ 0x01010000n ^ BigInt(DIGEST_BYTES), true); // §2.5: parameter block
  let mixed = 0n; // bytes before the area
  let held = 0; // bytes in the area; the last block stays there until it is known to be the last
  const mixHeld = (count: number) => {
    if (count > 0) blocks(count, mixed + BigInt(BLOCK), 0n);
    mixed += BigInt(count * BLOCK);
  };
  return {
    update: (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        if (held === AREA) {
          mixHeld(AREA / BLOCK);
          held = 0;
        }
        const part = chunk.subarray(at, at + AREA - held);
        area.set(part, held);
        held += part.length;
        at += part.length;
      }
    },
    digest: () => {
      const full = Math.max(0, Math.ceil(held / BLOCK) - 1);
      mixHeld(full);
      const rest = held - full * BLOCK;
      area.copyWithin(0, full * BLOCK, held);
      area.fill(0, rest, BLOCK);
      blocks(1, mixed + BigInt(rest), -1n);
      return Buffer.from(memory.buffer, 0, DIGEST_BYTES).toString("hex");
    },
  };
}
