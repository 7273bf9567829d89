/* Days and months by their English names, the same in pages and in mails; all dates are in UTC. */

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** `Thursday 26 November` */
export const weekdayAndDay = (date: Date): string =>
  `${DAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;

/** `14:05 UTC` */
export const clockTime = (date: Date): string => `${date.toISOString().slice(11, 16)} UTC`;

/** `2026-11-02T09:00:00Z` */
export const exactTime = (date: Date): string => date.toISOString().replace(/\.\d{3}Z$/, "Z");
