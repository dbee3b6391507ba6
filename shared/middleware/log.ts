/** Structured logging: one JSON line per entry, with the field names of Powertools for AWS Lambda. */
import process from 'node:process';

import type { Ports } from '../engine/ports.ts';

/**
 * Names that a field may not have: those of the line itself, by which people and queries find it; `_aws`, which would make a
 * metric of it (CloudWatch user guide: embedded metric format); `toJSON`, which would replace the line.
 */
const RESERVED: ReadonlySet<string> = new Set([
  'level',
  'message',
  'timestamp',
  'time',
  'service',
  'function',
  '_aws',
  'toJSON',
]);

export const log: Ports['log'] = (level, message, fields) => {
  const line = JSON.stringify({
    level: level.toUpperCase(),
    message,
    timestamp: new Date().toISOString(),
    service: 'baton',
    function: process.env['AWS_LAMBDA_FUNCTION_NAME'],
    ...renamed(fields),
  });
  process.stdout.write(`${line}\n`);
};

/** A field with a reserved name is kept as `field_message`, or with more prefixes while that name is taken too. */
function renamed(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const freeName = (name: string): string =>
    RESERVED.has(name) || Object.hasOwn(fields, name) ? freeName(`field_${name}`) : name;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [RESERVED.has(name) ? freeName(name) : name, value]),
  );
}
