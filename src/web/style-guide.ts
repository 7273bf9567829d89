import {
  badge,
  button,
  card,
  checkbox,
  copyable,
  details,
  emptyState,
  errorSummary,
  field,
  form,
  html,
  type Html,
  linkButton,
  liveRegion,
  notice,
  page,
  type PageOptions,
  pagination,
  panel,
  progressMeter,
  radios,
  select,
  steps,
  summaryList,
  table,
  textarea,
  time,
  timeline,
} from "../kernel/html/index.ts";

/*
 * Every component in the wording of real pages, to look at and to test: contrast, reflow, print. Nothing here is a route.
 */

const NOW = new Date("2026-11-23T09:40:00Z");
const at = (days: number, hours = 0): Date => new Date(NOW.getTime() + (days * 24 + hours) * 3_600_000);
const CSRF = "style-guide";

type Theme = PageOptions["theme"];
const frame = (options: Omit<PageOptions, "indexName">): Html => page({ indexName: "Example Index", ...options });

/** The case page of a maintainer who lost her phone. */
function casePage(theme: Theme): Html {
  const body = html`
    <h1>Getting back into alice-w</h1>
    ${panel({
      title: "You can set up your account again on",
      date: at(3, 4.42),
      now: NOW,
      body: html`<p>Nothing is left for you to do until then. You will get two mails: one halfway, and one when it is time.</p>`,
    })}
    ${steps([
      { title: "Case opened", state: "done", body: time(at(-1), NOW) },
      { title: "Proof collected", state: "done", body: "Three independent proofs" },
      { title: "Waiting time", state: "current", body: "Everybody who should know has been told and can object" },
      { title: "Set up your account again", state: "todo" },
    ])}
    <h2>What you have proven</h2>
    ${table({
      caption: "Checked by machine",
      columns: ["What", "Result", "When"],
      rows: [
        ["Password", badge({ tone: "success", text: "Proven" }), time(at(-1), NOW)],
        ["Mailbox a…w@example.org", badge({ tone: "success", text: "Proven" }), time(at(0, -22), NOW)],
        ["SSH key on your laptop", badge({ tone: "success", text: "Proven" }), time(at(0, -21), NOW)],
        ["API token", badge({ tone: "neutral", text: "Not shown" }), "–"],
      ],
      empty: "Nothing yet.",
    })}
    ${progressMeter({ id: "strength", label: "Together", words: "strong", value: 34, max: 40 })}
    <h2>Prove something else</h2>
    <p>Run this where your API token is. The token is then held, and comes back with your account.</p>
    ${copyable({ id: "curl", label: "Command", text: "curl --user __token__:$TOKEN --data '' https://index.example/recovery/proof/7Q4M-2XKD" })}
    ${details({ summary: "I do not have a token", body: html`<p>That is fine. A signature with an SSH key, or a second mailbox, counts as well.</p>` })}
    <h2>What happened</h2>
    ${timeline(
      [
        { at: at(0, -20), title: "Decided: enough proof, waiting time begun", tone: "success" },
        { at: at(0, -20.1), title: "Your addresses, two co-owners and one session were told", tone: "info" },
        { at: at(-1), title: "Case opened from the sign-in page" },
      ],
      NOW,
    )}
    <h2>Found your phone or your codes?</h2>
    <p>Sign in with them. That ends this case at once, and nothing changes.</p>
    <div class="actions">${linkButton({ href: "/sign-in", label: "Sign in" })}${form({ action: "/recovery/case/cancel", csrf: CSRF, body: button({ label: "Cancel this case", kind: "secondary" }) })}</div>`;
  return frame({
    title: "Your case",
    body,
    theme,
    nav: [{ href: "/recovery", label: "Help to get back in" }],
    currentPath: "/recovery/case",
  });
}

/** The queue of the desk. */
function queuePage(theme: Theme): Html {
  const lanes = [
    ["Incidents", 1],
    ["Waiting for us", 14],
    ["Waiting for them", 38],
    ["Waiting time runs", 9],
    ["Ended", 412],
  ] as const;
  const rows = (
    [
      ["LK-2041", "mallory-fan", "danger", "Contested", 3, "Lost second factor", at(0, -2), null],
      ["LK-2033", "bob.builds", "warning", "Review", 2, "Lost everything", at(-1, -4), null],
      ["LK-2029", "carol", "warning", "Second review", 3, "Mailbox gone", at(-2), null],
      ["LK-2018", "dmitri-k", "info", "Information requested", 1, "Lost second factor", at(-5), null],
      ["LK-2002", "alice-w", "info", "Waiting", 2, "Lost second factor", at(0, -20), at(3, 4.42)],
      ["LK-1996", "erin", "success", "Ready", 1, "Lost recovery codes", at(0, -1), null],
      ["LK-1987", "frank_the_long_username_of_fifty_characters_limit", "neutral", "Expired", 1, "Other", at(-40), null],
    ] as const
  ).map(([number, name, tone, state, tier, cause, since, ends]) => [
    html`<a href="/console/cases/${number}">${number}</a>`,
    name,
    badge({ tone, text: state }),
    tier,
    cause,
    time(since, NOW, "relative"),
    ends ? time(ends, NOW, "relative") : "–",
  ]);
  const body = html`
    <h1>Recovery cases</h1>
    <nav class="lanes" aria-label="Lanes"><ul>${lanes.map(([label, count]) => html`<li><a href="/console" aria-current="${label === "Waiting for us" ? "page" : "false"}">${label} <span class="count">${count}</span></a></li>`)}</ul></nav>
    <form method="get" action="/console" role="search" class="search">${field({ name: "search", label: "Case number or username", type: "search", autocomplete: "off" })}${button({ label: "Search", kind: "secondary" })}</form>
    ${liveRegion({
      id: "queue",
      url: "/console",
      seconds: 60,
      body: table({
        caption: "14 cases, longest in their state first",
        columns: [
          { label: "Case", isRowHeader: true },
          "Name claimed",
          "State",
          { label: "Tier", align: "end" },
          "Cause",
          "In this state since",
          "Wait ends",
        ],
        rows,
        empty: "No case waits in this lane.",
        isKeyed: true,
        isDense: true,
      }),
    })}
    ${pagination({ page: 2, pages: 9, href: (number) => `/console?page=${number}` })}
    ${emptyState({ title: "Nothing here", body: html`<p>No case waits in this lane.</p>`, action: linkButton({ href: "/console", label: "All cases", kind: "secondary" }) })}`;
  return frame({
    title: "Recovery cases",
    body,
    theme,
    width: "full",
    nav: [
      { href: "/console", label: "Queue" },
      { href: "/console/staff", label: "Staff" },
    ],
    currentPath: "/console",
  });
}

/** The sheet of recovery codes; printed, it is the sheet and nothing else. */
function codesPage(theme: Theme): Html {
  const codes = Array.from({ length: 10 }, (_, index) => `lkrc-7Q4M${index}-XKD9A-PT3WZ-0HVN6-R8C1${index}`);
  const body = html`
    <h1>Your recovery codes</h1>
    <p class="no-print">Each of these opens your account once when your app is gone. <strong>We cannot show them again.</strong> Keep them where the phone is not: in a password manager, or printed in a drawer.</p>
    <section class="codes-sheet" aria-label="Recovery codes">
      <p class="print-only">Example Index · index.example · alice-w · made on 2026-11-23</p>
      <ol class="codes">${codes.map((code) => html`<li><span class="tick" aria-hidden="true"></span><code>${code}</code></li>`)}</ol>
      <p class="print-only">Tick a code off when you have used it. We never ask for one by telephone or mail.</p>
    </section>
    <div class="no-print">
      ${copyable({ id: "all-codes", text: codes.join("\n"), label: "All codes as text", download: "recovery-codes-index.example-alice-w-2026-11-23.txt", print: true, isFolded: true })}
      <h2>Do you have them?</h2>
      ${form({ action: "/account/recovery-codes/check", csrf: CSRF, body: html`${field({ name: "code", label: "Type one of them back", hint: "It is only compared, not used up.", autocomplete: "off", spellcheck: false })}${button({ label: "Compare" })}` })}
    </div>`;
  return frame({
    title: "Your recovery codes",
    body,
    theme,
    nav: [{ href: "/account", label: "Your account" }],
    currentPath: "/account/recovery-codes",
  });
}

/** A form sent with mistakes, and every other kind of field. */
function formPage(theme: Theme): Html {
  const errors = {
    username: "Please write your username, as well as you remember it.",
    cause: "Please choose what fits best.",
  };
  const body = html`
    ${errorSummary(errors, undefined)}
    <h1>Get back into your account</h1>
    <p class="lead">Start with what you have. Everything but your name and an address is optional.</p>
    ${form({
      action: "/recovery",
      csrf: CSRF,
      body: html`
        ${field({ name: "username", label: "Your username", hint: "A typing mistake does no harm.", autocomplete: "username", error: errors.username, required: true, maxlength: 254, spellcheck: false })}
        ${field({ name: "contact", label: "Where can we write to you?", type: "email", autocomplete: "email", value: "alice@example.org" })}
        ${radios({
          name: "cause",
          label: "What happened?",
          error: errors.cause,
          options: [
            {
              value: "second-factor",
              label: "My phone or security key is gone",
              hint: "Lost, broken, stolen or reset",
            },
            { value: "mailbox", label: "I cannot read my old mailbox" },
            { value: "compromised", label: "Somebody else is in my account" },
          ],
        })}
        ${select({
          name: "since",
          label: "Since when?",
          value: "week",
          options: [
            { value: "today", label: "Today" },
            { value: "week", label: "This week" },
            { value: "long", label: "Longer" },
          ],
        })}
        ${textarea({ name: "story", label: "Anything that helps us to understand (optional)", hint: "Please no passwords, codes or tokens.", value: "I reset my phone before moving the app." })}
        ${field({ name: "password", label: "Password, if you still know it", type: "password", autocomplete: "current-password" })}
        ${field({ name: "code", label: "Six-digit code", inputmode: "numeric", autocomplete: "one-time-code", width: "short", value: "123456" })}
        ${checkbox({ name: "understood", label: "I know that every address of the account will be told" })}
        ${button({ label: "Open a recovery case" })}`,
    })}
    ${(["info", "success", "warning", "danger"] as const).map((tone) =>
      notice({
        tone,
        title: {
          info: "You are signed in elsewhere",
          success: "That is one of your codes",
          warning: "Publishing is held",
          danger: "Somebody opened a recovery case",
        }[tone],
        body: html`<p>Until ${time(at(3), NOW)}. <a href="/account">See your account</a>.</p>`,
      }),
    )}
    <p>${badge({ tone: "neutral", text: "Ended" })} ${badge({ tone: "info", text: "Waiting", icon: "hourglass" })} ${badge({ tone: "success", text: "Proven" })} ${badge({ tone: "warning", text: "Held" })} ${badge({ tone: "danger", text: "Contested" })}</p>
    <p class="code-large"><code>7Q4M-2XKD-9APT</code></p>
    <p class="actions">${linkButton({ href: "/", label: "Go on" })}${linkButton({ href: "/", label: "Not now", kind: "secondary" })}</p>
    ${form({ action: "/objection", csrf: CSRF, body: button({ label: "Stop it and freeze the account", kind: "danger" }) })}`;
  return frame({
    title: "Get back into your account",
    body,
    theme,
    nav: [
      { href: "/sign-in", label: "Sign in" },
      { href: "/register", label: "Register" },
      { href: "/recovery", label: "Help to get back in" },
    ],
    currentPath: "/recovery",
  });
}

/** One case on one screen, for a reviewer. */
function decisionPage(theme: Theme): Html {
  const match = badge({ tone: "success", text: "Matches", icon: "equal" });
  const differs = badge({ tone: "warning", text: "Differs", icon: "equal-not" });
  const body = html`
    <p><a href="/console" data-key="q" aria-keyshortcuts="q">Back to the queue</a></p>
    <h1>LK-2033 ${badge({ tone: "warning", text: "Review" })}</h1>
    <p>Lost everything. Opened ${time(at(-1, -4), NOW)} from 192.0.2.7, by the public form. Next move: <strong>reviewer</strong>.</p>
    <div class="desk-case">
      <div>
        <section><h2>Claims beside records</h2>${table({
          caption: "What the claimant says, and what the index knows",
          columns: [{ label: "What", isRowHeader: true }, "Claimed", "On record", ""],
          rows: [
            ["Username", "bob.builds", "bob-builds", match],
            ["Address", "bob@new.example", "b…b@old.example", differs],
            ["Last upload", "spring 2026", time(at(-200), NOW), match],
            ["Organisation", "Buildworks", "Buildworks", match],
          ],
          empty: "",
        })}</section>
        <section><h2>Reasons</h2><p class="lead">Strong against a stranger, moderate against somebody who reads his mail.</p><div class="columns"><div><h3>For</h3><ul class="reasons"><li>The SSH key signed the challenge; bound two years ago <code>weights.ssh</code></li><li>The mailbox was confirmed <code>weights.mailbox</code></li></ul></div><div><h3>Against</h3><ul class="reasons"><li>New network and country <code>weights.network</code></li></ul></div></div></section>
        <section><h2>Proof</h2>${card({ level: 3, title: "SSH signature", aside: badge({ tone: "success", text: "Supports" }), body: html`<p>Checked ${time(at(0, -3), NOW)}. Key <code>SHA256:dEcjQ0N1yZ1k8m0Wq</code>, root of trust <code>key</code>.</p>` })}</section>
      </div>
      <div>
        <section><h2>Decide</h2>
          ${summaryList([
            { key: "Waiting time", value: "7 days" },
            { key: "Hold afterwards", value: "14 days" },
            { key: "Downloads in 30 days", value: "1,204,331", action: html`<a href="/console">Show</a>` },
          ])}
          ${form({ action: "/console/cases/LK-2033/approve", csrf: CSRF, body: html`${textarea({ name: "reason", label: "Reason", hint: "The claimant reads it if you refuse.", rows: 3 })}${field({ name: "typed", label: "Type the account’s username", autocomplete: "off" })}${button({ label: "Approve", key: "a" })}` })}
        </section>
        <section><h2>Messages</h2><blockquote class="message"><p class="muted">Claimant, ${time(at(0, -5), NOW)}</p><p>I still have the laptop I publish from.</p></blockquote><blockquote class="message internal"><p class="muted">Desk ${badge({ tone: "neutral", text: "Internal note" })}</p><p>Key fits the one on the forge.</p></blockquote></section>
      </div>
    </div>`;
  return frame({
    title: "LK-2033",
    body,
    theme,
    width: "full",
    nav: [{ href: "/console", label: "Queue" }],
    currentPath: "/console/cases/LK-2033",
  });
}

/** The pages of the style guide by name; `theme` fixes light or dark. */
export const styleGuidePages: Readonly<Record<string, (theme?: Theme) => Html>> = {
  case: casePage,
  queue: queuePage,
  codes: codesPage,
  form: formPage,
  decision: decisionPage,
};

/** The list of all pages of the style guide, each with what it shows. */
export const styleGuide = (theme?: Theme): Html =>
  frame({
    title: "Style guide",
    theme,
    width: "wide",
    body: html`<h1>Style guide</h1><p class="lead">Every component, in the words of real pages.</p>
      ${card({ title: "Pages", body: html`<ul>${Object.keys(styleGuidePages).map((name) => html`<li><a href="/style-guide/${name}">${name}</a></li>`)}</ul>` })}`,
  });
