import { html } from "../../kernel/html/index.ts";
import type { Topic } from "./topics.ts";

/* Guidance on kinds of proof, linked from their cards on the case page. */

const SIGNED_IN: Topic = {
  slug: "still-signed-in",
  title: "A device that is still signed in",
  lead: "Your case page shows a number of two digits. On the device that is still signed in, “Your account” asks which number you see. Choose the same one, and the device has vouched for you.",
  parts: [
    {
      title: "How to do it",
      body: html`<ol><li>On your case page choose “Show me a number”. It is good for ten minutes.</li><li>On the other device open this index and go to “Your account”, or load that page again.</li><li>Choose the number that your case page shows.</li></ol><p>A wrong number counts against you, and one case allows three.</p>`,
    },
    {
      title: "When it does not count",
      body: html`<p>The device must have been signed in before the case was opened, in a browser that you have used for this account for more than a week. Else anybody who got in yesterday could vouch for themselves.</p>`,
    },
    {
      title: "If you are asked and did not ask to get back in",
      body: html`<p>Choose “It is not me”. That stops the case and locks the account at once. Never choose a number because somebody tells you one: nobody of us ever does. If you already have, <a href="/account/lock">lock the account</a>.</p>`,
    },
  ],
  next: { href: "/account/asked", label: "Is something asked of me?" },
};

const KNOWN_BROWSER: Topic = {
  slug: "known-browser",
  title: "A browser you have signed in with before",
  lead: "We remember for a year with which browsers an account was signed in to. To open your case page in one of them shows that the device is with you.",
  parts: [
    {
      title: "How to do it",
      body: html`<p>Open the link from our mail in that browser, type your case code, and press “Look at this browser”. It must be the same browser and profile, and not a private window.</p>`,
    },
    {
      title: "Why we may not know it",
      body: html`<p>It forgot us when its cookies were deleted, or after a year without a sign-in. After an account was locked or recovered no browser is known any more. And a first sign-in within the last week does not count yet.</p>`,
    },
    {
      title: "What it is worth",
      body: html`<p>It counts as the device does: together with a session or an SSH key on the same machine it counts once.</p>`,
    },
  ],
  next: { href: "/recovery", label: "Help to get back in" },
};

const OLD_CODES: Topic = {
  slug: "used-recovery-codes",
  title: "Used and old recovery codes",
  lead: "An unused recovery code signs you in. A used one, or one of an older set, no longer does, but it shows that you have the sheet, and that helps a little.",
  parts: [
    {
      title: "First try to sign in",
      body: html`<p>Sign in with your password and choose “Use a recovery code”. Try each code that is not crossed out: the page says of each whether it was used or belongs to an older set. A forgotten password can be <a href="/reset">reset by mail</a> first.</p>`,
    },
    {
      title: "Then show a used one on your case page",
      body: html`<p>Type any one of them. One is enough: a whole sheet counts once. No code is used up by it, and we keep none. Codes that were seen in public do not count.</p>`,
    },
  ],
  next: { href: "/sign-in", label: "Sign in" },
};

const OLD_MAIL: Topic = {
  slug: "old-mail",
  title: "An old mail from us",
  lead: "Every mail of ours carries a signature that nobody else can make. An old one that you still have shows that you have what was in your mailbox then, also where you cannot read that mailbox any more.",
  parts: [
    {
      title: "How to save one as a file",
      body: html`<ul><li><strong>Thunderbird</strong>: select the mail, then “Save As”, “File”.</li><li><strong>Apple Mail</strong>: select it, then “Save As”, and choose “Raw Message Source”.</li><li><strong>Gmail</strong>: open it on the website, then the three dots, “Download message”.</li><li><strong>Outlook on the web</strong>: open it, then the three dots, “Save as” or “Download”.</li><li><strong>Proton Mail, Fastmail, Roundcube</strong>: the menu of the mail has “Export”, “Download” or “Show raw message”.</li><li><strong>mutt and others</strong>: the file in your maildir is what we need.</li></ul><p>Outlook for Windows rewrites what it saves, and the signature does not fit any more. Take the website of the provider then.</p>`,
    },
    {
      title: "Which one helps",
      body: html`<p>Any mail from us, best the oldest you find. It must have gone to an address that the account had at that time, and be at least a week older than the first sign that something was wrong. A mail that was forwarded to you or copied from the screen does not carry the signature.</p>`,
    },
    {
      title: "What it is worth",
      body: html`<p>It counts as the mailbox does: together with a code from the same mailbox it counts once. Each mail speaks for one account only.</p>`,
    },
    {
      title: "What we keep",
      body: html`<p>Not the mail. We note which of ours it is, when it was sent, and that the signature fits. A key or a token that somebody has put into the file is treated like <a href="/help/pasted-secret">any secret that was pasted</a>.</p>`,
    },
  ],
  next: { href: "/recovery/case", label: "Back to my case" },
};

const ANOTHER_MACHINE: Topic = {
  slug: "another-machine",
  title: "Your case page is here, your key is there",
  lead: "Choose “Run it on another machine” under the command. Type the code of eight signs there, under /proof, and that machine shows the command.",
  parts: [
    {
      title: "What the other machine sees",
      body: html`<p>One command, and where it applies a field for what it prints. Nothing of your case, and nobody can open your case with the code. It is good for an hour.</p>`,
    },
    {
      title: "If somebody sends you such a code",
      body: html`<p>Then it is their case, about your account. Do not run the command. Tell us by the link in the mail that we have sent you about that case.</p>`,
    },
  ],
  next: { href: "/proof", label: "Type a code" },
};

const NETWORK: Topic = {
  slug: "your-network",
  title: "From which network a case is opened",
  lead: "We note whether a case is opened from a network from which the account was signed in to before. It weighs little, and nobody is asked for it.",
  parts: [
    {
      title: "What is compared",
      body: html`<p>The beginning of the address, which says which provider’s network it is, with that of earlier sign-ins that are still on record and older than a week. We do not look up countries. That you come from elsewhere never counts against you: people travel.</p>`,
    },
  ],
  next: { href: "/recovery", label: "Help to get back in" },
};

const SIGSTORE: Topic = {
  slug: "sigstore-signature",
  title: "Prove with a sigstore signature",
  lead: "If files of your project were signed with sigstore, sign a short text in the same way, and we compare who signed.",
  parts: [
    {
      title: "What to do",
      body: html`<p>Ask for the command on the case page and run it. A browser window opens for the login: take the one that signed your files. Then paste the whole bundle.</p>`,
    },
    {
      title: "What it counts as",
      body: html`<p>A login that hangs on a mailbox of your account counts as that mailbox. A workflow counts as the forge it runs on. Only who had signed a file at least seven days before the first sign of trouble counts.</p>`,
    },
    {
      title: "What others can see",
      body: html`<p>The name of your login gets into sigstore’s public log, beside a digest of the text. The text itself does not, and the signature opens nothing.</p>`,
    },
  ],
  next: { href: "/recovery/case", label: "Back to my case" },
};

const PUBLISHERS: Topic = {
  slug: "trusted-publishers",
  title: "Publish from a build service without a token",
  lead: "You say once which workflow may publish your project. Each run then shows who it is, and is given a token of fifteen minutes.",
  parts: [
    {
      title: "Register the workflow",
      body: html`<p>On the page of your project, under “Trusted publishers”, enter the repository and the name of the workflow file. Name an environment too if you can: the service can then ask a person before each release. Only owners can do this, and every owner is told.</p>`,
    },
    {
      title: "What the run does",
      body: html`<p>It asks <code>/_/oidc/audience</code> for the audience, its service for a token with that audience, and <code>/_/oidc/mint-token</code> for an upload token, sent as <code>{"token": "…"}</code>. The answer’s <code>token</code> is the password for twine, with the username <code>__token__</code>. Clients that publish so elsewhere know these addresses.</p>`,
    },
    {
      title: "What is refused",
      body: html`<p>Runs that a pull request or a comment set off, since anybody can make those. A repository that was deleted and made anew, or given to somebody else: an owner must register it again. And every run while the account that registered it may not publish.</p>`,
    },
    {
      title: "When you are locked out",
      body: html`<p>A publisher that was in use before anything went wrong can help to show that the account is yours. The case page says what to put into the workflow; nothing is published by it. If somebody asks you to run such a thing for a case that is not yours, do not.</p>`,
    },
  ],
  next: { href: "/account", label: "Go to my account" },
};

export const PROOF_TOPICS: readonly Topic[] = [
  SIGNED_IN,
  KNOWN_BROWSER,
  OLD_CODES,
  OLD_MAIL,
  SIGSTORE,
  PUBLISHERS,
  ANOTHER_MACHINE,
  NETWORK,
];
