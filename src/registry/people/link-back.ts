/* Finding, on a page somebody else wrote, a link back to a project of ours. Pure; the page is hostile. */

/** A page that names more than this is not read further. */
const MOST_LINKS = 5000;
const TAG = /<(?:a|link)\b[^<>]{0,2000}>/gi;
const HREF = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i;

/** What stands in an attribute, with the entities that occur in addresses. */
const plain = (value: string): string =>
  value
    .replace(/&amp;/gi, "&")
    .replace(/&#(?:x2f|47);/gi, "/")
    .trim();

/**
 * Whether a page links back to a project: an `a` or `link` element whose address is the project's page here, with or
 * without the slash at its end. What is commented out does not count.
 */
export function hasLinkBack(page: string, wanted: URL): boolean {
  const bare = (url: URL): string => `${url.origin}${url.pathname.replace(/\/+$/, "").toLowerCase()}`;
  const text = withoutComments(page);
  let seen = 0;
  for (const [tag] of text.matchAll(TAG)) {
    if (++seen > MOST_LINKS) return false;
    const found = HREF.exec(tag);
    const href = plain(found?.[1] ?? found?.[2] ?? found?.[3] ?? "");
    if (/^https?:\/\//i.test(href) && URL.canParse(href) && bare(new URL(href)) === bare(wanted)) return true;
  }
  return false;
}

const HIDDEN = /<!--|<(script|style|textarea|template)\b/gi;

/** Leaves out what stands in comments, scripts and texts to be typed in: a stranger may write there. One pass. */
function withoutComments(page: string): string {
  const lower = page.toLowerCase();
  const parts: string[] = [];
  let at = 0;
  for (const open of lower.matchAll(HIDDEN)) {
    if (open.index < at) continue;
    parts.push(page.slice(at, open.index));
    const close = open[1] === undefined ? "-->" : `</${open[1]}`;
    const end = lower.indexOf(close, open.index + 2);
    if (end < 0) return parts.join(" ");
    at = end + close.length;
  }
  return parts.join(" ") + page.slice(at);
}

/** The addresses a release names as its pages, from lines of `Project-URL: label, address`. https only. */
export function namedPages(metadata: object): readonly string[] {
  const { projectUrls } = metadata as { readonly projectUrls?: unknown };
  const texts = (Array.isArray(projectUrls) ? projectUrls : []).filter((one): one is string => typeof one === "string");
  const urls = texts.map((text) => text.slice(text.indexOf(",") + 1).trim()).flatMap((text) => pageUrl(text) ?? []);
  return [...new Set(urls.map((url) => url.href))];
}

/** The address of a page that can be verified: https, no name or password in it, and nothing after a #. */
export function pageUrl(text: string): URL | null {
  if (text.length > 500 || !/^https:\/\//i.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return null;
  url.hash = "";
  return url;
}
