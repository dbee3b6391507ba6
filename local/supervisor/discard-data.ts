/** What `reset` with data removes from the home while no process uses it. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The clock keeps its time: a session's or a schedule's that lies ahead of it would mean nothing. */
const KEPT = 'clock.json';

/**
 * Runs, messages, queues, deliveries, schedules' positions, statements and their results, and the objects of every
 * bucket. The folders of the buckets stay, since people stand in them; so do logs and PostgreSQL's files: what is in the
 * warehouse is dropped by its own process.
 */
export function discardData(home: string): void {
  emptyFolder(join(home, 'state'), KEPT);
  const buckets = join(home, 's3');
  for (const entry of readdirSync(buckets, { withFileTypes: true }))
    if (entry.isDirectory()) emptyFolder(join(buckets, entry.name));
}

function emptyFolder(folder: string, kept?: string): void {
  for (const name of readdirSync(folder))
    if (name !== kept) rmSync(join(folder, name), { recursive: true, force: true });
}
