/** Numbers for people. */

/** `5,000`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 row`, `5,000 rows`. */
export function countOf(value: number, one: string): string {
  return `${count(value)} ${one}${value === 1 ? '' : 's'}`;
}

/** A duration: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(ms, 0) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How long a step took; its end may be known to the second only, and then a short step is just that. */
export function stepTime(row: { durationMs?: number; startedAt: string; endedAt: string }): string {
  if (row.durationMs !== undefined) return duration(row.durationMs);
  const ms = between(row.startedAt, row.endedAt);
  if (ms === undefined) return '';
  return ms <= 0 ? '< 1 s' : duration(ms);
}

/** Milliseconds between two ISO 8601 instants; undefined when one is missing. */
export function between(start: string | undefined, end: string | undefined): number | undefined {
  if (start === undefined || end === undefined) return undefined;
  const ms = Date.parse(end) - Date.parse(start);
  return Number.isNaN(ms) ? undefined : ms;
}
