import { spawn } from "node:child_process";
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

const ROUNDS = 4;
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
  readonly bare: number;
  readonly uploadSha256: number;
  readonly uploadTwine: number;
  /** Bytes. */
  readonly peak: number;
}

export const uploadBenchmark: Benchmark = {
  name: "upload",
  title: "Uploading a wheel of 100 MB",
  about: [
    "One POST to /legacy/, from the first byte sent until the answer is read. The server takes the form apart, hashes the file while it writes it, looks through the archive, brings the bytes safely to disk and publishes them in one durable transaction. twine sends three digests, and the server checks each that is sent; the row without them has SHA-256 only.",
    "The yardstick is a plain copy of the same file in one process: read, SHA-256, write, with the same last step of bringing it safely to disk (fsync), on the same disk; the mean of one before and one after the uploads. The file was just written, so that reading it is from memory on all sides. Beside it stands a bare node:http server that does nothing but receive the same bytes, hash and write them: what is lost on the way to it is lost to HTTP.",
  ],
  run: async (progress) =>
    withInstallation(async (installation) => {
      const [person] = await makePeople(installation.runtime, 1);
      if (!person) throw new Error("Nobody was made.");
      const token = await makeApiToken(installation.runtime, person);
      const folder = await mkdtemp(join(installation.folders.root, "bench-"));
      const bare = await startBareReceiver(join(folder, "received"));
      try {
        const idle = await residentBytes(installation.server.pid);
        const rounds: Round[] = [];
        while (rounds.length < ROUNDS) {
          const round = await measureRound({ installation, bare: bare.origin, token, folder, at: rounds.length });
          rounds.push(round);
          progress(
            `round ${rounds.length} of ${ROUNDS}: copy ${round.copy.toFixed(0)} ms, bare HTTP ${round.bare.toFixed(0)} ms, upload ${round.uploadSha256.toFixed(0)} ms, as twine ${round.uploadTwine.toFixed(0)} ms, peak ${mebibytes(round.peak)}`,
          );
        }
        return report(rounds, idle);
      } finally {
        bare.stop();
      }
    }),
};

interface Setting {
  readonly installation: Installation;
  readonly bare: URL;
  readonly token: string;
  readonly folder: string;
  /** Number of the round. */
  readonly at: number;
}

async function measureRound({ installation, bare, token, folder, at }: Setting): Promise<Round> {
  const { server } = installation;
  const first = await makeWheel(folder, `${at}.1`);
  await plainCopy(first, folder); // the first after the file was made is slower, as the system cleans up
  const copyBefore = await timed(() => plainCopy(first, folder));
  const bareHttp = await timed(() => sendBare(bare, first));
  await forgetPeak(server.pid);
  const uploadSha256 = await timed(() => upload(server.origin, token, first, ["sha256_digest"]));
  const copyAfter = await timed(() => plainCopy(first, folder));
  await rm(first.path);
  const second = await makeWheel(folder, `${at}.2`);
  await plainCopy(second, folder);
  const uploadTwine = await timed(() =>
    upload(server.origin, token, second, ["md5_digest", "sha256_digest", "blake2_256_digest"]),
  );
  await rm(second.path);
  const peak = await peakBytes(server.pid);
  return { copy: (copyBefore + copyAfter) / 2, bare: bareHttp, uploadSha256, uploadTwine, peak };
}

async function startBareReceiver(target: string): Promise<{ readonly origin: URL; stop(): void }> {
  const script = join(import.meta.dirname, "support", "bare-receiver.ts");
  const child = spawn(process.execPath, [script, target], { stdio: ["pipe", "pipe", "inherit"] });
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").once("data", resolve);
    child.once("exit", () => reject(new Error("The bare receiver ended.")));
  });
  return { origin: new URL(`http://127.0.0.1:${port.trim()}/`), stop: () => void child.stdin.end() };
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
async function plainCopy(wheel: Wheel, folder: string): Promise<void> {
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
  await to.sync();
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
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": `multipart/form-data; boundary=${BOUNDARY}`,
    "content-length": head.length + wheel.size + tail.length,
  };
  const answer = await send(new URL("/legacy/", origin), headers, async function* () {
    yield head;
    yield* createReadStream(wheel.path, { highWaterMark: PIECE });
    yield tail;
  });
  if (!answer.startsWith("200: Published")) throw new Error(`The upload was not taken: ${answer}`);
}

async function sendBare(origin: URL, wheel: Wheel): Promise<void> {
  const answer = await send(origin, { "content-length": wheel.size }, () =>
    createReadStream(wheel.path, { highWaterMark: PIECE }),
  );
  if (answer !== `200: ${wheel.digests.sha256_digest}`)
    throw new Error(`The bare receiver got something else: ${answer}`);
}

/** Status and text of the answer to a POST. */
async function send(
  url: URL,
  headers: Readonly<Record<string, string | number>>,
  body: () => AsyncIterable<string | Buffer>,
): Promise<string> {
  const outgoing = request(url, { method: "POST", headers });
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
  await pipeline(body, outgoing);
  return answered;
}

function report(rounds: readonly Round[], idle: number): Report {
  const of = (name: keyof Round) => rounds.map((round) => round[name]);
  const against = (name: keyof Round) => rounds.map((round) => round.copy / round[name]);
  const seconds = (value: number) => `${(value / 1000).toFixed(2)} s`;
  const row = (label: string, name: keyof Round) => [label, spread(of(name), seconds), spread(against(name), ratio)];
  const most = Math.max(...of("peak"));
  return {
    tables: [
      {
        caption: `Medians of ${rounds.length} rounds, with the least and the most`,
        columns: ["", "took", "ratio to the copy"],
        rows: [
          row("plain copy and SHA-256", "copy"),
          row("bare node:http, SHA-256 and write", "bare"),
          row("upload, SHA-256 sent along", "uploadSha256"),
          row("upload as twine does, MD5, SHA-256 and BLAKE2b-256 sent along", "uploadTwine"),
        ],
      },
      {
        caption: "Resident memory of the server process",
        columns: ["before the first upload", `most during ${2 * rounds.length} uploads`],
        rows: [[mebibytes(idle), mebibytes(most)]],
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
      `Against the bare HTTP server the upload reaches ${ratio(median(rounds.map((round) => round.bare / round.uploadSha256)))}: that is what taking the form apart, looking through the archive and publishing cost. The copy sends nothing through a socket; on this machine that alone takes ${seconds(median(of("bare")) - median(of("copy")))}.`,
      `Memory grew by ${mebibytes(most - idle)} at most while ${2 * rounds.length} times 100 MB went through, one after the other: the file is never in it as a whole.`,
      "MD5 and BLAKE2b-256 are work the copy does not do. They come one after the other on the thread that also takes the form apart.",
    ],
  };
}
