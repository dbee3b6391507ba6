const HOUR_MS = 3_600_000;

/** Wall-clock time of a time zone. "Wall" numbers are ms since the epoch as if the zone were UTC. */
export class LocalTime {
  readonly #format: Intl.DateTimeFormat | undefined;

  /** @throws RangeError when the zone is unknown */
  constructor(timeZone: string) {
    this.#format =
      timeZone === 'UTC'
        ? undefined
        : new Intl.DateTimeFormat('en-US', {
            timeZone,
            hourCycle: 'h23',
            year: 'numeric',
            month: 'numeric',
            day: 'numeric',
            hour: 'numeric',
            minute: 'numeric',
            second: 'numeric',
          });
  }

  toWall(instant: number): number {
    if (this.#format === undefined) return instant;
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of this.#format.formatToParts(instant)) parts[type] = Number(value);
    return Date.UTC(
      parts.year ?? 0,
      (parts.month ?? 1) - 1,
      parts.day,
      parts.hour,
      parts.minute,
      parts.second,
      ((instant % 1000) + 1000) % 1000,
    );
  }

  /** The first instant at which the clocks show `wall`; undefined when they skip it. */
  toInstant(wall: number): number | undefined {
    if (this.#format === undefined) return wall;
    // Zones are 14 hours ahead to 12 behind, and an offset changes at most once a day: it is the one that held before
    // all instants that could be meant, or the one behind them. With the former the earlier of two is found.
    for (const near of [wall - 15 * HOUR_MS, wall + 13 * HOUR_MS]) {
      const instant = wall - (this.toWall(near) - near);
      if (this.toWall(instant) === wall) return instant;
    }
    return undefined;
  }
}
