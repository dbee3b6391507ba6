/** One JSON line for each thing worth knowing, in the field names of Powertools for AWS Lambda. */
import process from 'node:process';

import type { Ports } from '../engine/ports.ts';

export const log: Ports['log'] = (level, message, fields) => {
  const line = JSON.stringify({
    level: level.toUpperCase(),
    message,
    timestamp: new Date().toISOString(),
    service: 'baton',
    function: process.env['AWS_LAMBDA_FUNCTION_NAME'],
    ...fields,
  });
  process.stdout.write(`${line}\n`);
};
