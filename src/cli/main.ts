import { Command as Parser, CommanderError } from "commander";
import { configLines, readConfig } from "../app/config.ts";
import { asFailure, EXIT, type ExitCode, Failure } from "../app/failure.ts";
import { errorFields } from "../kernel/log.ts";
import type { CliContext, CommandInput, Outcome } from "./command.ts";
import { commands } from "./commands.ts";
import { commandHelp, overview } from "./help-text.ts";

const LONGEST_ARGUMENT = 4096;
const MOST_ARGUMENTS = 32;
const CONTROL = /\p{Cc}/u;

/**
 * The command line. One of the four places where what was thrown is caught. Results go to standard output, sentences
 * about what went wrong to standard error.
 * @param argv what follows the program's name
 * @returns the exit code
 */
export async function main(argv: readonly string[], context: CliContext): Promise<ExitCode> {
  const isJson = argv.includes("--json");
  try {
    checkArguments(argv);
    let exitCode: ExitCode = EXIT.ok;
    const parser = makeParser(context, (code) => {
      exitCode = code;
    });
    const isBare = argv.every((argument) => argument === "--json");
    await parser.parseAsync(isBare ? ["help", ...argv] : [...argv], { from: "user" });
    return exitCode;
  } catch (thrown) {
    return report(thrown, isJson, context);
  }
}

/** Bounds first, so that nothing below ever prints an argument that could do something to a terminal. */
function checkArguments(argv: readonly string[]): void {
  if (argv.length > MOST_ARGUMENTS) throw new Failure(EXIT.usage, `That is more than ${MOST_ARGUMENTS} arguments.`);
  for (const [index, argument] of argv.entries()) {
    if (argument.length > LONGEST_ARGUMENT) {
      throw new Failure(EXIT.usage, `Argument ${index + 1} is longer than ${LONGEST_ARGUMENT} characters.`);
    }
    if (CONTROL.test(argument)) throw new Failure(EXIT.usage, `Argument ${index + 1} contains control characters.`);
    if (!argument.isWellFormed()) throw new Failure(EXIT.usage, `Argument ${index + 1} is not valid Unicode.`);
  }
}

function makeParser(context: CliContext, done: (code: ExitCode) => void): Parser {
  const root = quiet(new Parser("locksmith"), overview(commands), context);
  const groups = new Map<string, Parser>();
  for (const command of commands) {
    const [first = "", second] = command.name.split(" ");
    const parent = second === undefined ? root : (groups.get(first) ?? addGroup(root, first, groups, context));
    const parser = quiet(new Parser(second ?? first), commandHelp(command), context);
    for (const { name, isRequired } of command.arguments ?? []) parser.argument(isRequired ? `<${name}>` : `[${name}]`);
    parser.action(async () => {
      const isJson = parser.optsWithGlobals()["json"] === true;
      const { input, endProgress } = inputOf(parser.args, isJson, context);
      const outcome = await command.run(input).finally(endProgress);
      context.write(print(outcome, isJson));
      done(outcome.exitCode);
    });
    parent.addCommand(parser);
  }
  return root;
}

/** The parser of a first word that stands for several commands. */
function addGroup(root: Parser, name: string, groups: Map<string, Parser>, context: CliContext): Parser {
  const members = commands.filter((command) => command.name.startsWith(`${name} `));
  const group = quiet(new Parser(name), members.map(commandHelp).join("\n\n"), context);
  groups.set(name, group);
  root.addCommand(group);
  return group;
}

/** One way to fail, by throwing, and our own help text. */
function quiet(parser: Parser, helpText: string, context: CliContext): Parser {
  return parser
    .option("--json", "the result as JSON")
    .helpCommand(false)
    .allowExcessArguments(false)
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({ writeOut: context.write, writeErr: () => undefined })
    .configureHelp({ formatHelp: () => `${helpText}\n` });
}

const CLEAR_LINE = "\r\u001b[K";

/** @returns what the command is given, and what wipes its last line of progress off a terminal */
function inputOf(
  args: readonly string[],
  isJson: boolean,
  context: CliContext,
): { readonly input: CommandInput; readonly endProgress: () => void } {
  let isDrawn = false;
  const input: CommandInput = {
    arguments: args,
    isJson,
    context,
    config: () => {
      const config = readConfig(context.environment, context.places);
      if (!config.ok) throw new Failure(EXIT.usage, configLines(config.refusal).join("\n"));
      return config.value;
    },
    progress: (line) => {
      isDrawn = context.isTerminal;
      context.writeError(context.isTerminal ? `${CLEAR_LINE}${line}` : `${line}\n`);
    },
  };
  return { input, endProgress: () => (isDrawn ? context.writeError(CLEAR_LINE) : undefined) };
}

const print = (outcome: Outcome, isJson: boolean): string => {
  if (isJson) return `${JSON.stringify(outcome.json)}\n`;
  return outcome.text === "" ? "" : `${outcome.text}\n`;
};

function report(thrown: unknown, isJson: boolean, context: CliContext): ExitCode {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return EXIT.ok; // --help was asked for and printed
    return tellFailure(new Failure(EXIT.usage, commanderSentence(thrown)), isJson, context);
  }
  const failure = asFailure(thrown);
  if (failure) return tellFailure(failure, isJson, context);
  const { error, stack } = errorFields(thrown);
  return tellFailure(
    new Failure(EXIT.unexpected, `Something unexpected went wrong: ${error}\n${stack ?? ""}`),
    isJson,
    context,
  );
}

const commanderSentence = ({ code, message }: CommanderError): string => {
  if (code === "commander.help") return "Say which command. `locksmith help` shows what there is."; // a first word alone
  const sentence = message.replace(/^error: /, "").replace(/\n/g, " ");
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${/[.?)]$/.test(sentence) ? "" : "."} \`locksmith help\` shows what there is.`;
};

function tellFailure(failure: Failure, isJson: boolean, context: CliContext): ExitCode {
  context.writeError(`${failure.message.trimEnd()}\n`);
  if (isJson) context.write(`${JSON.stringify({ error: failure.message, exitCode: failure.exitCode })}\n`);
  return failure.exitCode;
}
