/*
 * What the rules go by: the levels, the pure files, and every exception with its reason. A new exception needs a reason
 * that stands up in a review.
 */

/** Level of each folder of src. A file imports from lower levels only. */
export const LEVELS: Readonly<Record<string, number>> = {
  kernel: 0,
  audit: 1,
  notifications: 1,
  throttle: 1,
  accounts: 2,
  sessions: 3,
  authenticators: 3,
  registry: 3,
  "recovery-contacts": 3,
  connectors: 4,
  evidence: 4,
  suspicion: 4,
  "sign-in": 5,
  "security-settings": 5,
  recovery: 5,
  desk: 5,
  "check-up": 6,
  figures: 6,
  drill: 6,
  undo: 6,
  "mail-in": 6,
  privacy: 7,
  web: 8,
  console: 8,
  api: 8,
  // The shell around the slices: what an installation is put together from, the commands that open one, the process.
  app: 9,
  cli: 10,
  bin: 11,
};

/** Imported by file: the kernel has no domain to hide, and the shell is one composition, used by nothing below it. */
export const BY_FILE: ReadonlySet<string> = new Set(["kernel", "app", "cli", "bin"]);

/** Slices proper: README, index.ts, tables of their own. */
export const isSlice = (folder: string): boolean => !BY_FILE.has(folder);

/** Core files: pure and synchronous. Folder patterns end in /; `*` stands for one name. */
export const CORE: readonly string[] = [
  "src/*/types.ts",
  "src/*/lifecycle.ts",
  "src/*/refusals.ts",
  "src/kernel/result.ts",
  "src/kernel/refusal.ts",
  "src/kernel/ids.ts",
  "src/kernel/secret.ts",
  "src/kernel/lifecycle.ts",
  "src/kernel/calendar.ts",
  "src/kernel/canonical-json.ts",
  "src/kernel/csv.ts",
  "src/kernel/edit-distance.ts",
  "src/kernel/user-agent.ts",
  "src/kernel/crypto/crockford.ts",
  "src/kernel/crypto/ssh-key.ts",
  "src/kernel/crypto/ssh-wire.ts",
  "src/kernel/crypto/sshsig.ts",
  "src/kernel/html/template.ts",
  "src/kernel/html/template-context.ts",
  "src/kernel/html/time.ts",
  "src/kernel/net/addresses.ts",
  "src/audit/chain.ts",
  "src/audit/kinds.ts",
  "src/audit/words.ts",
  "src/accounts/names.ts",
  "src/accounts/standing.ts",
  "src/notifications/bounce-rules.ts",
  "src/notifications/delivery-rules.ts",
  "src/notifications/letter.ts",
  "src/notifications/letter-html.ts",
  "src/notifications/letter-text.ts",
  "src/notifications/message.ts",
  "src/notifications/wording.ts",
  "src/notifications/messages/*/message.ts",
  "src/check-up/access-graph.ts",
  "src/privacy/periods.ts",
  "src/suspicion/rules.ts",
  "src/drill/due.ts",
  "src/undo/window.ts",
  "src/mail-in/answers.ts",
  "src/mail-in/automatic.ts",
  "src/mail-in/files.ts",
  "src/mail-in/sender.ts",
  "src/mail-in/words.ts",
  "src/authenticators/kinds/*/code.ts",
  "src/authenticators/kinds/*/rules.ts",
  "src/registry/names.ts",
  "src/registry/versions.ts",
  "src/registry/tokens.ts",
  "src/registry/metadata.ts",
  "src/registry/form.ts",
  "src/registry/archive/limits.ts",
  "src/kernel/net/pkt-line.ts",
  "src/registry/links.ts",
  "src/evidence/targets/challenge-words.ts",
  "src/evidence/targets/places.ts",
  "src/evidence/targets/trouble.ts",
  "src/evidence/kinds/records/compare.ts",
  "src/evidence/kinds/ssh-signature/challenge-text.ts",
  "src/evidence/kinds/openpgp/challenge-text.ts",
  "src/evidence/kinds/live-session/numbers.ts",
  "src/evidence/kinds/network/prefix.ts",
  "src/recovery/matching.ts",
  "src/recovery/numbers.ts",
  "src/recovery/overdue.ts",
  "src/recovery/policy/*.ts",
];

/** Files that a core pattern names and that are not core. */
export const NOT_CORE: Readonly<Record<string, string>> = {
  "src/recovery/policy/load.ts": "reads the policy file; the only I/O of the policy",
  "src/recovery/policy/index.ts": "names the above for the slice",
};

/** Modules and packages that compute and touch nothing. Every other one is I/O, a clock or a service. */
export const PURE_MODULES: ReadonlySet<string> = new Set([
  "node:crypto", // digests and signatures; its random functions are found by the rule on chance
  "node:url",
  "node:util",
  "node:zlib", // crc32
  "zod",
  "ipaddr.js",
  "uqr",
  "@zxcvbn-ts/language-common",
]);

/** Where the machine's clock is read, besides kernel/clock.ts and src/bin. */
export const MAY_READ_CLOCK: Readonly<Record<string, string>> = {
  "src/kernel/clock.ts": "the clock",
  "src/kernel/log.ts": "a line of log says when it was written, whatever a test's clock shows",
  "src/kernel/jobs/enqueue.ts": "pg-boss asks for a clock; the sender has no timers, and due times are the caller's",
  "src/registry/blobs.ts": "the file system's own times",
  "src/registry/sweep.ts": "compared with the file system's own times",
  "src/cli/doctor/services.ts": "finds out how far the database's clock is from this machine's",
};

/** Where chance is drawn, besides kernel/random.ts and src/bin. */
export const MAY_DRAW: Readonly<Record<string, string>> = {
  "src/kernel/random.ts": "the source",
  "src/notifications/transports.ts": "the name of a draft file; nothing rests on it",
};

/** Where the environment is read, besides src/bin. */
export const MAY_READ_ENVIRONMENT: Readonly<Record<string, string>> = {
  "src/kernel/db/embedded/account.ts": "hands PATH on to PostgreSQL's programs in place of the whole environment",
};

/** Files of more than 400 lines. */
export const LONG_FILES: Readonly<Record<string, string>> = {
  "src/web/assets/locksmith.css": "one design layer, read as one",
  "src/kernel/net/guarded-fetch.test.ts": "one hostile server after the other, over one set of helpers",
  "src/kernel/crypto/sshsig.test.ts": "tables of signatures, each with its refusal",
  "src/kernel/db/embedded/embedded.test.ts": "one folder through its life, in order",
  "test/flows/registry-uploads.test.ts": "every bad upload in one table, over one index",
  "test/flows/registry.test.ts": "one index, one client after the other",
};
export const LONGEST_FILE = 400;
export const LONGEST_README = 40;
