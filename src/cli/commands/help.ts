import { EXIT, Failure } from "../../app/failure.ts";
import type { Command } from "../command.ts";
import { commandHelp, overview } from "../help-text.ts";

export const help: Command = {
  name: "help",
  summary: "Show the commands, or one of them.",
  about: "For example `locksmith help audit verify`.",
  arguments: [
    { name: "command", about: "the command's first word", isRequired: false },
    { name: "subcommand", about: "its second word", isRequired: false },
  ],
  run: async (input) => {
    const { commands } = await import("../commands.ts"); // that list holds this command too
    const asked = input.arguments.join(" ");
    if (asked === "") return { exitCode: EXIT.ok, text: overview(commands), json: commands.map(inJson) };
    const found = commands.filter(({ name }) => name === asked || name.startsWith(`${asked} `));
    if (found.length === 0) {
      throw new Failure(EXIT.usage, `There is no command “${asked}”. \`locksmith help\` lists them.`);
    }
    return { exitCode: EXIT.ok, text: found.map(commandHelp).join("\n\n"), json: found.map(inJson) };
  },
};

const inJson = (command: Command) => ({
  command: command.name,
  summary: command.summary,
  about: command.about,
  arguments: command.arguments ?? [],
});
