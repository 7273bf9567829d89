import { z } from "zod";
import { checkMailDomains, thawDue, weighUndelivered } from "../accounts/index.ts";
import { erasePersonalData } from "../audit/index.ts";
import { forgetChallenges } from "../authenticators/index.ts";
import { sweepReminders } from "../drill/index.ts";
import { eraseOldObservations, pinForgeKeys } from "../evidence/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { type AnyJob, defineJob } from "../kernel/jobs/index.ts";
import { createRdapLookup } from "../kernel/net/domain-registry.ts";
import { createGuardedFetch } from "../kernel/net/guarded-fetch.ts";
import { createMailDomainLookup } from "../kernel/net/mail-domain.ts";
import { ok } from "../kernel/result.ts";
import { makeDeliverMailJob } from "../notifications/index.ts";
import { eraseOldData, runDueDeletions } from "../privacy/index.ts";
import { clockJob, makeFigures, recheckPending, sweepClocks, tellDesk } from "../recovery/index.ts";
import { askContactsDue } from "../recovery-contacts/index.ts";
import { expireInvitations, recheckPages, sweepTemporaryFiles } from "../registry/index.ts";
import { deleteOldDevices } from "../sessions/index.ts";
import { answerMailRequestsJob, deleteOldCeremonies } from "../sign-in/index.ts";
import { watchAccounts } from "../suspicion/index.ts";
import { sweepCounters } from "../throttle/index.ts";
import { fetchExceptions } from "./config.ts";
import { forgesOf } from "./forges.ts";
import { noteMailKey } from "./mail-key.ts";
import type { App } from "./start.ts";

const sweepThrottle = defineJob({
  name: "throttle-sweep",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "17 * * * *",
  run: (runtime) => sweepCounters(runtime.db, runtime.clock.now()),
});

/** Notes that the key which signs mails is still in use: a mail is checked with the key of its day. */
const noteKeyInUse = ({ mailKey }: App) =>
  defineJob({
    name: "notifications-mail-key",
    schema: z.object({}),
    retryLimit: 1,
    retryBackoff: false,
    every: "19 * * * *",
    run: async (runtime) => {
      if (mailKey) await noteMailKey(runtime, mailKey);
    },
  });

/** Runs what time brings about in recovery cases, at each moment that was set and, for lost wake-ups, every minute. */
const recoveryClocks = (app: App) =>
  defineJob({
    ...clockJob,
    every: "* * * * *",
    run: async (runtime) => {
      await sweepClocks({ ...runtime, policy: app.policy }, runtime.clock.now());
    },
  });

/** Forgets sign-ins that were never finished, and challenges of passkeys. */
const sweepCeremonies = defineJob({
  name: "sign-in-sweep",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "29 * * * *",
  run: async (runtime) => {
    await transact(runtime.db, { now: runtime.clock.now(), bookkeeping: "unfinished sign-ins" }, async (tx) => {
      await deleteOldCeremonies(tx);
      await forgetChallenges(tx);
      return ok();
    });
  },
});

/** Asks whether the domains of confirmed addresses still take mail and have their owner: each once a night, a few at a time. */
const watchMailDomains = ({ config }: App) =>
  defineJob({
    name: "accounts-mail-domains",
    schema: z.object({}),
    retryLimit: 1,
    retryBackoff: false,
    every: "*/5 2-5 * * *",
    run: async (runtime) => {
      const base = config.rdapUrl;
      const askRegistry =
        base && createRdapLookup({ base, fetch: createGuardedFetch({ allowPrivate: fetchExceptions(base) }) });
      const sources = { askMail: createMailDomainLookup(), askRegistry };
      const report = await checkMailDomains(runtime, sources, runtime.clock.now());
      if (report.lapsed > 0) runtime.log.warn("mail domains lapsed", { count: report.lapsed });
    },
  });

/** Looks at the lists of SSH keys of bound forge accounts: each once a night, a few at a time. */
const pinKeys = ({ config }: App) =>
  defineJob({
    name: "evidence-forge-keys",
    schema: z.object({}),
    retryLimit: 1,
    retryBackoff: false,
    every: "*/5 1-5 * * *",
    run: async (runtime) => {
      await pinForgeKeys(runtime, forgesOf(config), runtime.clock.now());
    },
  });

/** Writes the downloads that this process has counted. */
const flushDownloads = (app: App) =>
  defineJob({
    name: "registry-downloads",
    schema: z.object({}),
    retryLimit: 1,
    retryBackoff: false,
    every: "* * * * *",
    run: (runtime) => app.downloads.flush(runtime.db, runtime.clock.now()),
  });

/** Removes what killed uploads left in the files folder. */
const sweepFiles = (app: App) =>
  defineJob({
    name: "registry-sweep",
    schema: z.object({}),
    retryLimit: 1,
    retryBackoff: false,
    every: "7 * * * *",
    run: async (runtime) => {
      const count = await sweepTemporaryFiles(runtime, app.folders.files);
      if (count > 0) runtime.log.info("left-over files removed", { count });
    },
  });

/** Ends invitations that nobody answered in time, and forgets the addresses they went to. */
const expireOpenInvitations = defineJob({
  name: "registry-invitations",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "37 * * * *",
  run: async (runtime) => {
    await expireInvitations(runtime, runtime.clock.now());
  },
});

/** Looks at verified pages of projects again, each once a week, a few at a time. */
const lookAtPages = defineJob({
  name: "registry-pages",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "*/10 * * * *",
  run: async (runtime) => {
    const { lost } = await recheckPages(runtime, createGuardedFetch(), runtime.clock.now());
    if (lost > 0) runtime.log.info("pages of projects do not link back any more", { count: lost });
  },
});

/** Erases what was observed of claimants once it has been kept as long as its kind of evidence allows. */
const eraseObservations = defineJob({
  name: "evidence-erase",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "41 3 * * *",
  run: async (runtime) => {
    await eraseOldObservations(runtime, runtime.clock.now());
  },
});

/** Counts the figures of the recoveries anew, once a night. */
const countFigures = defineJob({
  name: "recovery-figures",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "53 0 * * *",
  run: (runtime) => makeFigures(runtime, runtime.clock.now()),
});

/** Tells the desk every morning what waits for it. */
const tellTheDesk = (app: App) =>
  defineJob({
    name: "recovery-desk-digest",
    schema: z.object({}),
    retryLimit: 1,
    retryBackoff: false,
    every: "30 6 * * *",
    run: async (runtime) => {
      await tellDesk({ ...runtime, policy: app.policy }, runtime.clock.now());
    },
  });

/** Looks again at the proofs of every pending case, once a night. */
const recheckProofs = (app: App) =>
  defineJob({
    name: "recovery-recheck",
    schema: z.object({}),
    retryLimit: 1,
    retryBackoff: false,
    every: "13 1 * * *",
    run: async (runtime) => {
      const { weighed, failed } = await recheckPending({ ...runtime, policy: app.policy }, runtime.clock.now());
      if (weighed > 0) runtime.log.info("cases weighed again", { count: weighed });
      if (failed > 0) runtime.log.warn("cases could not be checked again", { count: failed });
    },
  });

/** Deletes accounts whose owners asked for it, once their days are over and nothing stands against it. */
const deleteAccounts = defineJob({
  name: "privacy-deletions",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "11 * * * *",
  run: async (runtime) => {
    const { deleted } = await runDueDeletions(runtime, runtime.clock.now());
    if (deleted > 0) runtime.log.info("accounts deleted", { count: deleted });
  },
});

/** Erases what has been kept as long as it may be. */
const eraseOld = defineJob({
  name: "privacy-retention",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "23 3 * * *",
  run: async (runtime) => {
    await eraseOldData(runtime, runtime.clock.now());
  },
});

/** Ends freezes whose time is over. */
const thawAccounts = defineJob({
  name: "accounts-thaw",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "* * * * *",
  run: async (runtime) => {
    await thawDue(runtime, runtime.clock.now());
  },
});

/** Forgets browsers that nobody has signed in with for a year. */
const sweepDevices = defineJob({
  name: "sessions-devices",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "47 3 * * *",
  run: async (runtime) => {
    await transact(runtime.db, { now: runtime.clock.now(), bookkeeping: "browsers long unseen" }, async (tx) => {
      await deleteOldDevices(tx);
      return ok();
    });
  },
});

/** Erases the personal data of events once it has been kept as long as the operator set. */
const erasePersonal = (app: App) =>
  defineJob({
    name: "audit-erase",
    schema: z.object({}),
    retryLimit: 1,
    retryBackoff: false,
    every: "53 3 * * *",
    run: async (runtime) => {
      await erasePersonalData(runtime, runtime.clock.now(), app.config.historyDays);
    },
  });

/** Reminds of the yearly drill, and asks recovery contacts whether they are still there, each when it is due. */
const remindOfDrill = defineJob({
  name: "drill-reminders",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "*/10 * * * *",
  run: async (runtime) => {
    const now = runtime.clock.now();
    await sweepReminders(runtime, now);
    await askContactsDue(runtime, now);
  },
});

/** Looks for bursts of changes, right passwords that nobody confirms, and tokens used in masses. */
const watchForSigns = defineJob({
  name: "suspicion-watch",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "* * * * *",
  run: async (runtime) => {
    const { frozen } = await watchAccounts(runtime, runtime.clock.now());
    if (frozen > 0) runtime.log.warn("accounts frozen by signs of somebody else", { count: frozen });
  },
});

/** Every kind of job this installation does. */
export const jobs = (app: App): readonly AnyJob[] => [
  makeDeliverMailJob(app.mail, weighUndelivered),
  noteKeyInUse(app),
  answerMailRequestsJob,
  recoveryClocks(app),
  flushDownloads(app),
  sweepFiles(app),
  sweepThrottle,
  sweepCeremonies,
  watchMailDomains(app),
  expireOpenInvitations,
  lookAtPages,
  pinKeys(app),
  eraseObservations,
  countFigures,
  recheckProofs(app),
  tellTheDesk(app),
  deleteAccounts,
  eraseOld,
  thawAccounts,
  sweepDevices,
  erasePersonal(app),
  remindOfDrill,
  watchForSigns,
];
