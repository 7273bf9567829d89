import { toCsv } from "../kernel/csv.ts";
import { FIGURE_MONTHS, firstOfMonth, type MonthFigures } from "../recovery/index.ts";

/** Below this, a count by cause in public might point at somebody. */
export const FEWEST_TOLD = 5;

/** Every month of the span, those in which nothing happened among them. Pure. */
export function everyMonth(months: readonly MonthFigures[], now: Date): readonly MonthFigures[] {
  const byMonth = new Map(months.filter(({ cause }) => cause === null).map((one) => [one.month, one]));
  return Array.from({ length: FIGURE_MONTHS }, (_, at) => {
    const month = firstOfMonth(now, FIGURE_MONTHS - 1 - at)
      .toISOString()
      .slice(0, 7);
    return byMonth.get(month) ?? { ...NOTHING, month };
  });
}

const NOTHING: Omit<MonthFigures, "month"> = {
  cause: null,
  opened: 0,
  restored: 0,
  withoutPeople: 0,
  refused: 0,
  withdrawn: 0,
  expired: 0,
  objected: 0,
  reversed: 0,
  medianDays: null,
  ninthDays: null,
};

/** Several months together; the days are left out, since middles cannot be added. Pure. */
export function addUp(months: readonly MonthFigures[]): Omit<MonthFigures, "month" | "medianDays" | "ninthDays"> {
  const sum = (of: (one: MonthFigures) => number): number => months.reduce((total, one) => total + of(one), 0);
  return {
    cause: months[0]?.cause ?? null,
    opened: sum((one) => one.opened),
    restored: sum((one) => one.restored),
    withoutPeople: sum((one) => one.withoutPeople),
    refused: sum((one) => one.refused),
    withdrawn: sum((one) => one.withdrawn),
    expired: sum((one) => one.expired),
    objected: sum((one) => one.objected),
    reversed: sum((one) => one.reversed),
  };
}

const days = (value: number | null): string => (value === null ? "" : value.toFixed(2));

/** The figures as a table for spreadsheets. @param isPublic whether small counts by cause are left out */
export function figuresCsv(months: readonly MonthFigures[], isPublic: boolean): string {
  const header = [
    "month",
    "cause",
    "opened",
    "restored",
    "restored_without_people",
    "refused",
    "withdrawn",
    "expired",
    "objected",
    "reversed",
    "median_days_to_access",
    "90th_percentile_days_to_access",
  ];
  const records = months
    .filter((one) => !isPublic || one.cause === null)
    .map((one) => [
      one.month,
      one.cause ?? "all",
      ...[
        one.opened,
        one.restored,
        one.withoutPeople,
        one.refused,
        one.withdrawn,
        one.expired,
        one.objected,
        one.reversed,
      ].map(String),
      days(one.medianDays),
      days(one.ninthDays),
    ]);
  return toCsv(header, records);
}
