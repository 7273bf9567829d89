import { openBrowser } from "./browser.ts";
import type { Narrator } from "./narrator.ts";
import {
  addSshKey,
  codesIn,
  confirmFromMail,
  enrol,
  expectPage,
  linkIn,
  makePerson,
  makePhone,
  makeToken,
  otpauthIn,
  type Person,
  registerAndConfirm,
  sdistOf,
  signIn,
  signInWithPassword,
  stepUp,
  upload,
  wheelOf,
  type World,
  makePassphrase,
} from "./person.ts";
import {
  confirmContact,
  openCasePage,
  openFromForm,
  openFromStuckScreen,
  proveApiToken,
  proveSshKey,
  restorationPath,
} from "./recovery.ts";

/** Everybody of the story, with what is needed to sign in as them afterwards. */
export interface Cast {
  readonly people: readonly Person[];
  readonly caseNumbers: readonly { readonly whose: string; readonly number: string; readonly code: string }[];
}

/** The sentence of a page that a person would read first. */
const saying = (text: string, pattern: RegExp): string => pattern.exec(text)?.[0]?.trim() ?? text.slice(0, 160);

/** The main job from beginning to end. Everything it says comes from an answer of the server. */
export async function playStory(world: World, narrator: Narrator, administratorPath: string): Promise<Cast> {
  const { act, chapter } = narrator;
  const dana = makePerson(world, "dana");
  const erin = makePerson(world, "erin");
  const alice = makePerson(world, "alice", "alice@alice.example");
  const bob = makePerson(world, "bob", "bob@bob.example");
  const carol = makePerson(world, "carol-k", "carol@carol.example");
  const cases: { whose: string; number: string; code: string }[] = [];

  chapter("1. The desk gets its people");
  await act(
    "Dana",
    "becomes administrator with the operator's one-time link",
    () => becomeAdministrator(world, dana, administratorPath),
    (page) => saying(page.text, /Nobody|People at this desk|Recovery cases/),
  );
  await act("Erin", "registers, and Dana appoints her reviewer", async () => {
    await registerAndConfirm(world, erin);
    await enrol(world, erin);
    await dana.browser.open("/console/staff");
    return expectPage(
      await dana.browser.submit("/console/staff", { username: erin.username, role: "reviewer" }),
      /erin/,
    );
  });

  chapter("2. Alice and Bob publish");
  await act("Alice", "registers and confirms her address from a real mail", () => registerAndConfirm(world, alice));
  await act(
    "Alice",
    "connects an authenticator app and takes ten recovery codes",
    () => enrol(world, alice),
    () => `${alice.codes.length} codes, the first begins with ${alice.codes[0]?.slice(0, 10) ?? ""}…`,
  );
  await act("Alice", "makes an API token and registers her laptop's SSH key", async () => {
    await makeToken(alice, "laptop");
    await addSshKey(alice);
  });
  await act(
    "Alice",
    "uploads a wheel and an sdist as twine does",
    async () => {
      const wheel = await upload(world, alice, wheelOf("alpenglow", "1.0"));
      const sdist = await upload(world, alice, sdistOf("alpenglow", "1.0"));
      return [wheel, sdist].map((one) => one.reason).join(" · ");
    },
    (said) => said,
  );
  await act(
    "pip",
    "finds them in the simple index",
    () => simpleIndex(world, "alpenglow"),
    (files) => files.join(", "),
  );
  await act("Bob", "does the same; two other projects depend on his", () => publishAsBob(world, bob));
  await act(
    "Carol",
    "registers as carol-k and publishes; somebody else is called carol-j",
    async () => {
      await registerAndConfirm(world, carol);
      await enrol(world, carol);
      await makeToken(carol, "laptop");
      const chalk = await upload(world, carol, wheelOf("chalk", "0.9"));
      await registerAndConfirm(world, makePerson(world, "carol-j", "someone@else.example"));
      return chalk.reason;
    },
    (said) => said,
  );
  await world.time.until(new Date(world.time.now().getTime() + 3000)); // the demonstration's policy lets bindings count after two seconds

  chapter("3. Alice has lost her phone and her codes");
  const lost = { ...alice, browser: openBrowser(world.origin) };
  const aliceCase = await act(
    "Alice",
    "signs in with her password, cannot use her app, opens a case",
    () => openFromStuckScreen(lost),
    (opened) => `case ${opened.number}`,
  );
  cases.push({ whose: "Alice", ...aliceCase });
  await act(
    "Alice",
    "confirms her mailbox with the code from the mail",
    () => confirmContact(world, lost, aliceCase.number),
    (page) => saying(page.text, /What you have shown[^.]*\.|You have shown[^.]*\./),
  );
  await act(
    "Alice",
    "proves her API token with one request",
    () => proveApiToken(world, lost),
    ({ text }) => text,
  );
  await act(
    "Alice",
    "signs the challenge with her SSH key",
    () => proveSshKey(lost),
    (page) => saying(page.text, /You have shown enough[^.]*\./),
  );
  await act(
    "Alice",
    "reads on her case page what happens now",
    () => openCasePage(lost),
    (page) => saying(page.text, /Your case is decided[\s\S]{0,200}?(?=You need)/),
  );

  chapter("4. Mallory knows every public fact, Trudy holds the mailbox as well");
  await act(
    "Mallory",
    "opens a case on Alice's name from her own mailbox",
    () => intrude(world, "mallory@elsewhere.example", alice),
    (said) => said,
  );
  await act(
    "Trudy",
    "reads Alice's mail and asks for the same",
    () => intrude(world, alice.address, alice),
    (said) => said,
  );

  chapter("5. Alice waits, and gets back in");
  const form = await act("Alice", "waits; everybody else is told halfway and before the end", () =>
    restorationPath(world, alice.address, aliceCase.number),
  );
  await act(
    "Alice",
    "sets a new password and a new app with her single-use right",
    () => restore(world, lost, form),
    (page) => saying(page.text, /Your account is open again[^.]*\.[^.]*\./),
  );
  await act(
    "Alice",
    "tries the same link once more",
    () => lost.browser.open(form),
    (page) => `${page.status} ${saying(page.text, /This link[^.]*\./)}`,
  );
  await act(
    "Alice",
    "tries to publish with her old token",
    () => upload(world, alice, wheelOf("alpenglow", "1.1")),
    ({ reason }) => reason,
  );
  alice.password = lost.password;
  alice.phone = lost.phone;
  alice.codes = lost.codes;
  const again = { ...lost, browser: openBrowser(world.origin) };
  await act(
    "Alice",
    "signs in on a new browser with a code from her mail; making tokens is held",
    async () => {
      expectPage(await signIn(again), /alice/);
      await again.browser.open("/account/tokens");
      return again.browser.submit("/account/tokens", { name: "new laptop" });
    },
    (page) => saying(page.text, /[^.]*(?:held|until)[^.]*\./i),
  );

  chapter("6. Bob knows only his name and his mailbox; his project is widely used");
  const bobAway = { ...bob, browser: openBrowser(world.origin) };
  const bobCase = await act(
    "Bob",
    "starts from the public form",
    () => openFromForm(bobAway, { username: "bob", contact: bob.address, story: "My phone fell into a lake." }),
    (opened) => `case ${opened.number}`,
  );
  cases.push({ whose: "Bob", ...bobCase });
  await act(
    "Bob",
    "confirms his mailbox",
    () => confirmContact(world, bobAway, bobCase.number),
    (page) => saying(page.text, /What you have shown[^.]*\.[\s\S]{0,200}?What would help most[^.]*\./),
  );
  await act(
    "Bob",
    "asks that a person looks at it",
    () => bobAway.browser.submit("/recovery/case/submit"),
    (page) => saying(page.text, /A person looks at it now|One of us[^.]*\./),
  );
  await act(
    "Dana",
    "sees Bob's case in the queue and asks for one thing more",
    () => askBob(dana, bobCase.number),
    (page) => saying(page.text, /Information requested/),
  );
  await act(
    "Bob",
    "gets the question by mail, signs with his SSH key, and answers",
    async () => {
      await world.mailbox.wait(bob.address, new RegExp(`question about your recovery case ${bobCase.number}`));
      await proveSshKey(bobAway);
      return bobAway.browser.submit("/recovery/case/message", { body: "Here is the signature from my laptop." });
    },
    (page) => saying(page.text, /A person looks at it now|One person[^.]*\./),
  );
  await act(
    "Dana",
    "approves with a reason and the typed username",
    () => decide(dana, bobCase.number, "approve", "bob"),
    (page) => saying(page.text, /Waiting time ends[^.]*|Waiting/),
  );

  chapter("7. Somebody objects");
  const carolAway = { ...carol, browser: openBrowser(world.origin) };
  const carolCase = await act(
    "Carol",
    "writes her name one letter off",
    () => openFromForm(carolAway, { username: "carol-j", contact: carol.address }),
    (opened) => `case ${opened.number}, nothing about whose name it is`,
  );
  cases.push({ whose: "Carol", ...carolCase });
  await act(
    "Carol",
    "confirms her mailbox and is matched to her own account",
    () => confirmContact(world, carolAway, carolCase.number),
    (page) => saying(page.text, /What you have shown[^.]*\.|You have shown[^.]*\./),
  );
  const objection = await act("Carol", "opens the objection link of the mail; opening alone does nothing", async () => {
    const mail = await world.mailbox.wait(carol.address, /Somebody asks to get back into an account/);
    const path = linkIn(mail, /\/objection\//);
    expectPage(await openBrowser(world.origin).open(path), /Was this not you/);
    return path;
  });
  await act(
    "Carol",
    "presses its one button",
    async () => {
      const scanner = openBrowser(world.origin);
      await scanner.open(objection);
      return expectPage(await scanner.submit(objection), /is stopped and the account is frozen/);
    },
    (page) => saying(page.text, /Case LK[^.]*frozen\./),
  );

  chapter("8. Holds end by themselves");
  await act(
    "Alice",
    "waits until the hold is over, makes a token and publishes",
    async () => {
      await untilFree(world, again);
      alice.token = again.token;
      return upload(world, alice, wheelOf("alpenglow", "1.1"));
    },
    ({ reason }) => reason,
  );
  return { people: [dana, erin, alice, bob, carol], caseNumbers: cases };
}

async function becomeAdministrator(world: World, dana: Person, path: string) {
  await dana.browser.open(path);
  const { username, address, password } = dana;
  expectPage(await dana.browser.submit(path, { username, address, password }), /Confirm your address/);
  await confirmFromMail(world, dana);
  await enrol(world, dana);
  expectPage(await signInWithPassword(dana, "/console/sign-in"), /code from your app/i);
  return dana.browser.submit("/console/sign-in/second-factor", { code: (await dana.phone?.code()) ?? "" });
}

async function simpleIndex(world: World, project: string): Promise<readonly string[]> {
  const response = await fetch(new URL(`/simple/${project}/`, world.origin), {
    headers: { accept: "application/vnd.pypi.simple.v1+json" },
  });
  const json = (await response.json()) as {
    readonly files: readonly { readonly filename: string; readonly hashes: { readonly sha256: string } }[];
  }; // PEP 691
  return json.files.map((file) => `${file.filename} sha256 ${file.hashes.sha256.slice(0, 12)}…`);
}

async function publishAsBob(world: World, bob: Person): Promise<void> {
  await registerAndConfirm(world, bob);
  await enrol(world, bob);
  await makeToken(bob, "ci");
  await addSshKey(bob);
  await upload(world, bob, wheelOf("bedrock", "2.0"));
  const user = makePerson(world, "frank", "frank@frank.example");
  await registerAndConfirm(world, user);
  await enrol(world, user);
  await makeToken(user, "laptop");
  for (const name of ["basalt", "gneiss"]) await upload(world, user, wheelOf(name, "1.0", ["bedrock>=2"]));
}

/** What somebody gets who knows the name and can read one mailbox: the server's last word to them. */
async function intrude(world: World, mailbox: string, victim: Person): Promise<string> {
  const thief = { ...makePerson(world, victim.username, mailbox), browser: openBrowser(world.origin) };
  const opened = await openFromForm(thief, {
    username: victim.username,
    contact: mailbox,
    story: "I am the maintainer, this is urgent, our release is today!",
  });
  const page = await confirmContact(world, thief, opened.number, mailbox);
  return saying(page.text, /This case is closed[^.]*\.|What you have shown[^.]*\.[^.]*\.|The case was ended[^.]*\./);
}

/** Sets a new password and a new app, and takes the new codes. */
export async function restore(world: World, person: Person, path: string) {
  const page = expectPage(await person.browser.open(path), /Set up your account anew/);
  person.phone = makePhone(otpauthIn(page), world.time);
  person.password = makePassphrase();
  const done = await person.browser.submit(path, { password: person.password, code: await person.phone.code() });
  person.codes = codesIn(done);
  return expectPage(done, /account is open again/);
}

async function askBob(dana: Person, number: string) {
  expectPage(await dana.browser.open("/console?lane=us"), new RegExp(number));
  await dana.browser.open(`/console/cases/${number}`);
  return dana.browser.submit(/request-information$/, {
    question: "Please sign the challenge with the SSH key on your laptop.",
  });
}

type Verdict = "approve" | "refuse" | "keep" | "reverse";

export async function decide(reviewer: Person, number: string, verdict: Verdict, username: string) {
  await reviewer.browser.open(`/console/cases/${number}`);
  return reviewer.browser.submit(new RegExp(`/${verdict}$`), {
    reason: "Mailbox and the key of the laptop agree; the account was quiet.",
    username,
    code: (await reviewer.phone?.code()) ?? "",
  });
}

async function untilFree(world: World, person: Person): Promise<void> {
  for (;;) {
    await person.browser.open("/account/tokens");
    const page = await person.browser.submit("/account/tokens", { name: "new laptop" });
    await stepUp(person);
    const token = /lks_[0-9A-Za-z]+/.exec(page.text)?.[0];
    if (token) {
      person.token = token;
      return;
    }
    await world.time.until(new Date(world.time.now().getTime() + 2000));
  }
}
