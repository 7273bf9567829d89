import { editDistance } from "../kernel/edit-distance.ts";

/* What a mail domain says about how long an address will be its owner's. Hints for people: nothing is refused by them. */

/** Where many people have an address of their own. */
const PERSONAL: readonly string[] = [
  "gmail.com",
  "googlemail.com",
  "outlook.com",
  "hotmail.com",
  "live.com",
  "yahoo.com",
  "icloud.com",
  "me.com",
  "proton.me",
  "protonmail.com",
  "fastmail.com",
  "gmx.de",
  "gmx.net",
  "web.de",
  "posteo.de",
  "mailbox.org",
  "tutanota.com",
  "zoho.com",
  "qq.com",
  "163.com",
  "yandex.ru",
  "mail.ru",
  "mail.com",
  "email.com",
  "naver.com",
];

/** Well-known services whose mailboxes anybody can read, or which end within minutes. */
const THROW_AWAY: ReadonlySet<string> = new Set([
  "mailinator.com",
  "guerrillamail.com",
  "10minutemail.com",
  "yopmail.com",
  "temp-mail.org",
  "trashmail.com",
  "sharklasers.com",
  "getnada.com",
  "maildrop.cc",
  "dispostable.com",
]);

const UNIVERSITY = /(?:^|\.)(?:edu|ac)(?:\.[a-z]{2})?$|(?:^|\.)(?:uni|tu|univ|university)-/;

/** A sentence of advice on an address of this domain, or null where there is nothing to say. @param domain lower case */
export function adviceOnDomain(domain: string): string | null {
  if (THROW_AWAY.has(domain))
    return "This looks like a throw-away mailbox that others can read too. Whoever reads it can ask for your account.";
  if (UNIVERSITY.test(domain))
    return "This looks like a university address. It will end one day: add one of your own beside it.";
  if (PERSONAL.includes(domain)) return null;
  return "If an employer gave you this address, add one of your own beside it: it ends with the job.";
}

/** The well-known domain that was probably meant, or null: `gmial.com` is gmail.com with a slip of the hand. */
export function suggestDomain(domain: string): string | null {
  if (PERSONAL.includes(domain)) return null;
  const close = PERSONAL.filter((known) => known.length >= 8 && editDistance(domain, known) === 1);
  return close.length === 1 ? (close[0] ?? null) : null;
}
