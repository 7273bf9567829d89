import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { sql } from "kysely";
import { client } from "../clients.ts";
import { atTheDesk, staff } from "../adversary/cast.ts";
import { type NameServer, serveNames, type Zone } from "../world/name-server.ts";
import { makePostfix, noPostfix, type PrivatePostfix } from "../world/postfix.ts";
import { MAIL_IN, SUPPORT } from "../world/sender.ts";
import { startWorld, type World } from "../world/world.ts";

/*
 * Mail as it comes in an installation: swaks hands it to a real Postfix, which is set up as docs/operations.md says and
 * passes it on to the receiver, with the client's address by XFORWARD.
 */

const run = promisify(execFile);
const swaks = client("swaks");
const skip = noPostfix || (swaks === null && "swaks is not installed");

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await look())) {
    if (Date.now() > end) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

describe("mail through a real Postfix", { skip, timeout: 240_000 }, () => {
  let folder: string;
  let world: World;
  let names: NameServer;
  let server: PrivatePostfix;
  const zone: Record<string, Zone[string]> = {
    "big-mail.net": { txt: ["v=spf1 ip4:127.0.0.1 -all"] },
    "_dmarc.big-mail.net": { txt: ["v=DMARC1; p=reject"] },
    "strict.net": { txt: ["v=spf1 ip4:192.0.2.1 -all"] },
    "_dmarc.strict.net": { txt: ["v=DMARC1; p=reject"] },
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "locksmith-mail-in-"));
    await chmod(folder, 0o755);
    names = await serveNames(() => zone);
    world = await startWorld({ settings: MAIL_IN, nameServers: [names.address], seed: "postfix" });
    await writeFile(
      join(folder, "transport"),
      `/^recovery(\\+.*)?@index\\.example$/ smtp:[127.0.0.1]:${world.mailInPort}\n`,
    );
    server = await makePostfix(folder, world.mailInPort, {
      main: `transport_maps = regexp:${join(folder, "transport")}
smtp_send_xforward_command = yes
message_size_limit = 40000000
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s`,
    });
    await server.command("start");
  });
  after(async () => {
    await server.command("stop").catch(() => undefined); // it may be down already
    await world.close();
    await names.close();
    await rm(folder, { recursive: true, force: true });
  });

  const log = (): Promise<string> => readFile(join(folder, "log"), "utf8");
  const send = async (from: string, ...more: string[]) => {
    await run(swaks ?? "", [
      "--server",
      "127.0.0.1",
      "--port",
      String(server.port),
      "--hide-all",
      "--from",
      from,
      "--to",
      SUPPORT,
      ...more,
    ]);
  };
  const cases = async (): Promise<readonly { number: string; opened_from_ip: string; contact_address: string }[]> => {
    const { rows } = await sql<{ number: string; opened_from_ip: string; contact_address: string }>`
      select number, opened_from_ip, contact_address from recovery_cases order by id`.execute(world.runtime.db.root);
    return rows;
  };

  test("opens a case, with the client's own address and verdicts", async () => {
    try {
      await send("dora@big-mail.net", "--body", "I lost my phone.", "--header", "Subject: Help");
      await until("the case", async () => (await cases()).length === 1);
      const [opened] = await cases();
      assert.equal(opened?.contact_address, "dora@big-mail.net");
      const desk = await atTheDesk(world, await staff(world, "rosa", "reviewer"));
      const { text } = await desk.browser.open(`/console/cases/${opened?.number}`);
      assert.match(
        text,
        /Help I lost my phone\. By mail from dora@big-mail\.net Sender confirmed SPF pass for big-mail\.net/,
      );
      assert.match(await log(), /status=sent \(250 2\.0\.0 opened a case\)/);
    } catch (error) {
      console.error(await log());
      throw error;
    }
  });

  test("a forged one goes back to where it came from, with the reason", async () => {
    await send("eve@strict.net", "--body", "I am somebody else.");
    await until("the refusal", async () =>
      /status=bounced .*550 5\.7\.1 The domain of that sender asks/.test(await log()),
    );
    assert.equal((await cases()).length, 1);
  });

  test("thirty megabytes are refused before they are sent", async () => {
    const file = join(folder, "huge.txt");
    await writeFile(file, "x".repeat(22 * 1024 * 1024));
    await send("dora@big-mail.net", "--attach", `@${file}`);
    await until("the refusal", async () =>
      /status=bounced .*message size \d+ exceeds size limit 10485760/.test(await log()),
    );
  });

  test("while the database cannot be written, Postfix keeps it and comes again", async () => {
    const { root } = world.runtime.db;
    await sql`alter table inbound_mails rename to inbound_mails_away`.execute(root);
    await send("dora@big-mail.net", "--body", "A second letter, while the house is closed.");
    await until("the delay", async () => /status=deferred .*451 4\.3\.0 It cannot be taken just now/.test(await log()));
    assert.equal((await cases()).length, 1, "nothing half done");
    await sql`alter table inbound_mails_away rename to inbound_mails`.execute(root);
    await until("the case", async () => (await cases()).length === 2);
  });
});
