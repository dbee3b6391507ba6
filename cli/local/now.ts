/** The stage's own now: the clock of the local stage may have been moved. */
import type { Context } from '../verb.ts';
import { adminOf } from './admin.ts';

/** Ms since the epoch. */
export async function nowOf(context: Context): Promise<number> {
  if (context.stage !== 'local') return Date.now();
  const { now } = (await (await adminOf(context)).get('clock')) as { now: string };
  return Date.parse(now);
}
