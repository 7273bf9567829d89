import { configLines, readConfig, type Config } from "../../app/config.ts";
import { asFailure, EXIT } from "../../app/failure.ts";
import { openStore, type Store } from "../../app/store.ts";
import type { Command, CommandInput } from "../command.ts";
import { examine, fail, type Finding, type Look, warn } from "../doctor/check.ts";
import { binaries, dataFolder, diskSpace, keyFile, nodeVersion, publicUrl } from "../doctor/machine.ts";
import { breachCheck, clock, database, dkim, mail, migrations, policy } from "../doctor/services.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "Look at everything an installation needs, and say what to do.",
  about: "Changes nothing. Exits with 3 when anything fails; warnings do not count.",
  run: async (input) => {
    const findings = await examineAll(input);
    const failed = findings.filter(({ status }) => status === "fail").length;
    const warned = findings.filter(({ status }) => status === "warn").length;
    return {
      exitCode: failed === 0 ? EXIT.ok : EXIT.checkFailed,
      text: [...findings.map(asText), "", summary(failed, warned)].join("\n"),
      json: { isOk: failed === 0, findings },
    };
  },
};

async function examineAll({ context, progress }: CommandInput): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const look = async (check: string, how: Look) => {
    progress(`checking ${check}`);
    const finding = await examine(check, how);
    findings.push(finding);
    return finding.status !== "fail";
  };
  const read = readConfig(context.environment, context.places);
  const config = read.ok ? read.value : null;
  await look("node", nodeVersion(context.nodeVersion));
  if (config === null) {
    const advice = read.ok ? "" : configLines(read.refusal).slice(1).join("\n");
    findings.push({ check: "settings", ...fail("not valid", advice.trim()) });
    return findings;
  }
  await look("postgresql binaries", binaries(config));
  await look("data folder", dataFolder(config));
  await look("disk space", diskSpace(config));
  await look("key file", keyFile(config));
  await look("policy", policy(config));
  await look("public address", publicUrl(config));
  await look("mail", mail(config));
  await look("dkim", dkim(config));
  await look("leaked passwords", breachCheck(config));
  findings.push(...(await examineDatabase(config, look)));
  return findings;
}

/** The checks that need the database, or the one finding that it cannot be opened. */
async function examineDatabase(
  config: Config,
  look: (check: string, how: Look) => Promise<boolean>,
): Promise<Finding[]> {
  let store: Store;
  try {
    store = await openStore(config, { mayCreate: false });
  } catch (error) {
    const failure = asFailure(error);
    if (!failure) throw error;
    const isNew = config.databaseUrl === null && failure.message.startsWith("There is no installation");
    const advice = "Correct what the message names, then run this again.";
    return [
      {
        check: "database",
        ...(isNew ? warn("not made yet", "The first start makes it.") : fail(failure.message, advice)),
      },
    ];
  }
  try {
    if (!(await look("database", database(store)))) return [];
    await look("migrations", migrations(store));
    await look("clock", clock(store));
    return [];
  } finally {
    await store.close();
  }
}

const asText = ({ check, status, detail, advice }: Finding): string =>
  `${status.padEnd(4)}  ${check}: ${detail}${advice === undefined ? "" : `\n      ${advice.replaceAll("\n", "\n    ")}`}`;

const summary = (failed: number, warned: number): string =>
  failed + warned === 0 ? "Everything is in order." : `${failed} failed, ${warned} to look at.`;
