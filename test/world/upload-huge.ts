import { createHash } from "node:crypto";
import { request } from "node:http";
import { pipeline } from "node:stream/promises";
import { hugeWheel } from "./distributions.ts";

/*
 * Uploads a wheel of so many bytes and downloads it again, holding neither in memory. A process of its own, so that the
 * memory of the server can be measured without that of its client. Arguments: URL of the index, API token, bytes.
 */

const [url = "", token = "", bytes = "0"] = process.argv.slice(2);
const options = { name: "huge", version: "1.0" };
const wheel = hugeWheel(options, Number(bytes));
const boundary = "huge-boundary";
const field = (name: string, value: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const head = [
  field(":action", "file_upload"),
  field("protocol_version", "1"),
  field("name", options.name),
  field("version", options.version),
  field("filetype", "bdist_wheel"),
  field("pyversion", "py3"),
  field("sha256_digest", wheel.sha256),
  `--${boundary}\r\nContent-Disposition: form-data; name="content"; filename="${wheel.filename}"\r\n\r\n`,
].join("");
const tail = `\r\n--${boundary}--\r\n`;

const upload = request(`${url}/legacy/`, {
  method: "POST",
  headers: {
    authorization: `Bearer ${token}`,
    "content-type": `multipart/form-data; boundary=${boundary}`,
    "content-length": head.length + wheel.size + tail.length,
  },
});
const answered = new Promise<string>((resolve, reject) => {
  upload.on("error", reject);
  upload.on("response", async (response) => {
    let text = "";
    for await (const chunk of response) text += String(chunk);
    resolve(`${response.statusCode}: ${text}`);
  });
});
await pipeline(async function* () {
  yield head;
  yield* wheel.stream();
  yield tail;
}, upload);
process.stdout.write(`uploaded ${await answered}\n`);

const hash = createHash("sha256");
const response = await fetch(`${url}/files/${wheel.sha256}/${wheel.filename}`);
for await (const chunk of response.body ?? []) hash.update(chunk);
const verdict = hash.digest("hex") === wheel.sha256 ? "the same bytes" : "other bytes";
process.stdout.write(`downloaded ${response.status}: ${verdict}\n`);
