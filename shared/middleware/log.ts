/**
 * Structured logging: one JSON line per entry, with the field names of Powertools for AWS Lambda
 * (https://docs.aws.amazon.com/powertools/typescript/latest/features/logger/), so that its queries and tools work here too.
 */
import process from 'node:process';

import type { Ports } from '../engine/ports.ts';
import { messageOf } from '../errors.ts';
import { defined } from '../run/defined.ts';

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
  'cold_start',
  'function_name',
  'function_request_id',
  'xray_trace_id',
  '_aws',
  'toJSON',
]);

/** Errors that caused one another, at most. */
const MOST_CAUSES = 3;

/** Of the invocation in progress: an execution environment has one at a time. */
let invocation: { readonly cold_start: boolean; readonly function_request_id: string } | undefined;

/** Every line until the next call belongs to this invocation; the first one of an execution environment is a cold start. */
export function beginInvocation(requestId: string): void {
  invocation = { cold_start: invocation === undefined, function_request_id: requestId };
}

/** A field `error` may be whatever was caught, or a text of the warehouse: it is written as an object with `message`. */
export const log: Ports['log'] = (level, message, fields) => {
  const { error, ...others } = fields;
  const line = JSON.stringify({
    level: level.toUpperCase(),
    message,
    timestamp: new Date().toISOString(),
    service: 'baton',
    ...invocation,
    function_name: process.env['AWS_LAMBDA_FUNCTION_NAME'],
    // `Root=1-…;Parent=…;Sampled=…` (Lambda developer guide: defined runtime environment variables)
    xray_trace_id: /Root=([^;]+)/.exec(process.env['_X_AMZN_TRACE_ID'] ?? '')?.[1],
    ...renamed(others),
    ...defined({ error: errorOf(error, MOST_CAUSES) }),
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

function errorOf(error: unknown, causes: number): unknown {
  if (error === undefined || error === null) return undefined;
  if (!(error instanceof Error)) return { message: messageOf(error) };
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(causes > 0 && defined({ cause: errorOf(cause, causes - 1) })) };
}
