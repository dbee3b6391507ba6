/** Durations as they are written in pipelines (`90s`, `10m`, `2h`, `14d`), and `500ms`. */
import { parseDuration as parseSeconds } from '../../shared/pipeline/duration.ts';
import { usageError } from '../exit.ts';

/**
 * In milliseconds.
 * @throws CommandError (exit 2); `name` is what the text was given for
 */
export function parseDuration(text: string, name: string): number {
  if (/^\d{1,9}ms$/.test(text)) return Number.parseInt(text, 10);
  const seconds = parseSeconds(text);
  if (seconds === undefined)
    throw usageError(`${name} ${text}: must be a duration such as 90s, 10m, 2h or 1d`);
  return seconds * 1000;
}
