/** What `npm run verify -- tests` runs and `npm test` leaves out, so that that stays below five minutes on two cores. */
import process from 'node:process';

/** A test file that uses it is one that `verify` runs. */
export const isLong = process.env['BATON_LONG_TESTS'] === '1';
