import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { weighUndelivered } from "../../src/accounts/index.ts";
import { type Environment, fetchExceptions, readConfig } from "../../src/app/config.ts";
import { layoutOf } from "../../src/app/data-folder.ts";
import { issuersOf } from "../../src/app/issuers.ts";
import { intakeOf, supportAddressOf } from "../../src/app/mail-in.ts";
import { assets, refusalPage, routes } from "../../src/app/routes.ts";
import { openSigstore } from "../../src/app/sigstore.ts";
import { countRequest } from "../../src/app/start.ts";
import { type LeakSources, makeLeakLookup } from "../../src/authenticators/index.ts";
import { verifyChain } from "../../src/audit/index.ts";
import { type Mailbox, type World as StoryWorld, type WorldTime } from "../../src/bin/demo/person.ts";
import { buildEdge, type Route } from "../../src/kernel/http/index.ts";
import { createGuardedFetch } from "../../src/kernel/net/guarded-fetch.ts";
import type { Outside } from "../../src/kernel/net/outside.ts";
import { startReceiver } from "../../src/mail-in/index.ts";
import { deliverDue, type MailTransport, type OutgoingMail, outboxDepth } from "../../src/notifications/index.ts";
import { type ClockWork, policy as policies, type RecoveryRuntime, sweepClocks } from "../../src/recovery/index.ts";
import { makeDownloadCounter } from "../../src/registry/index.ts";
import { answerMailRequests } from "../../src/sign-in/index.ts";
import { testDatabase } from "./database.ts";
import { type TestRuntime, testRuntime } from "./runtime.ts";

/*
 * The whole application in one process: real HTTP, real PostgreSQL, a clock moved by hand, mail that is kept. Only the
 * passing of time and the transport of mail are the test's own.
 */

export interface World extends StoryWorld {
  readonly runtime: TestRuntime & RecoveryRuntime;
  readonly routes: readonly Route[];
  /** Every mail that was sent, oldest first. */
  readonly sent: readonly OutgoingMail[];
  /** Where mail is taken in; 0 where the settings say nowhere. */
  readonly mailInPort: number;
  /** Sends the mail that is due and does what the clock brings about now. */
  settle(): Promise<ClockWork>;
  /** Lets time pass, and settles. */
  pass(milliseconds: number): Promise<ClockWork>;
  /** Ends it, and checks what must hold after every story. */
  close(): Promise<void>;
  /** Ends it without checks, after something went wrong. */
  abandon(): Promise<void>;
}

const ROOT = join(import.meta.dirname, "../..");
const URLS = /https?:\/\/[^\s<>"]+/g;

export interface WorldOptions {
  readonly seed?: string;
  readonly policyFile?: string;
  /** Where leaked passwords are looked up; nowhere unless given. */
  readonly leaks?: LeakSources;
  /** The places that strangers choose; none can be reached unless given. */
  readonly outside?: Outside;
  /** More settings, as in the environment. */
  readonly settings?: Environment;
  /** Name servers that are asked about senders of mail. */
  readonly nameServers?: readonly string[];
  /** Texts that must not be in any log line at the end. */
  readonly secrets?: () => readonly string[];
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const database = await testDatabase();
  const folder = await mkdtemp(join(tmpdir(), "locksmith-world-"));
  const read = readConfig(
    { DATA_DIR: folder, PORT: "0", SMTP_URL: "smtp://127.0.0.1:25", ...options.settings },
    { workingDirectory: folder, packageDirectory: ROOT },
  );
  assert(read.ok);
  const loaded = await policies.loadPolicy(options.policyFile ?? join(ROOT, "policy", "default.json"));
  assert(loaded.ok);
  const base = testRuntime(database.db, { seed: options.seed ?? "world" });
  const runtime: TestRuntime & RecoveryRuntime = {
    ...base,
    policy: loaded.value,
    outside: options.outside,
    issuedTokens: issuersOf(read.value),
    sigstore: await openSigstore(read.value),
    supportAddress: supportAddressOf(read.value),
    countLeaks:
      options.leaks &&
      makeLeakLookup(options.leaks, {
        fetch: createGuardedFetch({ allowPrivate: fetchExceptions(options.leaks.url) }),
        clock: base.clock,
        log: base.log,
      }),
  };
  const folders = layoutOf(folder);
  await mkdir(folders.files, { recursive: true });
  // The port is known only once the server listens, and links are made from it: a mutable URL, set once.
  const table = routes({
    runtime,
    policy: loaded.value,
    folders,
    config: read.value,
    downloads: makeDownloadCounter(),
  });
  const edge = await buildEdge(runtime, {
    routes: table,
    throttle: countRequest,
    refusalPage,
    assets,
    floodLimit: 1_000_000,
  });
  await edge.listen({ port: 0, host: "127.0.0.1" });
  const { port } = edge.server.address() as AddressInfo; // listening on TCP
  runtime.publicUrl.port = String(port);

  const { mailIn } = read.value;
  const intake = intakeOf(read.value, runtime, options.nameServers);
  const receiver = mailIn && intake && (await startReceiver(runtime, intake, { ...mailIn, name: "localhost" }));
  const sent: OutgoingMail[] = [];
  const transport: MailTransport = {
    name: "eml",
    send: async (mail) => {
      sent.push(mail);
      return { kind: "accepted", by: "test", answer: "250 kept" };
    },
    close: async () => {},
  };
  const settle = async (): Promise<ClockWork> => {
    await answerMailRequests(runtime);
    let work = await sweepClocks(runtime, runtime.clock.now());
    await deliverDue(runtime, transport, weighUndelivered);
    // A wait that was over before its last notice went out is released by the sweep after it.
    if (work.told > 0) {
      const more = await sweepClocks(runtime, runtime.clock.now());
      work = {
        told: work.told + more.told,
        released: work.released + more.released,
        reminded: work.reminded + more.reminded,
        expired: work.expired + more.expired,
      };
      await deliverDue(runtime, transport, weighUndelivered);
    }
    return work;
  };
  const time: WorldTime = {
    now: () => runtime.clock.now(),
    until: async (date) => {
      runtime.clock.advance(Math.max(0, date.getTime() - runtime.clock.now().getTime()));
      await settle();
    },
  };
  const end = async (): Promise<void> => {
    await receiver?.stop();
    await edge.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    origin: `http://127.0.0.1:${port}`,
    runtime,
    routes: table,
    mailInPort: receiver?.port ?? 0,
    sent,
    time,
    mailbox: keptMailbox(sent, settle),
    settle,
    pass: async (milliseconds) => {
      runtime.clock.advance(milliseconds);
      return settle();
    },
    abandon: end,
    close: async () => {
      await settle();
      const chain = await verifyChain(runtime.db);
      const waiting = await outboxDepth(runtime.db);
      const lines = [...runtime.logLines]; // what a browser still asks for while the world ends is nobody's fault
      await end();
      assert.deepEqual(chain.breaches, [], "the audit chain holds");
      assert.equal(waiting.waiting, 0, "no mail waits");
      const log = lines.join("");
      for (const text of options.secrets?.() ?? []) assert(!log.includes(text), "no secret in the log");
      assert(
        !/request failed/.test(log),
        `no request failed:\n${lines.filter((line) => line.includes("request failed")).join("")}`,
      );
    },
  };
}

/** Mails by address and subject; each is given once. */
function keptMailbox(sent: readonly OutgoingMail[], settle: () => Promise<unknown>): Mailbox {
  const given = new Set<OutgoingMail>();
  return {
    wait: async (address, subject) => {
      await settle();
      const found = sent.findLast((mail) => mail.to === address && subject.test(mail.subject) && !given.has(mail));
      if (!found) {
        const there = sent.filter((mail) => mail.to === address).map((mail) => mail.subject);
        throw new Error(`No mail to ${address} with ${String(subject)}. There are: ${there.join("; ")}`);
      }
      given.add(found);
      return { subject: found.subject, text: found.text, links: [...new Set(found.text.match(URLS) ?? [])] };
    },
  };
}
