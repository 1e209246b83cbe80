// What is kept of an alert, under its id, until it has not come for thirty days.

import { host } from "@deskhand/extension-sdk";
import type { Alert } from "./alert.ts";

const NAMESPACE = "alerts";
const THIRTY_DAYS = 30 * 24 * 3600;

export interface Kept {
  first: Alert;
  clientId: string;
  ticket: { id: string; number: number; url: string } | null;
  lastAt: string;
  saidAt: string;
  times: number;
  resolved: boolean;
  /** 0 for what is not kept yet. */
  revision: number;
}

export function read(id: string): Kept | null {
  const found = host.storage.get(NAMESPACE, id);
  return found && { ...(JSON.parse(found.value) as Omit<Kept, "revision">), revision: found.revision };
}

/** Throws a HostRefusal `storage_conflict` where another call wrote since this one read. */
export function write(kept: Kept): Kept {
  const { revision: ifRevision, ...value } = kept;
  const { revision } = host.storage.put({
    namespace: NAMESPACE,
    key: kept.first.id,
    value: JSON.stringify(value),
    ttlSeconds: THIRTY_DAYS,
    ifRevision,
  });
  return { ...kept, revision };
}
