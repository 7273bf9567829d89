import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Browser, openBrowser } from "../../src/bin/demo/browser.ts";
import { type Person, upload, wheelOf, type World } from "../../src/bin/demo/person.ts";

/*
 * Several people at work at once, over HTTP: some upload, some register, some approve cases. It notes what the server
 * said was done, so that a test which breaks something in the middle can ask for exactly that afterwards.
 */

export interface Cast {
  readonly origin: string;
  /** API tokens to upload with; each makes a project of its own. */
  readonly tokens: readonly string[];
  /** At the desk, with the cases to approve and whose they are. */
  readonly desk: readonly { readonly browser: Browser; readonly cases: readonly CaseToApprove[] }[];
  /** A code of the app that all of the desk have, not used before. */
  readonly newCode: () => Promise<string>;
  /** Names to register; an address lets twenty an hour through. */
  readonly names: readonly string[];
}

export interface CaseToApprove {
  readonly number: string;
  readonly username: string;
}

export interface Done {
  /** File name → SHA-256 of what was sent. */
  readonly uploads: Map<string, string>;
  readonly registrations: Set<string>;
  /** Case numbers. */
  readonly approvals: Set<string>;
  /** What the server answered that was neither done nor a broken connection: status and text. */
  readonly refused: { readonly status: number; readonly text: string }[];
}

export interface Traffic {
  readonly done: Done;
  /** Waits until so much was done. */
  until(reached: (done: Done) => boolean): Promise<void>;
  /** Lets nobody begin anything more, and waits for what is under way. */
  end(): Promise<void>;
}

const PASSWORD = "orchard-nickel-bridge-meadow-4451";

/** @param prefix begins every name, so that two rounds do not meet */
export function startTraffic(cast: Cast, prefix: string): Traffic {
  const done: Done = { uploads: new Map(), registrations: new Set(), approvals: new Set(), refused: [] };
  let isOver = false;
  /** One thing after the other. A connection that breaks is the fault at work; whether it was done is then not known. */
  const lane = async (work: Iterable<() => Promise<void>>): Promise<void> => {
    for (const act of work) {
      if (isOver) return;
      await act().catch((error: unknown) => {
        if (error instanceof assert.AssertionError || !(error instanceof TypeError)) throw error; // fetch throws TypeError
      });
    }
  };
  const lanes = [
    ...cast.tokens.map((token, at) => lane(uploads(cast.origin, token, `${prefix}-wheel-${"abcdef"[at]}`, done))),
    ...cast.desk.map(({ browser, cases }) => lane(approvals(browser, cases, cast.newCode, done))),
    lane(registrations(cast.origin, cast.names, done)),
  ];
  const all = Promise.all(lanes);
  all.catch(() => undefined); // told by end()
  return {
    done,
    until: async (reached) => {
      while (!reached(done)) {
        assert(!isOver);
        await delay(2);
      }
    },
    end: async () => {
      isOver = true;
      await all;
    },
  };
}

function* uploads(origin: string, token: string, project: string, done: Done) {
  for (let minor = 0; minor < 500; minor += 1) {
    const file = wheelOf(project, `1.${minor}`);
    yield async () => {
      const { status, reason } = await upload({ origin, ...NOBODY }, { ...NOBODY, token } as Person, file);
      if (status === 200) done.uploads.set(file.filename, createHash("sha256").update(file.bytes).digest("hex"));
      else done.refused.push({ status, text: reason });
    };
  }
}

/** upload() looks at the origin and the token only. */
const NOBODY = {} as Omit<Person, "token"> & Omit<World, "origin">;

function* registrations(origin: string, names: readonly string[], done: Done) {
  for (const username of names) {
    yield async () => {
      const browser = openBrowser(origin);
      const form = await browser.open("/register");
      if (form.status !== 200) return void done.refused.push({ status: form.status, text: form.text });
      const fields = { username, address: `${username}@mail.example`, password: PASSWORD };
      const page = await browser.submit("/register", fields);
      if (/Confirm your address/.test(page.text)) done.registrations.add(username);
      else done.refused.push({ status: page.status, text: page.text });
    };
  }
}

function* approvals(browser: Browser, cases: readonly CaseToApprove[], newCode: Cast["newCode"], done: Done) {
  for (const { number, username } of cases) {
    yield async () => {
      const page = await browser.open(`/console/cases/${number}`);
      if (page.status !== 200) return void done.refused.push({ status: page.status, text: page.text });
      const reason = "Mailbox and password agree; the account was quiet.";
      const answer = await browser.submit(/\/approve$/, { reason, username, code: await newCode() });
      if (answer.status === 200 && /Waiting/.test(answer.text)) done.approvals.add(number);
      else done.refused.push({ status: answer.status, text: answer.text });
    };
  }
}
