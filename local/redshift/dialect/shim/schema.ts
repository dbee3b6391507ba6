/** The schema that holds the Redshift functions PostgreSQL does not have. Generated SQL always names it. */
export const SHIM = 'redshift_shim';
