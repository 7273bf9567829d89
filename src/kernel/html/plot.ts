import { html, type Html } from "./template.ts";

export interface Series {
  readonly name: string;
  /** One for each label; null where there is none. */
  readonly values: readonly (number | null)[];
}

export interface PlotOptions {
  /** Of the page; one plot each. */
  readonly id: string;
  readonly title: string;
  /** What the plot shows, for those who do not see it; the figures themselves belong in a table beside it. */
  readonly summary: string;
  readonly labels: readonly string[];
  /** One or two: more cannot be told apart without colour. */
  readonly series: readonly Series[];
  /** What the numbers count: "cases", "days". */
  readonly unit: string;
}

const WIDTH = 720;
const HEIGHT = 220;
const LEFT = 44;
const BOTTOM = 28;
const TOP = 8;
const LINES = 4;
/** Labels closer than this run into each other. */
const LABEL_WIDTH = 58;

/** The least round number not below a value: 1, 2 or 5 with noughts. */
export function roundUp(value: number): number {
  if (value <= LINES) return LINES;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 8, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

/** Bars beside each other, as SVG in the colours of the page. The second series is hatched by its outline. */
export function barPlot(options: PlotOptions): Html {
  const { id, labels, series } = options;
  const top = roundUp(Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const [plotWidth, plotHeight] = [WIDTH - LEFT, HEIGHT - BOTTOM - TOP];
  const step = plotWidth / Math.max(1, labels.length);
  const bar = (step * 0.8) / series.length;
  const yOf = (value: number): number => TOP + plotHeight * (1 - value / top);
  const round = (value: number): string => value.toFixed(1);
  const lines = Array.from({ length: LINES + 1 }, (_, at) => (top / LINES) * at).map(
    (value) =>
      html`<line class="plot-line" x1="${LEFT}" x2="${WIDTH}" y1="${round(yOf(value))}" y2="${round(yOf(value))}" /><text class="plot-label" x="${LEFT - 8}" y="${round(yOf(value) + 4)}" text-anchor="end">${Number.isInteger(value) ? value : value.toFixed(1)}</text>`,
  );
  const bars = series.map(({ name, values }, at) =>
    values.map((value, place) =>
      value === null || value === 0
        ? null
        : html`<rect class="plot-bar-${at + 1}" x="${round(LEFT + step * place + step * 0.1 + bar * at)}" y="${round(yOf(value))}" width="${round(Math.max(1, bar - 1))}" height="${round(plotHeight + TOP - yOf(value))}"><title>${labels[place]}: ${name} ${Number.isInteger(value) ? value : value.toFixed(1)} ${options.unit}</title></rect>`,
    ),
  );
  const every = Math.ceil(LABEL_WIDTH / step);
  const names = labels.map((label, at) =>
    at % every === 0
      ? html`<text class="plot-label" x="${round(LEFT + step * (at + 0.5))}" y="${HEIGHT - 8}" text-anchor="middle">${label}</text>`
      : null,
  );
  const key = series.map(
    ({ name }, at) =>
      html`<li><svg class="plot-key" viewBox="0 0 14 14" aria-hidden="true"><rect class="plot-bar-${at + 1}" x="1" y="1" width="12" height="12" /></svg>${name}</li>`,
  );
  return html`<figure class="plot"><figcaption><strong>${options.title}</strong><ul class="plot-keys">${key}</ul></figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-title ${id}-summary"><title id="${id}-title">${options.title}</title><desc id="${id}-summary">${options.summary}</desc>${lines}${bars}${names}</svg></figure>`;
}
