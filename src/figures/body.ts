import { barPlot, details, emptyState, html, type Html, table, time } from "../kernel/html/index.ts";
import { CAUSES, type Cause, type MonthFigures } from "../recovery/index.ts";
import { addUp, everyMonth, FEWEST_TOLD } from "./figures.ts";

export interface FiguresView {
  readonly months: readonly MonthFigures[];
  readonly madeAt: Date | null;
  readonly now: Date;
  /** Where the table for spreadsheets is. */
  readonly csvPath: string;
  /** In public, rare causes are not told apart. */
  readonly isPublic: boolean;
}

const YEAR = 12;
type Totals = ReturnType<typeof addUp>;

const percent = (part: number, whole: number): string => (whole === 0 ? "–" : `${Math.round((100 * part) / whole)}%`);
const inDays = (value: number | null): string =>
  value === null ? "–" : `${value < 10 ? value.toFixed(1) : Math.round(value)} ${value === 1 ? "day" : "days"}`;

/** The middle of the monthly middles, weighed by how many got in: close to the middle of all, and said so. */
function usualDays(months: readonly MonthFigures[], of: (one: MonthFigures) => number | null): number | null {
  const all = months
    .flatMap((one) => Array.from({ length: one.restored }, () => of(one)))
    .filter((one) => one !== null)
    .sort((a, b) => a - b);
  return all[Math.floor(all.length / 2)] ?? null;
}

function totals(year: readonly MonthFigures[]): Html {
  const sum: Totals = addUp(year);
  const ended = sum.restored + sum.refused + sum.withdrawn + sum.expired;
  const facts: readonly (readonly [string, string, string])[] = [
    ["Opened", String(sum.opened), ""],
    ["Got back in", String(sum.restored), `${percent(sum.restored, ended)} of those that ended`],
    ["Without anybody’s approval", percent(sum.withoutPeople, sum.restored), "decided by the policy alone"],
    [
      "Usual time to access",
      inDays(usualDays(year, (one) => one.medianDays)),
      `nine in ten within ${inDays(usualDays(year, (one) => one.ninthDays))}`,
    ],
    ["Refused", String(sum.refused), `${percent(sum.refused, ended)} of those that ended`],
    ["Stopped by an objection", String(sum.objected), ""],
    ["Refusals reversed", String(sum.reversed), "on appeal"],
  ];
  return html`<dl class="figures">${facts.map(
    ([name, value, more]) =>
      html`<div><dt>${name}</dt><dd><strong>${value}</strong>${more === "" ? null : html` <span class="muted">${more}</span>`}</dd></div>`,
  )}</dl>`;
}

function plots(months: readonly MonthFigures[]): Html {
  const labels = months.map(({ month }) => month);
  const sum = addUp(months);
  const worst = Math.max(0, ...months.map((one) => one.ninthDays ?? 0));
  return html`
    ${barPlot({
      id: "plot-cases",
      title: "Cases opened, and people who got back in",
      summary: `In ${months.length} months ${sum.opened} cases were opened and ${sum.restored} people got back in. The table at the end has each month.`,
      labels,
      unit: "cases",
      series: [
        { name: "opened", values: months.map((one) => one.opened) },
        { name: "got back in", values: months.map((one) => one.restored) },
      ],
    })}
    ${barPlot({
      id: "plot-days",
      title: "Days from opening to access",
      summary: `The middle and the 90th percentile by month; the longest 90th percentile was ${inDays(worst)}. The table at the end has each month.`,
      labels,
      unit: "days",
      series: [
        { name: "half within", values: months.map((one) => one.medianDays) },
        { name: "nine in ten within", values: months.map((one) => one.ninthDays) },
      ],
    })}`;
}

const byMonth = (months: readonly MonthFigures[]): Html =>
  table({
    caption: "By month, the newest first",
    columns: [
      { label: "Month", isRowHeader: true },
      ...[
        "Opened",
        "Got back in",
        "Without approval",
        "Refused",
        "Withdrawn",
        "Expired",
        "Objected",
        "Half within",
        "Nine in ten",
      ].map((label) => ({ label, align: "end" as const })),
    ],
    rows: months
      .toReversed()
      .map((one) => [
        one.month,
        ...[one.opened, one.restored, one.withoutPeople, one.refused, one.withdrawn, one.expired, one.objected].map(
          String,
        ),
        inDays(one.medianDays),
        inDays(one.ninthDays),
      ]),
    empty: "",
    isDense: true,
  });

function byCause(months: readonly MonthFigures[], isPublic: boolean): Html {
  const told = (count: number): string =>
    isPublic && count > 0 && count < FEWEST_TOLD ? `under ${FEWEST_TOLD}` : String(count);
  const rows = Object.entries(CAUSES).map(([cause, words]) => {
    const sum = addUp(months.filter((one) => one.cause === (cause as Cause))); // the keys of CAUSES are the causes
    return [words, ...[sum.opened, sum.restored, sum.refused].map(told)];
  });
  return table({
    caption: "By what shut people out, in the last twelve months",
    columns: [
      { label: "Cause", isRowHeader: true },
      ...["Opened", "Got back in", "Refused"].map((label) => ({ label, align: "end" as const })),
    ],
    rows,
    empty: "",
    isDense: true,
  });
}

/** The figures under their heading: a year in numbers, plots of two, and the tables that say the same. */
export function figuresBody({ months, madeAt, now, csvPath, isPublic }: FiguresView): Html {
  if (madeAt === null)
    return html`<h1>Figures of the recoveries</h1>${emptyState({ title: "No figures yet", body: html`<p>They are counted once a night.</p>` })}`;
  const every = everyMonth(months, now);
  const year = every.slice(-YEAR);
  const since = year[0]?.month ?? "";
  return html`
    <h1>Figures of the recoveries</h1>
    <p>How many people were locked out, how many got back in, and how long it took. Counted ${time(madeAt, now, "relative")}. Nobody’s name, address or case is in it.</p>
    <h2>The last twelve months</h2>
    ${totals(year)}
    ${plots(every)}
    ${byCause(
      months.filter(({ month }) => month >= since),
      isPublic,
    )}
    ${details({ summary: "Each month as a table", body: byMonth(every) })}
    <p><a href="${csvPath}" download>Download as a table (CSV)</a></p>`;
}
