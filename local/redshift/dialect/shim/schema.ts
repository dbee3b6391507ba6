/** The schema that holds the Redshift functions PostgreSQL does not have. Generated SQL always names it. */
export const SHIM = 'redshift_shim';

/** The setting of a session that holds by how many milliseconds the local clock is ahead. */
export const CLOCK_SETTING = 'redshift_shim.clock_offset';
