import { setTimeout as delay } from "node:timers/promises";
import { layoutOf } from "../../app/data-folder.ts";
import { EXIT, Failure } from "../../app/failure.ts";
import { MIGRATIONS } from "../../app/migrations.ts";
import { openStore } from "../../app/store.ts";
import { systemClock } from "../../kernel/clock.ts";
import { pendingMigrations } from "../../kernel/db/migrate.ts";
import { systemRandom } from "../../kernel/random.ts";
import { type KeyNeed, retireKeys, rotateKeys, type RotationSetting } from "../../privacy/index.ts";
import type { Command, CommandInput } from "../command.ts";

const BUSY = "Another rotation is at work, or one was cut off. Run `locksmith keys rotate` to finish it.";

/** Opens the installation for a command about its keys. Throws a Failure where its schema is older than this program. */
async function withKeys<T>(input: CommandInput, act: (setting: RotationSetting) => Promise<T | null>): Promise<T> {
  const config = input.config();
  const store = await openStore(config, { mayCreate: false });
  try {
    if ((await pendingMigrations(store.db, MIGRATIONS)).length > 0)
      throw new Failure(EXIT.unavailable, "The database is not up to date. Run `locksmith migrate`.");
    const done = await act({
      db: store.db,
      clock: systemClock,
      random: systemRandom,
      keyFile: layoutOf(config.dataDirectory).keyFile,
      wait: (milliseconds) => delay(milliseconds),
      progress: input.progress,
    });
    if (done === null) throw new Failure(EXIT.unavailable, BUSY);
    return done;
  } finally {
    await store.close();
  }
}

export const keysRotate: Command = {
  name: "keys rotate",
  summary: "Make a new master key and move what is sealed to it.",
  about:
    "Works beside running servers, and goes on where a run was cut off. Old keys stay and keep reading: passwords move " +
    "when their owners sign in. Where other machines have copies of the key file, run it with `prepare` first, copy " +
    "the file to them, run it without, and copy the file again. Back the key file up afterwards.",
  arguments: [{ name: "prepare", about: "`prepare`: only put the new key into the file", isRequired: false }],
  run: async (input) => {
    const [step] = input.arguments;
    if (step !== undefined && step !== "prepare")
      throw new Failure(EXIT.usage, "The only argument is `prepare`: locksmith keys rotate [prepare]");
    const work = await withKeys(input, (setting) => rotateKeys(setting, { onlyPrepare: step === "prepare" }));
    const text =
      work.reached === "prepared"
        ? `Key ${work.keyId} is in the key file and can be read with. Copy the file, then run \`locksmith keys rotate\`.`
        : `Key ${work.keyId} is in use. ${work.sealedAnew} values were sealed anew. Back up the key file now; old keys go with \`locksmith keys retire\`.`;
    return { exitCode: EXIT.ok, text, json: work };
  },
};

const needInWords = ({ keyId, passwords, codes, isRecent }: KeyNeed): string => {
  const reasons = [
    ...(isRecent ? ["it was replaced less than 15 days ago"] : []),
    ...(passwords > 0 ? [`${passwords} passwords whose owners have not signed in since`] : []),
    ...(codes > 0 ? [`${codes} codes or links of its time that still work`] : []),
  ];
  return `  ${keyId}: ${reasons.join("; ")}`;
};

export const keysRetire: Command = {
  name: "keys retire",
  summary: "Take away old master keys that nothing needs any more.",
  about:
    "Says what still needs the others. A key goes when no password, code or link of its time is left, and 15 days after it was " +
    "replaced at the earliest. Backups of the database from before still need it: keep a copy with them.",
  run: async (input) => {
    const { retired, kept } = await withKeys(input, retireKeys);
    const gone = retired.length > 0 ? [`Taken away: ${retired.join(", ")}`] : ["No key was taken away."];
    const text = [...gone, ...(kept.length > 0 ? ["Still needed:", ...kept.map(needInWords)] : [])].join("\n");
    return { exitCode: EXIT.ok, text, json: { retired, kept } };
  },
};
