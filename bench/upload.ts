import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { blake2b256 } from "../src/registry/blake2b.ts";
import { hugeWheel } from "../test/world/distributions.ts";
import { type Installation, withInstallation } from "./support/installation.ts";
import { makeApiToken, makePeople } from "./support/people.ts";
import { forgetPeak, peakBytes, residentBytes } from "./support/processes.ts";
import { median, mebibytes, ratio, spread } from "./support/statistics.ts";
import type { Benchmark, Report } from "./support/types.ts";

const ROUNDS = 5;
const BYTES = 100_000_000;
const PIECE = 1024 * 1024;
const GOAL = 0.6;

/** A wheel on disk with the digests an uploader sends along. */
interface Wheel {
  readonly path: string;
  readonly filename: string;
  readonly version: string;
  readonly size: number;
  readonly digests: Readonly<Record<"sha256_digest" | "md5_digest" | "blake2_256_digest", string>>;
}

interface Round {
  /** Milliseconds. */
  readonly copy: number;
  readonly copySynced: number;
  readonly uploadSha256: number;
  readonly uploadTwine: number;
  readonly peak: number;
  readonly before: number;
}

export const uploadBenchmark: Benchmark = {
  name: "upload",
  title: "Uploading a wheel of 100 MB",
  about: [
    "One POST to /legacy/, from the first byte sent until the answer is read. The server takes the form apart, hashes the file while it writes it, looks through the archive, brings the bytes safely to disk and publishes them in one durable transaction. twine sends three digests, and the server checks each that is sent; the row without them has SHA-256 only.",
    "The yardstick is a plain copy of the same file in one process: read, SHA-256, write, with the same last step of bringing it safely to disk (fsync), on the same disk. The file was just written, so that reading it is from memory on both sides.",
  ],
  run: async (progress) =>
    withInstallation(async (installation) => {
      const [person] = await makePeople(installation.runtime, 1);
      if (!person) throw new Error("Nobody was made.");
      const token = await makeApiToken(installation.runtime, person);
      const folder = await mkdtemp(join(installation.folders.root, "bench-"));
      const rounds: Round[] = [];
      while (rounds.length < ROUNDS) {
        const round = await measureRound(installation, token, folder, rounds.length);
        rounds.push(round);
        progress(
          `round ${rounds.length} of ${ROUNDS}: copy ${round.copySynced.toFixed(0)} ms, upload ${round.uploadSha256.toFixed(0)} ms, as twine ${round.uploadTwine.toFixed(0)} ms, peak ${mebibytes(round.peak)}`,
        );
      }
      return report(rounds);
    }),
};

async function measureRound(installation: Installation, token: string, folder: string, at: number): Promise<Round> {
  const { server } = installation;
  const first = await makeWheel(folder, `${at}.1`);
  const copy = await timed(() => plainCopy(first, folder, false));
  const copySynced = await timed(() => plainCopy(first, folder, true));
  const before = await residentBytes(server.pid);
  await forgetPeak(server.pid);
  const uploadSha256 = await timed(() => upload(server.origin, token, first, ["sha256_digest"]));
  await rm(first.path);
  const second = await makeWheel(folder, `${at}.2`);
  const uploadTwine = await timed(() =>
    upload(server.origin, token, second, ["md5_digest", "sha256_digest", "blake2_256_digest"]),
  );
  await rm(second.path);
  return { copy, copySynced, uploadSha256, uploadTwine, before, peak: await peakBytes(server.pid) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** A new wheel, on disk and with its digests. */
async function makeWheel(folder: string, version: string): Promise<Wheel> {
  const wheel = hugeWheel({ name: "heavy", version }, BYTES);
  const path = join(folder, wheel.filename);
  await pipeline(wheel.stream(), createWriteStream(path));
  const handle = await open(path, "r");
  await handle.sync(); // so that writing it out does not disturb what follows
  await handle.close();
  const md5 = createHash("md5");
  const blake2 = blake2b256();
  for await (const chunk of createReadStream(path, { highWaterMark: PIECE })) {
    md5.update(chunk as Buffer);
    blake2.update(chunk as Buffer);
  }
  const digests = { sha256_digest: wheel.sha256, md5_digest: md5.digest("hex"), blake2_256_digest: blake2.digest() };
  return { path, filename: wheel.filename, version, size: wheel.size, digests };
}

/** Read, hash, write: nothing more, in pieces large enough for the calls not to count. */
async function plainCopy(wheel: Wheel, folder: string, isSynced: boolean): Promise<void> {
  const target = join(folder, "copy");
  const from = await open(wheel.path, "r");
  const to = await open(target, "w");
  const hash = createHash("sha256");
  const piece = Buffer.alloc(PIECE);
  for (;;) {
    const { bytesRead } = await from.read(piece, 0, PIECE);
    if (bytesRead === 0) break;
    const written = to.write(piece, 0, bytesRead); // hashed while the disk is busy, as the server does
    hash.update(piece.subarray(0, bytesRead));
    await written;
  }
  if (isSynced) await to.sync();
  await from.close();
  await to.close();
  if (hash.digest("hex") !== wheel.digests.sha256_digest) throw new Error("The copy is another.");
  await rm(target);
}

const BOUNDARY = "locksmith-bench-boundary";

async function upload(
  origin: URL,
  token: string,
  wheel: Wheel,
  digests: readonly (keyof Wheel["digests"])[],
): Promise<void> {
  const field = (name: string, value: string) =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const fields = {
    ":action": "file_upload",
    protocol_version: "1",
    metadata_version: "2.1",
    name: "heavy",
    version: wheel.version,
    filetype: "bdist_wheel",
    pyversion: "py3",
  };
  const head = [
    ...Object.entries(fields).map(([name, value]) => field(name, value)),
    ...digests.map((name) => field(name, wheel.digests[name])),
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="content"; filename="${wheel.filename}"\r\n\r\n`,
  ].join("");
  const tail = `\r\n--${BOUNDARY}--\r\n`;
  const outgoing = request(new URL("/legacy/", origin), {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": `multipart/form-data; boundary=${BOUNDARY}`,
      "content-length": head.length + wheel.size + tail.length,
    },
  });
  const answered = new Promise<string>((resolve, reject) => {
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      let text = "";
      incoming.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      incoming.on("end", () => resolve(`${incoming.statusCode}: ${text}`));
    });
  });
  await pipeline(async function* () {
    yield head;
    yield* createReadStream(wheel.path, { highWaterMark: PIECE });
    yield tail;
  }, outgoing);
  const answer = await answered;
  if (!answer.startsWith("200: Published")) throw new Error(`The upload was not taken: ${answer}`);
}

function report(rounds: readonly Round[]): Report {
  const of = (name: keyof Round) => rounds.map((round) => round[name]);
  const against = (name: "uploadSha256" | "uploadTwine") => rounds.map((round) => round.copySynced / round[name]);
  const seconds = (value: number) => `${(value / 1000).toFixed(2)} s`;
  const row = (label: string, name: keyof Round, ratios: readonly number[] | null) => [
    label,
    spread(of(name), seconds),
    ratios ? spread(ratios, ratio) : "",
  ];
  const peak = median(of("peak"));
  return {
    tables: [
      {
        caption: `Medians of ${rounds.length} rounds, with the least and the most`,
        columns: ["", "took", "ratio to the safe copy"],
        rows: [
          row(
            "plain copy and SHA-256, left to the system to write out",
            "copy",
            rounds.map((round) => round.copySynced / round.copy),
          ),
          row(
            "plain copy and SHA-256, brought safely to disk",
            "copySynced",
            rounds.map(() => 1),
          ),
          row("upload, SHA-256 sent along", "uploadSha256", against("uploadSha256")),
          row("upload as twine does, MD5, SHA-256 and BLAKE2b-256 sent along", "uploadTwine", against("uploadTwine")),
        ],
      },
      {
        caption: "Memory of the server process",
        columns: ["resident before", "most during the uploads"],
        rows: [[mebibytes(median(of("before"))), mebibytes(peak)]],
      },
    ],
    goals: [
      {
        what: "upload of 100 MB, to copy and SHA-256",
        goal: `at least ${GOAL}`,
        measured: ratio(median(against("uploadSha256"))),
        isReached: median(against("uploadSha256")) >= GOAL,
      },
      {
        what: "the same with the three digests twine sends",
        goal: `at least ${GOAL}`,
        measured: ratio(median(against("uploadTwine"))),
        isReached: median(against("uploadTwine")) >= GOAL,
      },
    ],
    meaning: [
      `Memory grows by ${mebibytes(peak - median(of("before")))} at most while 100 MB go through: the file is never in it as a whole.`,
      "MD5 and BLAKE2b-256 are work the copy does not do. They come one after the other on the thread that also takes the form apart.",
    ],
  };
}
