import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { attr, html, type Html } from "./template.ts";

/** The icons we use, by the names of the Lucide set (ISC licence). */
export const ICON_NAMES = [
  "arrow-right",
  "ban",
  "check",
  "chevron-right",
  "circle",
  "circle-check",
  "circle-dashed",
  "circle-dot",
  "circle-question-mark",
  "circle-x",
  "clock",
  "copy",
  "download",
  "equal",
  "equal-not",
  "eye",
  "eye-off",
  "file-text",
  "hand",
  "history",
  "hourglass",
  "inbox",
  "info",
  "key-round",
  "keyboard",
  "lock",
  "lock-open",
  "mail",
  "message-square",
  "minus",
  "monitor",
  "octagon-alert",
  "printer",
  "refresh-cw",
  "scale",
  "search",
  "shield-check",
  "smartphone",
  "snowflake",
  "terminal",
  "triangle-alert",
  "undo-2",
  "user",
  "users",
  "x",
] as const;
export type IconName = (typeof ICON_NAMES)[number];

type Attributes = ReadonlyMap<string, string>;

const GEOMETRY = [
  "d",
  "cx",
  "cy",
  "r",
  "rx",
  "ry",
  "x",
  "y",
  "x1",
  "x2",
  "y1",
  "y2",
  "width",
  "height",
  "points",
] as const;
const geometry = (attributes: Attributes) => GEOMETRY.map((name) => attr(name, attributes.get(name)));

/** Shapes are written anew from their attributes: nothing of the file reaches the page as it is. */
const SHAPES: Readonly<Record<string, (attributes: Attributes) => Html>> = {
  path: (attributes) => html`<path ${geometry(attributes)} />`,
  circle: (attributes) => html`<circle ${geometry(attributes)} />`,
  ellipse: (attributes) => html`<ellipse ${geometry(attributes)} />`,
  line: (attributes) => html`<line ${geometry(attributes)} />`,
  rect: (attributes) => html`<rect ${geometry(attributes)} />`,
  polyline: (attributes) => html`<polyline ${geometry(attributes)} />`,
  polygon: (attributes) => html`<polygon ${geometry(attributes)} />`,
};

function readShapes(name: IconName): readonly Html[] {
  const svg = readFileSync(fileURLToPath(import.meta.resolve(`lucide-static/icons/${name}.svg`)), "utf8");
  const inner = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1);
  return [...inner.matchAll(/<([a-z]+)\s([^>]*)\/>/g)].map(([, tag = "", rest = ""]) => {
    const shape = SHAPES[tag];
    if (!shape) throw new Error(`icon ${name}: unknown shape ${tag}`);
    return shape(
      new Map([...rest.matchAll(/([a-z0-9-]+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value])),
    );
  });
}

const shapes: ReadonlyMap<IconName, readonly Html[]> = new Map(ICON_NAMES.map((name) => [name, readShapes(name)]));

/**
 * An icon as inline SVG in the colour of its text.
 * @param label what it means, when no word beside it says so; without it the icon is hidden from screen readers
 */
export function icon(name: IconName, label?: string): Html {
  return html`<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" ${
    label === undefined ? attr("aria-hidden", "true") : [attr("role", "img"), attr("aria-label", label)]
  }>${shapes.get(name)}</svg>`;
}

/** The mark of Locksmith: a keyhole that is also a person, in a key plate. */
export const keyhole = (): Html =>
  html`<svg class="keyhole" viewBox="0 0 32 32" aria-hidden="true"><rect class="keyhole-plate" width="32" height="32" rx="9" /><path class="keyhole-hole" d="M16 6.2a5.3 5.3 0 0 1 2.9 9.74c1.9 2.2 3.2 5 3.6 8.16a1.5 1.5 0 0 1-1.49 1.7H10.99a1.5 1.5 0 0 1-1.49-1.7c.4-3.16 1.7-5.96 3.6-8.16A5.3 5.3 0 0 1 16 6.2z" /></svg>`;

/** A QR code from rows of modules (true is dark), with the quiet zone the rows bring along. Always dark on light. */
export function qrCode(rows: readonly (readonly boolean[])[], label: string): Html {
  const path = rows
    .map((row, y) =>
      runs(row)
        .map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`)
        .join(""),
    )
    .join("");
  const size = rows.length;
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="${label}" shape-rendering="crispEdges"><rect class="qr-light" width="${size}" height="${size}" fill="#fff" /><path class="qr-dark" d="${path}" fill="#000" /></svg>`;
}

/** Start and length of each run of dark modules. */
function runs(row: readonly boolean[]): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  row.forEach((isDark, x) => {
    const last = found.at(-1);
    if (!isDark) return;
    if (last && last[0] + last[1] === x) last[1] += 1;
    else found.push([x, 1]);
  });
  return found;
}
