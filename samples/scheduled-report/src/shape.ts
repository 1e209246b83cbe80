// What a report says: handler and page agree on this.

export interface Report {
  /** `YYYY-MM-DD` in UTC. */
  day: string;
  madeAt: string;
  open: number;
  /** Opened within the last seven days, and open still. */
  fresh: number;
  overdue: number;
  /** Nobody touched them for a while. */
  stale: number;
  /** Active clients, and those of them who wait for something. */
  clients: number;
  waiting: { id: string; name: string; open: number }[];
  mostOverdue: { id: string; number: number; title: string; client: string; dueOn: string }[];
}
