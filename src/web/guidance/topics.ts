import { html, type Html } from "../../kernel/html/index.ts";
import { PROOF_TOPICS } from "./proofs.ts";
import { PLACE_TOPICS } from "./proofs-of-places.ts";

/* Guidance, written for somebody who is worried. What a page asks of people is what this installation really does. */

export interface Topic {
  /** In the address: `/help/<slug>`. */
  readonly slug: string;
  readonly title: string;
  /** The answer in one or two sentences, for who reads no further. */
  readonly lead: string;
  readonly parts: readonly { readonly title: string; readonly body: Html }[];
  /** The one next step. */
  readonly next: { readonly href: string; readonly label: string };
}

const LOST_PHONE: Topic = {
  slug: "lost-phone",
  title: "I lost my phone",
  lead: "Nothing on your account is lost with it. Sign in with your password and a recovery code, and connect the app on another device.",
  parts: [
    {
      title: "If you have a recovery code",
      body: html`<p>Sign in as always, choose “Use a recovery code” in place of the six digits, and type one. The file we offered you when they were made has “recovery-codes” in its name: look in your password manager, your downloads, and where you keep printed things.</p>`,
    },
    {
      title: "If a computer of yours is still signed in",
      body: html`<p>Stay signed in there: you see your account history on it, and at once if somebody else tries to recover the account. Your password manager or an SSH key on that computer may be what gets you back in. New recovery codes, though, need the app or an old code.</p>`,
    },
    {
      title: "If you have neither",
      body: html`<p>Sign in with your password as far as it goes, then choose “I can’t use any of these”. That opens a recovery case which already knows that your password was right. You can then show other things: your mailbox, an API token, an SSH key.</p>`,
    },
    {
      title: "If it was stolen",
      body: html`<p>A thief needs your password besides the app. Lock the phone with its maker’s “find my device”, then change your password here. If the phone also held your password manager, do that first.</p>`,
    },
  ],
  next: { href: "/sign-in", label: "Sign in" },
};

const NEW_PHONE: Topic = {
  slug: "new-phone",
  title: "I have a new phone",
  lead: "Connect the new phone while you still have the old one. It takes two minutes now and saves days later.",
  parts: [
    {
      title: "Before you give the old one away",
      body: html`<ol><li>See whether your authenticator app can move or synchronise its entries; most can. Check on the new phone that the entry for this index shows the same six digits as the old one.</li><li>Type back one recovery code on the page “Recovery codes”, to be sure that your copy is good. It is not used up.</li><li>Only then erase the old phone.</li></ol>`,
    },
    {
      title: "If the old phone is gone already",
      body: html`<p>Sign in with a recovery code, or read <a href="/help/lost-phone">what to do about a lost phone</a>.</p>`,
    },
  ],
  next: { href: "/account/recovery-codes", label: "Check my recovery codes" },
};

const RECOVERY_CODES: Topic = {
  slug: "recovery-codes",
  title: "Recovery codes",
  lead: "Ten codes, each of which opens your account once when your app is gone. Keep them where the phone is not.",
  parts: [
    {
      title: "Where to keep them",
      body: html`<ul><li>Printed, in a drawer at home or with your papers.</li><li>In a password manager that you can open without the phone.</li><li>Not as a photograph on the phone itself, and not in your mailbox: whoever reads your mail would have them.</li></ul>`,
    },
    {
      title: "How they look",
      body: html`<p>They begin with <code>lkrc-</code>, so that secret scanners find one that was pasted in public by mistake. Capital and small letters, spaces and dashes do not matter, and a mistyped letter is noticed.</p>`,
    },
    {
      title: "When one is refused",
      body: html`<p>The page says why: used, replaced by a newer set, mistyped, or not one of ours. A new set takes the place of the old one as a whole, so an older print-out may be out of date: compare the date on it with the date on the page.</p>`,
    },
    {
      title: "Who may ask for one",
      body: html`<p>Only the sign-in page, after your password. Nobody of this index asks for a code by mail, by telephone or in a chat.</p>`,
    },
  ],
  next: { href: "/account/recovery-codes", label: "See my recovery codes" },
};

const PASSKEYS: Topic = {
  slug: "passkeys",
  title: "Passkeys",
  lead: "A passkey signs you in with a fingerprint, a face or a PIN, in place of password and six digits. It answers only to the real site, so nobody can phish it.",
  parts: [
    {
      title: "Where it is kept",
      body: html`<p>In a password manager, on your phone, on your computer or on a security key: the browser asks when you make one. The page “Passkeys” says for each whether it is synced to your other devices or on one device only.</p>`,
    },
    {
      title: "When the device is lost",
      body: html`<p>A synced passkey is on your next device as soon as you sign in to the manager there. One on a single device is gone with it: have a second passkey, an app or recovery codes, and remove the lost one on the page “Passkeys”. Nobody can use it without your finger, face or PIN.</p>`,
    },
    {
      title: "When a security key asks for nothing but a touch",
      body: html`<p>Then it is your second step, and the password comes first. If you give the key a PIN, use it once more after the password: from then on it signs in alone. Otherwise somebody who finds the key could give it a PIN of theirs.</p>`,
    },
    {
      title: "When it is not offered",
      body: html`<p>Look at the address first: a passkey stays silent on a site that only looks like this one. Otherwise press “Sign in with a passkey”, and choose “another device” to use the one on your phone. Some need your username typed first.</p>`,
    },
  ],
  next: { href: "/account/passkeys", label: "See my passkeys" },
};

const PASSWORD_MANAGERS: Topic = {
  slug: "password-managers",
  title: "Password managers",
  lead: "A password manager makes long passwords, remembers them, and fills them in only on the right site. It is the best protection against phishing that needs no new habit.",
  parts: [
    {
      title: "What we do so that it works",
      body: html`<p>You can paste and fill in every field of ours, passwords may be long, and none of them expires by itself. Many managers also keep the six digits and the recovery codes.</p>`,
    },
    {
      title: "If it does not fill in",
      body: html`<p>Stop and look at the address. A manager that stays silent may be right: this may be another site that only looks like this one.</p>`,
    },
    {
      title: "One thing to keep apart",
      body: html`<p>If the manager holds your password, your app’s key and your recovery codes, then whoever opens it has everything. Keep at least the recovery codes on paper too, in case it is the manager you lose.</p>`,
    },
  ],
  next: { href: "/account/password", label: "Choose a new password" },
};

const PHISHING: Topic = {
  slug: "phishing",
  title: "Is this mail or page really from you?",
  lead: "Our mails never contain a link that signs you in, and never ask for a password or a code. If in doubt, type our address yourself.",
  parts: [
    {
      title: "What our mails do",
      body: html`<ul><li>They tell you of a change on your account, with when and from where.</li><li>Some have a link with which you can confirm an address, stop a recovery, or open a case page. Opening a link alone never does anything: there is always a page with a button.</li><li>A code in a mail is for one page, which you have open already.</li></ul>`,
    },
    {
      title: "If you have entered something on a strange page",
      body: html`<ol><li>Change your password here, from a device you trust. All other sessions end with it.</li><li>Look through your API tokens and end those you do not know.</li><li>Look through your account history and the newest files of your projects.</li><li>Make new recovery codes if you entered one.</li></ol>`,
    },
    {
      title: "If somebody asks you to be quick",
      body: html`<p>Nothing here is decided by hurry. Waits on a recovery run by themselves and nobody, not even the people who run this index, can shorten one for a favour.</p>`,
    },
  ],
  next: { href: "/account", label: "Look at my account" },
};

const NEW_DEVICE: Topic = {
  slug: "new-device",
  title: "Confirm a new device",
  lead: "On a browser that is new to your account we ask once more that it is you. A code comes by mail; a passkey or a recovery code does it at once.",
  parts: [
    {
      title: "Why we ask",
      body: html`<p>A page that looks like ours can pass on a password and six digits to us while you type them. It sits in a browser that your account does not know, so it is held up here, and the mail tells you. A passkey cannot be passed on: with one you are never asked.</p>`,
    },
    {
      title: "When the mail does not come",
      body: html`<ol><li>The page says what became of it: whether your mail server took it, and when. If it did, look into the spam folder; some servers let a first mail wait for ten minutes.</li><li>Have it sent to another address of yours, if you confirmed one.</li><li>Use a recovery code: “Use a recovery code” on the same page.</li><li>Sign in from a browser in which you have been signed in before. There you are not asked.</li></ol>`,
    },
    {
      title: "When none of this works",
      body: html`<p>Choose “I can’t use any of these”. The recovery case that opens there already knows that your password was right. So that it does not come to that: confirm a second address with another provider, add a passkey, and know where your recovery codes are.</p>`,
    },
    {
      title: "Which browsers we know",
      body: html`<p>Those in which you were signed in within a year, by a cookie that does nothing else. It does not matter from where: travelling or another network change nothing. Clearing cookies, private windows and a browser that forgets them make a browser new. After you locked your account or recovered it, none but that one is known.</p>`,
    },
    {
      title: "When you get such a mail and are not signing in",
      body: html`<p>Then somebody knows your password, and perhaps more. Give the code to nobody, press “This was not me” in the mail, and <a href="/help/something-is-wrong">read what to do next</a>.</p>`,
    },
  ],
  next: { href: "/account/addresses", label: "Add a second address" },
};

const LEAVING: Topic = {
  slug: "leaving-a-job",
  title: "I am leaving a job or a university",
  lead: "An address at work belongs to your employer. Add one of your own, and make sure that your projects do not depend on it.",
  parts: [
    {
      title: "Before the last day",
      body: html`<ol><li>Register an SSH key of your own on the page “SSH keys for recovery”. It counts from the seventh day, whatever becomes of the mailbox.</li><li>Type back a recovery code, to be sure that your copy is good and not on the employer’s machine.</li><li>End the API tokens that run in your employer’s build service, if the projects are yours.</li><li>Sign out everywhere else.</li></ol>`,
    },
    {
      title: "If the mailbox is gone already",
      body: html`<p>As long as you can sign in, you have time: do the same now. If you cannot, <a href="/recovery">open a recovery case</a>; a mailbox is only one of several things that can speak for you.</p>`,
    },
    {
      title: "If the projects belong to the employer",
      body: html`<p>Then leave the account as it is and have an owner of the projects remove you. An account is never handed on from one person to another; projects are.</p>`,
    },
  ],
  next: { href: "/account/keys", label: "Register an SSH key" },
};

const HACKED: Topic = {
  slug: "something-is-wrong",
  title: "Something is wrong with my account",
  lead: "If somebody is in it now, lock the account: that ends every session and stops everything, and you undo it yourself. If you cannot sign in, use the link in one of our mails, or open a recovery case.",
  parts: [
    {
      title: "If you can sign in",
      body: html`<ol><li>Is somebody in it now? <a href="/account/lock">Lock the account</a>. You unlock it with your second factor and choose a new password then.</li><li>Otherwise <a href="/account/password">change the password</a>. Everybody else is signed out.</li><li>Remove <a href="/account/passkeys">passkeys</a> that are not yours.</li><li>End the <a href="/account/tokens">API tokens</a> you do not know.</li><li>Read the <a href="/account/history">account history</a>: when did it begin, and from where?</li><li>Look at the newest files of your projects, and tell the people who run this index what is not yours.</li></ol>`,
    },
    {
      title: "If you cannot",
      body: html`<p>Every mail of ours about your account’s security has the link “This was not me”. It locks the account without signing in. Then <a href="/recovery">open a recovery case</a> and choose “Somebody else is in my account”. People look at such cases first, and the account can be frozen while they do.</p>`,
    },
    {
      title: "When you have your account back",
      body: html`<p>After a recovery, or once you have unlocked it, <a href="/account/undo">go through what was done while somebody else was in</a>: people added or removed, tokens, addresses, keys, releases. You keep or undo each. What is on hold does not stand in the way, and releases are yanked, never deleted.</p>`,
    },
    {
      title: "If you got a mail about a recovery that is not yours",
      body: html`<p>Press the button behind its link. It stops the recovery and freezes the account at once; you need not sign in. The freeze can be undone.</p>`,
    },
  ],
  next: { href: "/account/lock", label: "Lock my account" },
};

const OPENPGP: Topic = {
  slug: "openpgp-signature",
  title: "OpenPGP signature",
  lead: "A signature with an OpenPGP key that you added to your account earlier shows that the account is yours. It takes one command, and the key stays with you.",
  parts: [
    {
      title: "Before you need it",
      body: html`<ol><li>Print your public key with <code>gpg --export --armor</code> and its fingerprint, and paste it on the page <a href="/account/openpgp">OpenPGP keys</a>.</li><li>Sign the line that the page shows, and paste what gpg prints. That shows that you have the key.</li><li>Seven days later it counts. If you extend its expiry, paste the newer export there too: it takes another seven days.</li></ol>`,
    },
    {
      title: "In a recovery",
      body: html`<p>Your case page shows one command. It hands a line of text to gpg, and you paste everything that gpg prints, from <code>-----BEGIN PGP SIGNED MESSAGE-----</code> to <code>-----END PGP SIGNATURE-----</code>. A detached signature over exactly the same line is taken as well.</p>`,
    },
    {
      title: "When one is refused",
      body: html`<ul><li>The key or its signing subkey has expired or was revoked. Extend it in gpg; until the newer export was here for seven days, prove something else.</li><li>It was made with SHA-1 or DSA, or the RSA key has fewer than 2048 bits. Such signatures can be forged.</li><li>There is something before or after it, or it holds two signatures. Paste only what gpg printed.</li><li>The line was signed for another case, or a newer command was asked for since.</li></ul>`,
    },
    {
      title: "Never paste the key itself",
      body: html`<p>A block that begins with <code>-----BEGIN PGP PRIVATE KEY BLOCK-----</code> is the key. Nobody here needs it, ever. <a href="/help/pasted-secret">If you did paste it</a></p>`,
    },
  ],
  next: { href: "/account/openpgp", label: "Add an OpenPGP key" },
};

const SSH: Topic = {
  slug: "ssh-signature",
  title: "SSH signature",
  lead: "A signature with an SSH key that you registered earlier shows that the account is yours. It takes three short commands, and the key stays with you.",
  parts: [
    {
      title: "Before you need it",
      body: html`<p>Paste the one line of your <code>.pub</code> file on the page <a href="/account/keys">SSH keys for recovery</a>. Seven days later it counts. Kinds that are taken: ed25519, ECDSA, RSA from 2048 bits, and the keys on hardware whose names begin with <code>sk-</code>. A hardware key that was touched for the signature counts for more, since nobody who steals the computer alone has it.</p>`,
    },
    {
      title: "Keys at a forge",
      body: html`<p>If you push code with an SSH key, your forge lists that key in public. Say on the page <a href="/account/forges">Forge accounts</a> which account is yours, and sign one line with a key of its list. We look at the list every night; a key counts seven days after we first saw it. It helps less than a key you register here, since whoever gets into the forge account can put one there.</p>`,
    },
    {
      title: "In a recovery",
      body: html`<p>Your case page shows the commands: one writes a line of text to a file, <code>ssh-keygen -Y sign</code> signs it, and the last prints the signature, which you paste. OpenSSH 8.1 or newer is needed. Change the path if your key has another name.</p>`,
    },
    {
      title: "When one is refused",
      body: html`<ul><li>It was made for another purpose: the word after <code>-n</code> must be the one shown.</li><li>RSA signed with SHA-1, as very old programs do.</li><li>There is something after its end, or it was cut off.</li><li>The line was signed for another case, or a newer command was asked for since.</li></ul>`,
    },
    {
      title: "Never paste the key itself",
      body: html`<p>The file without <code>.pub</code> is the key. Nobody here needs it, ever. <a href="/help/pasted-secret">If you did paste it</a></p>`,
    },
  ],
  next: { href: "/account/keys", label: "Register an SSH key" },
};

const PASTED_SECRET: Topic = {
  slug: "pasted-secret",
  title: "You pasted a secret",
  lead: "A private key, an API token or a recovery code that was pasted into a text is not kept here. What is ours stops working at once; what is not, you replace where it is used.",
  parts: [
    {
      title: "What happens to the text",
      body: html`<p>Everything typed in a recovery case is looked through before it is kept. What reads as a secret is cut out, and the place says what stood there. Nobody at the desk sees it, and it is in no log.</p>`,
    },
    {
      title: "What happens to the secret",
      body: html`<ul><li>An API token of this index can publish nothing any more, whoever’s it is.</li><li>A recovery code of this index opens nothing any more. The others of its set still work.</li><li>The private part of a key that is registered here: the key counts for nothing any more. If it is locked with a passphrase we cannot tell which key it is for certain, and it stays until you remove it.</li><li>Secrets of other services we cannot end.</li></ul>`,
    },
    {
      title: "What you do",
      body: html`<ol><li>Replace a pasted key wherever you use it, also where it is locked with a passphrase.</li><li>Revoke a token of another service on that service’s own page.</li><li>Go on with your case: nothing you have shown is lost, and other proofs count as before.</li></ol>`,
    },
  ],
  next: { href: "/recovery/case", label: "Back to my case" },
};

const VOUCHING: Topic = {
  slug: "vouching",
  title: "Speaking for somebody who is locked out",
  lead: "Somebody who shares a project with you, or whom you named as recovery contact, can say that it is really you. They speak with you first, and nobody’s word is enough alone.",
  parts: [
    {
      title: "If you are locked out",
      body: html`<p>On your case page, name a person, or let us choose. Whoever can speak for you is written to; the page says the same whether there is such a person or not, so that a stranger learns nothing from it. Then call them: they are told to answer only after they have heard or seen you.</p>`,
    },
    {
      title: "If you are asked to vouch",
      body: html`<p>Call them on a number or a channel you already used. Ask something that no message in your mailbox or chat would tell. A hurry, a new number, or “I cannot talk just now” are reasons to decline. You answer in your own account, after your second factor, and you can decline without anybody being told.</p>`,
    },
    {
      title: "What a vouch is worth",
      body: html`<p>It counts for the projects and organisations the two of you have shared for at least seven days, and for nothing else the account owns. It needs another proof of another kind beside it. Two people who vouch for each other, a circle of them, and somebody who was let in by a vouch lately do not count; a person looks at those.</p>`,
    },
    {
      title: "What a recovery contact does",
      body: html`<p>You name them beforehand on the page “Recovery contacts”, and they count from the seventh day after they accept. They have a code shown in their own account and read it to you; it works once. They never see your account.</p>`,
    },
  ],
  next: { href: "/account", label: "Go to my account" },
};

/** Every page of guidance, the most urgent first. */
export const TOPICS: readonly Topic[] = [
  HACKED,
  LOST_PHONE,
  NEW_PHONE,
  RECOVERY_CODES,
  PASSKEYS,
  PASSWORD_MANAGERS,
  PHISHING,
  NEW_DEVICE,
  LEAVING,
  SSH,
  OPENPGP,
  PASTED_SECRET,
  ...PROOF_TOPICS,
  VOUCHING,
  ...PLACE_TOPICS,
];
