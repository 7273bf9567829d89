import { keyhole } from "./icon.ts";
import { attr, type Content, html, type Html } from "./template.ts";

export interface NavItem {
  readonly href: string;
  readonly label: Content;
}

export interface PageOptions {
  readonly title: string;
  /** The installation's name, beside ours. */
  readonly indexName: string;
  readonly description?: string | undefined;
  readonly nav?: readonly NavItem[] | undefined;
  /** Stands after the navigation: the way out of a session. */
  readonly afterNav?: Content;
  /** Marks the navigation entry one is on. */
  readonly currentPath?: string | undefined;
  readonly body: Content;
  /** `narrow`: one question. `wide`: lists and cards. `full`: the desk. */
  readonly width?: "narrow" | "wide" | "full" | undefined;
  /** Above everything else, on every page while it holds. */
  readonly banner?: Content;
  /** Keeps the main part up to date (with scripts; without, the page says so and has a link). */
  readonly refreshSeconds?: number | undefined;
  /** Fixes light or dark; the system's choice otherwise. */
  readonly theme?: "light" | "dark" | undefined;
  /** Further scripts under /assets/, by path, as modules. */
  readonly scripts?: readonly string[] | undefined;
  readonly footer?: Content;
}

/** The navigation entry of a path: the longest one that the path begins with. */
function currentHref(nav: readonly NavItem[], path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const matching = nav.map((item) => item.href).filter((href) => path === href || path.startsWith(`${href}/`));
  return matching.sort((a, b) => b.length - a.length)[0];
}

function navigation(options: PageOptions): Html | null {
  const { nav = [], currentPath } = options;
  if (nav.length === 0) return null;
  const current = currentHref(nav, currentPath);
  const items = nav.map((item) => {
    const state = item.href === current ? (item.href === currentPath ? "page" : "true") : null;
    return html`<li><a href="${item.href}" ${attr("aria-current", state)}>${item.label}</a></li>`;
  });
  return html`<nav class="site-nav" aria-label="Main"><ul>${items}</ul></nav>`;
}

/** A whole page: skip link, header with our mark, navigation, main part, footer. Give it to `document`. */
export function page(options: PageOptions): Html {
  const width = options.width ?? "narrow";
  const title = options.title === options.indexName ? options.title : `${options.title} · ${options.indexName}`;
  const refresh = options.refreshSeconds;
  return html`<html lang="en" ${attr("data-theme", options.theme)}>
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="${options.theme ?? "light dark"}">
${options.description ? html`<meta name="description" content="${options.description}">` : null}
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/pico.min.css">
<link rel="stylesheet" href="/assets/locksmith.css">
<script src="/assets/locksmith.js" defer></script>
${(options.scripts ?? []).map((src) => html`<script src="${src}" type="module"></script>`)}
</head>
<body class="page-${width}">
<a class="skip-link" href="#main">Skip to the main part</a>
<header class="site-head"><div class="site-head-inner">
<a class="brand" href="/">${keyhole()}<span class="brand-name">Locksmith</span> <span class="brand-index">${options.indexName}</span></a>
${navigation(options)}
${options.afterNav ?? null}
</div></header>
${options.banner ? html`<aside class="site-banner" aria-label="Important">${options.banner}</aside>` : null}
<main id="main" tabindex="-1" ${attr("data-refresh-seconds", refresh)}>
${refresh === undefined ? null : html`<noscript><p class="muted"><a href="">Load this page again</a> to see the newest state.</p></noscript>`}
${options.body}
</main>
<footer class="site-foot"><div class="site-foot-inner">
${options.footer ?? html`<p>Nobody of ${options.indexName} will ever ask you for a password or a code.</p>`}
</div></footer>
</body>
</html>`;
}
