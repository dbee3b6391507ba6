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
    const HALF_DAY = 43_200_000;
    // The offset changes at most once within a day: it is the one before or the one after.
    for (const near of [wall - HALF_DAY, wall + HALF_DAY]) {
      const instant = wall - (this.toWall(near) - near);
      if (this.toWall(instant) === wall) return instant;
    }
    return undefined;
  }
}
