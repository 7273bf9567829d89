import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  BY_FILE,
  isSlice,
  LEVELS,
  LONG_FILES,
  LONGEST_FILE,
  LONGEST_README,
  MAY_DRAW,
  MAY_READ_CLOCK,
  MAY_READ_ENVIRONMENT,
  NOT_CORE,
} from "./architecture/lists.ts";
import {
  chanceViolations,
  clockViolations,
  coreViolations,
  doorViolations,
  environmentViolations,
  isCore,
  levelViolations,
  oneTimeViolations,
  rawHtmlViolations,
  tablesOf,
  tableViolations,
  unfinishedViolations,
} from "./architecture/rules.ts";
import { blankComments, foldersIn, readText, readTree, sliceOf, toSource, treeOf } from "./architecture/source.ts";

/*
 * The rules of ARCHITECTURE.md, proved on the tree as it is. Beside each rule stands a made-up file that breaks it, so
 * that a rule which has gone blind is noticed.
 */

const ROOT = join(import.meta.dirname, "..");
const source = readTree(["src"]);
const folders = [...new Set(source.map(({ path }) => sliceOf(path) ?? path))];
const migrations = readTree(["migrations"], [".sql"]).map((file) => file.text);
const NOBODY = {};

const made = (path: string, ...lines: string[]) => [toSource(path, lines.join("\n"))];

function lines(path: string): number {
  const text = readText(path);
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

describe("who imports whom", () => {
  test("imports go to lower levels, or stay in the slice", () => {
    assert.deepEqual(levelViolations(source), []);
    assert.equal(levelViolations(made("src/accounts/a.ts", 'import { b } from "../sessions/index.ts";')).length, 1);
    assert.equal(
      levelViolations(made("src/sessions/a.ts", 'export * from "../registry/index.ts";')).length,
      1,
      "same level",
    );
    assert.equal(
      levelViolations(made("src/web/a.ts", 'const b = await import("../app/start.ts");')).length,
      1,
      "loaded late",
    );
    assert.equal(
      levelViolations(made("src/web/a.ts", 'import type { B } from "../../test/b.ts";')).length,
      1,
      "outside src",
    );
    assert.equal(levelViolations(made("src/shop/a.ts", "")).length, 1, "a folder nobody gave a level");
  });

  test("another slice is entered by its index.ts", () => {
    assert.deepEqual(doorViolations(source), []);
    assert.equal(doorViolations(made("src/web/a.ts", 'import { b } from "../recovery/store/cases.ts";')).length, 1);
    assert.equal(doorViolations(made("src/web/a.ts", 'import { b } from "../kernel/html/template.ts";')).length, 1);
    assert.equal(doorViolations(made("src/recovery/a.ts", 'import { b } from "./policy/test-support.ts";')).length, 1);
  });

  test("every folder has a level, every slice an index.ts and a README a person reads at once", () => {
    assert.deepEqual(
      folders.filter((folder) => !(folder in LEVELS)),
      [],
    );
    const missing = folders
      .filter(isSlice)
      .flatMap((folder) => [`src/${folder}/index.ts`, `src/${folder}/README.md`])
      .concat([...BY_FILE].filter((folder) => folder !== "bin").map((folder) => `src/${folder}/README.md`))
      .filter((path) => !existsSync(join(ROOT, path)));
    assert.deepEqual(missing, []);
    const readmes = readTree(["src"], ["README.md"]).filter(({ path }) => lines(path) > LONGEST_README);
    assert.deepEqual(
      readmes.map(({ path }) => path),
      [],
    );
  });
});

describe("ARCHITECTURE.md", () => {
  test("its tree names exactly the folders there are, with their levels", () => {
    const { top, levels, inTest, kinds } = treeOf(readText("ARCHITECTURE.md"));
    const ignored = new Set(
      readText(".gitignore")
        .split("\n")
        .map((line) => line.replace(/\/$/, "")),
    );
    assert.deepEqual(
      top,
      foldersIn(".").filter((name) => !name.startsWith(".") && !ignored.has(name)),
    );
    assert.deepEqual(
      levels,
      Object.fromEntries(folders.toSorted().map((folder) => [folder, LEVELS[folder]])),
      "folders of src with a file in them",
    );
    assert.deepEqual(inTest, foldersIn("test"));
    for (const [slice, named] of Object.entries(kinds)) assert.deepEqual(named, foldersIn(`src/${slice}/kinds`));
    assert.deepEqual(Object.keys(kinds), ["authenticators", "evidence"]);
  });

  test("the files it names are there", () => {
    const named = [...readText("ARCHITECTURE.md").matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(
      (match) => match[1] ?? "",
    );
    assert(named.length >= 4);
    assert.deepEqual(
      named.filter((path) => !existsSync(join(ROOT, path))),
      [],
    );
  });
});

describe("the core is pure", () => {
  test("core files load nothing that reads or writes, and are synchronous", () => {
    assert.deepEqual(coreViolations(source), []);
    assert.deepEqual(
      coreViolations(made("src/recovery/matching.ts", 'import { readFile } from "node:fs/promises";')).length,
      1,
    );
    assert.equal(coreViolations(made("src/recovery/types.ts", "export const a = async () => 1;")).length, 1);
    const through = [
      ...made("src/recovery/policy/weigh.ts", 'import { b } from "../store/cases.ts";'),
      ...made("src/recovery/store/cases.ts", 'import { sql } from "kysely";'),
    ];
    assert.equal(coreViolations(through).length, 1, "through another file");
    const types = [
      ...made("src/recovery/types.ts", 'import type { B } from "../kernel/b.ts";'),
      ...made("src/kernel/b.ts", 'import pg from "pg";'),
    ];
    assert.deepEqual(coreViolations(types), [], "types are erased");
  });

  test("the list of core files names files that are there", () => {
    assert(source.filter(({ path }) => isCore(path)).length >= 80);
    const listed = [
      ...Object.keys(NOT_CORE),
      ...Object.keys(MAY_READ_CLOCK),
      ...Object.keys(MAY_DRAW),
      ...Object.keys(MAY_READ_ENVIRONMENT),
      ...Object.keys(LONG_FILES),
    ];
    assert.deepEqual(
      listed.filter((path) => !existsSync(join(ROOT, path))),
      [],
    );
  });

  test("the clock is read in kernel/clock.ts, chance drawn in kernel/random.ts, the environment read in src/bin", () => {
    assert.deepEqual(clockViolations(source, MAY_READ_CLOCK), []);
    assert.deepEqual(chanceViolations(source, MAY_DRAW), []);
    assert.deepEqual(environmentViolations(source, MAY_READ_ENVIRONMENT), []);
    assert.equal(
      clockViolations(
        made("src/web/a.ts", "const now = new Date();", "// new Date()", "const at = Date.now();"),
        NOBODY,
      ).length,
      2,
    );
    assert.equal(chanceViolations(made("src/web/a.ts", "const n = Math.random();"), NOBODY).length, 1);
    assert.equal(environmentViolations(made("src/app/a.ts", 'const a = process.env["A"];'), NOBODY).length, 1);
    assert.deepEqual(environmentViolations(made("src/bin/a.ts", 'const a = process.env["A"];'), NOBODY), []);
  });
});

describe("the database", () => {
  test("every table belongs to exactly one slice", () => {
    const tables = tablesOf(migrations);
    assert(tables.length >= 30, "the migrations were read");
    assert.deepEqual(tableViolations(source, tables), []);
    const two = [
      ...made("src/accounts/a.ts", 'db.selectFrom("accounts as a")'),
      ...made("src/web/b.ts", "sql<{ n: number }>`select 1 from accounts where id = ${id}`"),
      ...made("src/console/c.ts", "interface OwnTables {", "  accounts: { id: string };", "}"),
    ];
    assert.deepEqual(tableViolations(two, ["accounts"]), ["accounts is named by accounts and web and console"]);
    assert.deepEqual(tableViolations(two, ["accounts", "forgotten"]).length, 2);
  });

  test("one file spends secrets", () => {
    assert.deepEqual(oneTimeViolations(source), []);
    assert.equal(oneTimeViolations(made("src/recovery/a.ts", 'tx.updateTable("one_time_secrets")')).length, 1);
  });
});

describe("what a reader meets", () => {
  test("no file is longer than a sitting", () => {
    const all = readTree(["src", "test"], [".ts", ".js", ".css"]);
    const long = all
      .filter(({ path }) => lines(path) > LONGEST_FILE && !(path in LONG_FILES))
      .map(({ path }) => `${path}: ${lines(path)} lines`);
    assert.deepEqual(long, []);
    const short = Object.keys(LONG_FILES).filter((path) => lines(path) <= LONGEST_FILE);
    assert.deepEqual(short, [], "these no longer need their exception");
  });

  test("nothing is marked as unfinished", () => {
    const texts = [
      ...readTree(
        ["src", "test", "bench", "migrations", "policy", "docs"],
        [".ts", ".js", ".css", ".sql", ".json", ".md"],
      ),
    ];
    assert.deepEqual(unfinishedViolations(texts), []);
    assert.equal(unfinishedViolations(made("src/web/a.ts", `// TO${"DO"} later`)).length, 1);
  });

  test("no string becomes markup but through the template", () => {
    assert.deepEqual(rawHtmlViolations(readTree(["src"], [".ts", ".js"])), []);
    assert.equal(rawHtmlViolations(made("src/web/a.js", "element.innerHTML = text;")).length, 1);
    const exported = [
      ...readText("src/kernel/html/template.ts").matchAll(/^export (?:const|function|class|type) (\w+)/gm),
    ].map((match) => match[1]);
    assert.deepEqual(
      new Set(exported),
      new Set(["Content", "Value", "attr", "document", "html", "isHtml"]),
      "no raw() among them",
    );
  });

  test("every dependency has its line of reason, and every line its dependency", () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readText("package.json")) as Record<
      string,
      Record<string, string>
    >; // npm's own shape
    const used = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).toSorted();
    const explained = [...readText("docs/dependencies.md").matchAll(/^\| `([^`]+)` \|/gm)]
      .map((match) => match[1] ?? "")
      .toSorted();
    assert.deepEqual(explained, used);
  });
});

test("comments are blanked, strings, templates and regular expressions are not", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a // b", "a     "],
    ["a /* b\nc */ d", "a     \n     d"],
    ['"// a" // b', '"// a"     '],
    ["`/* ${b /* c */} */` // d", "`/* ${b /* c */} */`     "],
    ["x = /\\/\\/[/*]/; // b", "x = /\\/\\/[/*]/;     "],
    ["a / b // c", "a / b     "],
  ];
  for (const [text, expected] of cases) assert.equal(blankComments(text), expected);
});
