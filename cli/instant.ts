/** Instants as people give them: ISO 8601 with a zone, a day (UTC), or how long ago. */
import { parseDuration } from '../shared/pipeline/duration.ts';
import { usageError } from './exit.ts';

const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/**
 * Ms since the epoch. `now`: what a duration counts back from.
 * @throws CommandError (exit 2); `name` is what the text was given for
 */
export function parseInstant(text: string, name: string, now: number): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return now - seconds * 1000;
  const instant = ISO.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(instant)) return instant;
  throw usageError(
    `${name} ${text}: must be a time such as 2026-08-22T10:00:00Z, a day, or a duration before now such as 2h`,
  );
}
