import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { client } from "../../test/clients.ts";
import { startSmtpSink } from "../../test/world/smtp-sink.ts";
import type { MailId } from "../kernel/ids.ts";
import { secret } from "../kernel/secret.ts";
import { makeDkimKey, readDkimKey } from "./dkim.ts";
import { listMailbox, readMailbox } from "./mailbox.ts";
import { emlTransport, parseSmtpUrl, senderFor, type SmtpSettings, smtpTransport } from "./transports.ts";
import type { OutgoingMail } from "./types.ts";

const run = promisify(execFile);
const sender = senderFor(new URL("https://index.example"), "the test index");
const mailId = (index: number): MailId => `mail_${String(index).padStart(26, "0")}` as MailId;
const mail: OutgoingMail = {
  id: mailId(1),
  to: "alice@example.org",
  subject: "[the test index] Confirm your address",
  text: "Hello,\n\nhttps://index.example/confirm/abc\n\n.\nA line with a dot above, and Zoë.\n",
  html: "<p>Hello</p>",
  at: new Date("2026-11-02T09:00:00.000Z"),
  isAboutCase: false,
};

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "locksmith-transports-"));
  await chmod(folder, 0o755); // opendkim gives up root's rights
});
after(() => rm(folder, { recursive: true, force: true }));

describe("SMTP_URL", () => {
  const read = (text: string): SmtpSettings => {
    const result = parseSmtpUrl(text);
    assert.ok(result.ok, text);
    return result.value;
  };

  test("TLS is required everywhere but on this machine", () => {
    assert.deepEqual(read("smtp://127.0.0.1:2525"), {
      host: "127.0.0.1",
      port: 2525,
      tls: "opportunistic",
      login: null,
    });
    assert.equal(read("smtp://[::1]").tls, "opportunistic");
    assert.equal(read("smtp://localhost").port, 25);
    assert.equal(read("smtp://127.0.0.1.example.org").tls, "starttls");
    assert.deepEqual(read("smtps://mail.example.org"), {
      host: "mail.example.org",
      port: 465,
      tls: "implicit",
      login: null,
    });
    const withLogin = read("smtp://me%40example.org:p%3Aw@mail.example.org");
    assert.equal(withLogin.port, 587);
    assert.equal(withLogin.tls, "starttls");
    assert.equal(withLogin.login?.name, "me@example.org");
    assert.equal(withLogin.login?.password.reveal(), "p:w");
    assert.doesNotMatch(JSON.stringify(withLogin), /p:w/);
  });

  test("anything else is refused, saying what is wrong and not repeating a password", () => {
    for (const text of [
      "",
      "mail.example.org",
      "http://mail.example.org",
      "smtp://",
      "smtp://h/path",
      "smtp://h?x=1",
      "smtp://name@h",
      "smtp://a%zz:geheim@h",
    ]) {
      const result = parseSmtpUrl(text);
      assert.ok(!result.ok, text);
      assert.equal(result.refusal.code, "notifications/bad-smtp-url");
      assert.ok((result.refusal.detail ?? "").length > 10);
      assert.doesNotMatch(JSON.stringify(result.refusal), /geheim/);
    }
  });
});

describe("SMTP", () => {
  const starttls = (port: number): SmtpSettings => ({ host: "127.0.0.1", port, tls: "starttls", login: null });

  test("where TLS is required and not offered, or not to be trusted, nothing is sent", async () => {
    for (const offersTls of [false, true]) {
      const sink = await startSmtpSink({ offersTls });
      const transport = smtpTransport(starttls(sink.port), { sender });
      const outcome = await transport.send(mail);
      assert.equal(outcome.kind, "deferred", outcome.answer);
      assert.equal(sink.received.length, 0);
      await transport.close();
      await sink.stop();
    }
  });

  test("on this machine TLS is used where it is offered", async () => {
    const sink = await startSmtpSink({ offersTls: true });
    const transport = smtpTransport({ ...starttls(sink.port), tls: "opportunistic" }, { sender });
    assert.equal((await transport.send(mail)).kind, "accepted");
    assert.equal(sink.received[0]?.isEncrypted, true);
    await transport.close();
    await sink.stop();
  });

  test("a wrong login is the operator's to mend: no mail is lost by it", async () => {
    const sink = await startSmtpSink({
      offersTls: true,
      authOptional: false,
      onAuth: (auth, _session, done) =>
        auth.password === "right"
          ? done(null, { user: "index" })
          : done(Object.assign(new Error("no"), { responseCode: 535 })),
    });
    const send = async (password: string) => {
      const login = { name: "index", password: secret(password) };
      const transport = smtpTransport({ ...starttls(sink.port), tls: "opportunistic", login }, { sender });
      const outcome = await transport.send(mail);
      await transport.close();
      return outcome;
    };
    const wrong = await send("wrong");
    assert.equal(wrong.kind, "deferred");
    assert.doesNotMatch(wrong.answer, /wrong/);
    assert.equal((await send("right")).kind, "accepted");
    await sink.stop();
  });

  test("envelope and headers are ours, and a lone dot does not end the message", async () => {
    const sink = await startSmtpSink();
    const transport = smtpTransport({ ...starttls(sink.port), tls: "opportunistic" }, { sender });
    await transport.send(mail);
    await transport.close();
    await sink.stop();
    const [received] = sink.received;
    const raw = received?.raw.toString("latin1") ?? "";
    assert.equal(received?.from, "locksmith@index.example");
    assert.match(raw, /^From: the test index account security <locksmith@index\.example>\r$/m);
    assert.match(raw, /^Auto-Submitted: auto-generated\r$/m);
    assert.match(raw, /^Date: Mon, 02 Nov 2026 09:00:00 \+0000\r$/m);
    assert.match(raw, /Zo=C3=AB/);
  });
});

describe("the folder of .eml files", () => {
  test("holds complete, private files, one a mail, and the mailbox reads them", async () => {
    const box = join(folder, "box");
    const transport = emlTransport(box, { sender });
    for (const each of [mail, mail, { ...mail, id: mailId(2), to: "Bob@example.org", subject: "Grüße" }]) {
      assert.equal((await transport.send(each)).kind, "accepted");
    }
    await transport.close();
    assert.deepEqual((await readdir(box)).toSorted(), [`${mailId(1)}.eml`, `${mailId(2)}.eml`]);
    assert.equal((await stat(join(box, `${mailId(1)}.eml`))).mode & 0o777, 0o600);

    const entries = await listMailbox(box);
    assert.deepEqual(
      entries.map((entry) => entry.id),
      [mailId(2), mailId(1)],
    );
    assert.deepEqual(
      (await listMailbox(box, { to: "bob@EXAMPLE.org" })).map((entry) => entry.subject),
      ["Grüße"],
    );
    assert.deepEqual(await readMailbox(box, mailId(1)), {
      id: mailId(1),
      to: "alice@example.org",
      from: "locksmith@index.example",
      subject: mail.subject,
      at: mail.at,
      messageId: `<${mailId(1)}@index.example>`,
      text: mail.text,
      links: ["https://index.example/confirm/abc"],
    });
  });

  test("the mailbox knows no paths, and an absent folder is an empty one", async () => {
    const box = join(folder, "other");
    await mkdir(box);
    await writeFile(join(folder, "secret.eml"), "Subject: no\r\n\r\n");
    await writeFile(join(box, "notes.txt"), "not a mail");
    for (const id of ["../secret", "..%2Fsecret", "", "mail_", `${mailId(1)}/../../secret`, mailId(9)]) {
      assert.equal(await readMailbox(box, id), null, id);
    }
    assert.deepEqual(await listMailbox(box), []);
    assert.deepEqual(await listMailbox(join(folder, "absent")), []);
  });

  test("a folder that cannot be written is an outage, not a loss", async () => {
    const file = join(folder, "a-file");
    await writeFile(file, "");
    const transport = emlTransport(join(file, "box"), { sender });
    assert.equal((await transport.send(mail)).kind, "deferred");
    await transport.close();
  });
});

describe("DKIM", () => {
  test("the key file is read, its absence is fine, and damage is named", async () => {
    const path = join(folder, "dkim.json");
    assert.equal(await readDkimKey(path), null);
    const made = makeDkimKey("index.example", "locksmith");
    await writeFile(path, made.file);
    const key = await readDkimKey(path);
    assert.equal(key?.domainName, "index.example");
    assert.doesNotMatch(JSON.stringify(key), /PRIVATE KEY/);
    assert.equal(made.dns.name, "locksmith._domainkey.index.example");
    for (const damaged of ["", "{}", '{"domainName":"x","keySelector":"y","privateKey":"z"}']) {
      await writeFile(path, damaged);
      await assert.rejects(readDkimKey(path), /DKIM key file .*dkim\.json must be JSON/);
    }
  });

  const opendkim = client("opendkim");
  test("a signed mail verifies with OpenDKIM, from the file as over the wire; a changed one does not", {
    skip: opendkim === null,
  }, async () => {
    assert.ok(opendkim);
    const work = join(folder, "dkim");
    await mkdir(work, { mode: 0o755 });
    const made = makeDkimKey("index.example", "locksmith");
    await writeFile(join(work, "dkim.json"), made.file);
    const dkim = await readDkimKey(join(work, "dkim.json"));
    await writeFile(join(work, "keys"), `${made.dns.name} ${made.dns.value}\n`); // what DNS would say
    await writeFile(join(work, "opendkim.conf"), `Mode v\nTestPublicKeys ${join(work, "keys")}\n`);
    const isGenuine = async (raw: string): Promise<boolean> => {
      const path = join(work, "judged.eml");
      await writeFile(path, raw, { encoding: "latin1", mode: 0o644 });
      const { stdout, stderr } = await run(opendkim, ["-x", join(work, "opendkim.conf"), "-vvv", "-t", path]);
      return /verification \(s=locksmith, d=index\.example.*\) succeeded/.test(stdout + stderr);
    };

    const eml = emlTransport(work, { sender, dkim });
    await eml.send(mail);
    await eml.close();
    const signed = await readFile(join(work, `${mail.id}.eml`), "latin1");
    assert.ok(await isGenuine(signed));
    assert.ok(!(await isGenuine(signed.replace("confirm/abc", "confirm/xyz"))), "a changed body");
    assert.ok(!(await isGenuine(signed.replace("Subject: [the", "Subject: [The"))), "a changed subject");

    const sink = await startSmtpSink();
    const smtp = smtpTransport(
      { host: "127.0.0.1", port: sink.port, tls: "opportunistic", login: null },
      { sender, dkim },
    );
    await smtp.send(mail);
    await smtp.close();
    await sink.stop();
    assert.ok(await isGenuine(sink.received[0]?.raw.toString("latin1") ?? ""), "over the wire");
  });
});
