/** How long the Data API remembers (Redshift management guide: Using the Data API). The fake of the tests goes by these too. */

const HOUR_MS = 3_600_000;

/** A ClientToken. */
export const TOKEN_MEMORY_MS = 8 * HOUR_MS;
/** A statement and its result, from its submission; a session, from its first call. */
export const MEMORY_MS = 24 * HOUR_MS;
/** A session ends then, whatever runs in it. */
export const LONGEST_SESSION_MS = 24 * HOUR_MS;
