/*
 * Finds where each hole of a template stands, with a small state machine over the literal parts that follows the HTML
 * tokenizer (HTML Living Standard §13.2.5) as far as our own markup needs it. What it does not understand it refuses.
 */

/** `plain`: textarea and title, which show their content as text. `tag`: the space between attributes. */
export type HoleContext = "text" | "plain" | "attribute" | "url" | "tag";

const URL_ATTRIBUTES = new Set(["href", "src", "action", "formaction", "poster", "cite"]);
/** Attributes that run or load something in ways that no escaping makes safe. */
const REFUSED_ATTRIBUTES = new Set([
  "style",
  "srcdoc",
  "srcset",
  "imagesrcset",
  "ping",
  "data",
  "background",
  "manifest",
  "xlink:href",
  "attributename",
]);
/** Their content is code, or is parsed by rules of its own. */
const REFUSED_ELEMENTS = new Set([
  "style",
  "xmp",
  "iframe",
  "noembed",
  "noframes",
  "plaintext",
  "object",
  "embed",
  "base",
]);
const PLAIN_ELEMENTS = new Set(["textarea", "title"]);

export const isUrlAttribute = (name: string): boolean => URL_ATTRIBUTES.has(name);
export const refusedAttribute = (name: string): boolean => name.startsWith("on") || REFUSED_ATTRIBUTES.has(name);

type State =
  | "text"
  | "tag-open"
  | "tag-name"
  | "end-tag"
  | "in-tag"
  | "attribute-name"
  | "after-attribute-name"
  | "before-value"
  | "double-quoted"
  | "single-quoted"
  | "after-value"
  | "after-hole-in-tag"
  | "markup"
  | "content";

interface Machine {
  state: State;
  tag: string;
  attribute: string;
  /** The literal text of the attribute value so far; null after a hole in it. */
  value: string | null;
  /** A URL began with a hole: whatever follows must not be able to turn it into a scheme. */
  isUrlOpen: boolean;
  /** What was read since `<!`, or the content of a script, textarea or title since its last hole. */
  read: string;
}

const SPACE = /[\t\n\f\r ]/;

function refuse(machine: Machine, why: string): never {
  const where = machine.tag ? ` near <${machine.tag}${machine.attribute ? ` ${machine.attribute}` : ""}>` : "";
  throw new TypeError(`html: ${why}${where}`);
}

/** One step for each state: reads one character of a literal part. */
const STEP: Readonly<Record<State, (machine: Machine, character: string) => void>> = {
  text: (m, c) => {
    if (c === "<") m.state = "tag-open";
  },
  "tag-open": (m, c) => {
    m.tag = "";
    m.attribute = "";
    if (/[a-z]/i.test(c)) {
      m.state = "tag-name";
      m.tag = c.toLowerCase();
    } else if (c === "/") m.state = "end-tag";
    else if (c === "!") {
      m.state = "markup";
      m.read = "";
    } else refuse(m, "a < in text is written &lt;");
  },
  "end-tag": (m, c) => {
    if (c === ">") m.state = "text";
    else if (!/[a-z0-9 ]/i.test(c)) refuse(m, "a closing tag holds only a name");
  },
  "tag-name": (m, c) => {
    if (SPACE.test(c) || c === "/") m.state = "in-tag";
    else if (c === ">") closeTag(m);
    else m.tag += c.toLowerCase();
  },
  "in-tag": (m, c) => {
    if (SPACE.test(c) || c === "/") return;
    if (c === ">") closeTag(m);
    else {
      m.state = "attribute-name";
      m.attribute = c.toLowerCase();
    }
  },
  "attribute-name": (m, c) => {
    if (SPACE.test(c) || c === "/" || c === "=" || c === ">") {
      if (refusedAttribute(m.attribute)) refuse(m, `the attribute ${m.attribute} is never used`);
      if (c === "=") m.state = "before-value";
      else if (c === ">") closeTag(m);
      else m.state = SPACE.test(c) ? "after-attribute-name" : "in-tag";
    } else m.attribute += c.toLowerCase();
  },
  "after-attribute-name": (m, c) => {
    if (c === "=") refuse(m, "no space before the = of an attribute");
    m.state = "in-tag";
    STEP["in-tag"](m, c);
  },
  "before-value": (m, c) => {
    if (c === '"') m.state = "double-quoted";
    else if (c === "'") m.state = "single-quoted";
    else refuse(m, "an attribute value stands in double quotes");
    m.value = "";
    m.isUrlOpen = false;
  },
  "double-quoted": (m, c) => {
    if (c === '"') {
      m.state = "after-value";
      return;
    }
    if (m.isUrlOpen && !/[/?#]/.test(c)) refuse(m, "after a URL that begins with a hole comes /, ?, # or the end");
    m.isUrlOpen = false;
    if (m.value !== null) m.value += c;
  },
  "single-quoted": (m, c) => {
    if (c === "'") m.state = "after-value";
  },
  "after-value": (m, c) => {
    if (c === ">") closeTag(m);
    else if (SPACE.test(c) || c === "/") m.state = "in-tag";
    else refuse(m, "a space comes between two attributes");
    m.attribute = "";
  },
  "after-hole-in-tag": (m, c) => STEP["after-value"](m, c),
  markup: (m, c) => {
    m.read += c;
    const isComment = m.read.startsWith("--");
    if (isComment ? /--!?>$/.test(m.read) : c === ">") m.state = "text";
  },
  content: (m, c) => {
    m.read += c;
    if (c === ">" && m.read.toLowerCase().endsWith(`</${m.tag}>`)) {
      const body = m.read.slice(0, -`</${m.tag}>`.length);
      if (m.tag === "script" && body.trim() !== "") refuse(m, "script stands in a file of its own");
      m.state = "text";
    }
  },
};

function closeTag(machine: Machine): void {
  if (REFUSED_ELEMENTS.has(machine.tag)) refuse(machine, `the element ${machine.tag} is never used`);
  machine.attribute = "";
  machine.read = "";
  machine.state = machine.tag === "script" || PLAIN_ELEMENTS.has(machine.tag) ? "content" : "text";
}

/** The context of a hole at the present place, and the state after it. */
function hole(machine: Machine): HoleContext {
  switch (machine.state) {
    case "text":
      return "text";
    case "in-tag":
    case "after-attribute-name":
      machine.state = "after-hole-in-tag";
      return "tag";
    case "double-quoted":
      return holeInAttribute(machine);
    case "content":
      if (machine.tag === "script") return refuse(machine, "no hole inside a script");
      if (/<[^>]*$/.test(machine.read)) return refuse(machine, "no hole inside a closing tag");
      machine.read = "";
      return "plain";
    case "single-quoted":
    case "before-value":
      return refuse(machine, "an attribute with a hole stands in double quotes");
    case "markup":
      return refuse(machine, "no hole inside a comment or declaration");
    default:
      return refuse(machine, "no hole in or beside a tag name, an attribute name or another hole");
  }
}

function holeInAttribute(machine: Machine): HoleContext {
  const { value } = machine;
  machine.value = null;
  if (!isUrlAttribute(machine.attribute)) return "attribute";
  if (machine.isUrlOpen) return refuse(machine, "a URL begins with one hole at most");
  if (value === null) return "attribute";
  if (value === "") {
    machine.isUrlOpen = true;
    return "url";
  }
  // What is written before the hole has to settle the scheme, so that the hole cannot.
  if (!/^(?:https?:|mailto:|[^:/?#]*[/?#])/i.test(value))
    return refuse(machine, "a URL is written so far that its scheme is settled");
  return "attribute";
}

const cache = new WeakMap<TemplateStringsArray, readonly HoleContext[]>();

/** The context of each hole of a template; worked out once a template. Throws for a template that has to be rewritten. */
export function contextsOf(strings: TemplateStringsArray): readonly HoleContext[] {
  const known = cache.get(strings);
  if (known) return known;
  const machine: Machine = { state: "text", tag: "", attribute: "", value: "", isUrlOpen: false, read: "" };
  const contexts: HoleContext[] = [];
  for (const [index, part] of strings.entries()) {
    for (const character of part) STEP[machine.state](machine, character);
    if (index < strings.length - 1) contexts.push(hole(machine));
  }
  if (machine.state !== "text") refuse(machine, "a template ends outside of tags, comments and plain-text elements");
  cache.set(strings, contexts);
  return contexts;
}
