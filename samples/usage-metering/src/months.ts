// Business dates, `YYYY-MM-DD`, and the months they lie in, `YYYY-MM`.

/** The day so many days later, or earlier. */
export function addDays(day: string, count: number): string {
  const moment = new Date(`${day}T00:00:00Z`);
  moment.setUTCDate(moment.getUTCDate() + count);
  return moment.toISOString().slice(0, 10);
}

/** A day of the calendar: 2026-02-30 is none. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && addDays(text, 0) === text;
}

/** The last so many months with a day before `end`, the oldest first. */
export function monthsBefore(end: string, count: number): string[] {
  const last = new Date(`${addDays(end, -1).slice(0, 7)}-01T00:00:00Z`);
  return Array.from({ length: count }, (_, index) => {
    const month = new Date(last);
    month.setUTCMonth(last.getUTCMonth() - (count - 1 - index));
    return month.toISOString().slice(0, 7);
  });
}
