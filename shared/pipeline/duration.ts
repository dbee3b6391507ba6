/** Durations as people write them: `90s`, `10m`, `2h`, `14d`. */

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

export const DURATION_PATTERN = '^[0-9]{1,9}[smhd]$';

/** Seconds; undefined where the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const parts = /^(\d{1,9})([smhd])$/.exec(text);
  const unit = UNITS[parts?.[2] ?? ''];
  return unit === undefined ? undefined : Number(parts?.[1]) * unit;
}

/** The shortest way to write so many seconds. */
export function formatDuration(seconds: number): string {
  for (const unit of ['d', 'h', 'm']) {
    const size = UNITS[unit] ?? 1;
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}
