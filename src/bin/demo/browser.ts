/**
 * A person at a browser without scripts: keeps cookies, follows redirects, finds forms on the page and fills them in.
 * Knows nothing of the server but its HTTP answers. The demo tells its story with it, and so do the flow tests.
 */
export interface Browser {
  /** The page seen last. */
  readonly page: Page;
  open(path: string): Promise<Page>;
  /** Fills in the form that posts to `action` on the present page, and sends it with its hidden fields. */
  submit(action: string | RegExp, fields?: Readonly<Record<string, string>>): Promise<Page>;
  /** A request with no page behind it, to see how the server takes it. */
  raw(path: string, init?: RequestInit): Promise<Response>;
  readonly cookies: ReadonlyMap<string, string>;
}

export interface Page {
  readonly status: number;
  /** Path of the page after redirects. */
  readonly path: string;
  readonly html: string;
  /** What a person reads: tags dropped, entities read, spaces folded. */
  readonly text: string;
  readonly headers: Headers;
}

const BLANK: Page = { status: 0, path: "/", html: "", text: "", headers: new Headers() };
const MOST_REDIRECTS = 10;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#39": "'",
  "#x27": "'",
  "#34": '"',
  nbsp: " ",
};
export const decodeEntities = (text: string): string =>
  text.replace(/&([a-z]+|#x?[0-9a-f]+);/gi, (whole, name: string) => ENTITIES[name.toLowerCase()] ?? whole);

const toText = (html: string): string =>
  decodeEntities(html.replace(/<(script|style|svg)\b[\s\S]*?<\/\1>/gi, " ").replace(/<[^>]+>/g, " "))
    .replace(/\s+/g, " ")
    .trim();

const attribute = (tag: string, name: string): string | null => {
  const found = new RegExp(`\\s${name}="([^"]*)"`, "i").exec(tag);
  return found ? decodeEntities(found[1] ?? "") : null;
};

/** The forms of a page by action, with what they would send untouched. */
export function formsOf(
  html: string,
): readonly { readonly action: string; readonly fields: Readonly<Record<string, string>> }[] {
  return [...html.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/gi)].map(([block]) => {
    const open = /<form\b[^>]*>/i.exec(block)?.[0] ?? "";
    const fields: Record<string, string> = {};
    for (const [tag] of block.matchAll(/<input\b[^>]*>/gi)) {
      const name = attribute(tag, "name");
      const type = attribute(tag, "type") ?? "text";
      const isOff = (type === "radio" || type === "checkbox") && !/\schecked(?:\s|=|>|\/)/i.test(tag);
      if (name && !isOff && type !== "submit")
        fields[name] = attribute(tag, "value") ?? (type === "checkbox" ? "on" : "");
    }
    for (const [whole, tag = "", content = ""] of block.matchAll(/(<textarea\b[^>]*>)([\s\S]*?)<\/textarea>/gi)) {
      const name = attribute(tag, "name");
      if (name && whole) fields[name] = decodeEntities(content);
    }
    for (const [, tag = "", content = ""] of block.matchAll(/(<select\b[^>]*>)([\s\S]*?)<\/select>/gi)) {
      const name = attribute(tag, "name");
      const options = [...content.matchAll(/<option\b[^>]*>/gi)].map(([option]) => option);
      const picked = options.find((option) => /\sselected/i.test(option)) ?? options[0];
      if (name && picked) fields[name] = attribute(picked, "value") ?? "";
    }
    return { action: attribute(open, "action") ?? "", fields };
  });
}

/** @param origin where the server is, without a path */
export function openBrowser(origin: string, userAgent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"): Browser {
  const jar = new Map<string, string>();
  let page: Page = BLANK;

  async function send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("user-agent", userAgent);
    if (!headers.has("accept")) headers.set("accept", "text/html,application/xhtml+xml");
    if (jar.size > 0) headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await fetch(new URL(path, origin), { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [pair = "", ...attributes] = line.split(";");
      const [name = "", value = ""] = pair.split(/=(.*)/s);
      const isGone = attributes.some((one) => /^\s*max-age=0\s*$/i.test(one));
      if (isGone || value === "") jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  async function visit(path: string, init: RequestInit): Promise<Page> {
    let response = await send(path, init);
    let at = path;
    for (let hops = 0; response.status >= 300 && response.status < 400; hops += 1) {
      if (hops === MOST_REDIRECTS) throw new Error(`Too many redirects at ${at}.`);
      at = response.headers.get("location") ?? "/";
      await response.arrayBuffer();
      response = await send(at, { method: "GET" });
    }
    const html = await response.text();
    page = {
      status: response.status,
      path: new URL(at, origin).pathname,
      html,
      text: toText(html),
      headers: response.headers,
    };
    return page;
  }

  return {
    get page() {
      return page;
    },
    cookies: jar,
    open: (path) => visit(path, { method: "GET" }),
    raw: send,
    submit: (action, fields = {}) => {
      const found = formsOf(page.html).find((one) =>
        typeof action === "string" ? one.action === action : action.test(one.action),
      );
      if (!found)
        throw new Error(
          `There is no form for ${String(action)} on ${page.path} (${page.status}): ${page.text.slice(0, 300)}`,
        );
      const body = new URLSearchParams({ ...found.fields, ...fields });
      return visit(found.action, {
        method: "POST",
        body,
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
    },
  };
}
