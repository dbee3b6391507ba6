/** Parses the JSON of `POST /_local/faults` into a typed fault; throws one sentence that names the problem. */
import { randomUUID } from 'node:crypto';

import { Pattern } from '../../shared/pipeline/event-pattern/pattern.ts';
import { defined } from '../../shared/run/defined.ts';
import { BadRequest } from '../bad-request.ts';
import type { EventFaultRequest } from '../events/event-faults.ts';
import { isObject } from '../json-object.ts';
import { isStatementFault, STATEMENT_FAULTS } from '../statement-fault.ts';
import type { CallFault } from './call-faults.ts';

const SERVICES = ['dynamodb', 'redshift-data', 'events', 'sqs', 's3', 'lambda'] as const;

const CALL_MEMBERS = [
  'target',
  'service',
  'operation',
  'caller',
  'statement',
  'when',
  'how',
  'errorType',
  'message',
  'status',
  'delayMs',
  'skip',
  'times',
  'probability',
];

export function parseCallFault(input: unknown): CallFault {
  if (!isObject(input)) throw new BadRequest('a fault must be a JSON object');
  refuseUnknown('a call fault', input, CALL_MEMBERS);
  const service = oneOf(input, 'service', SERVICES);
  const operation = text(input, 'operation');
  const caller = text(input, 'caller');
  const statement = text(input, 'statement');
  const delaysMs = numbers(input, 'delayMs', 0, 600_000);
  const delayMs = delaysMs?.[0] ?? 0;
  const times = input['times'] === null ? undefined : (number(input, 'times', 1, 1_000_000) ?? 1);
  const how =
    oneOf(input, 'how', ['none', 'reset', 'error', 'throttle', 'kill', ...STATEMENT_FAULTS] as const) ??
    (delaysMs?.some((ms) => ms > 0) === true ? 'none' : 'error');
  const when = oneOf(input, 'when', ['before', 'after'] as const) ?? 'before';
  if (how === 'throttle' && when === 'after') {
    throw new BadRequest('a throttled call never reaches its service: when must be before');
  }
  if (isStatementFault(how) && when === 'after')
    throw new BadRequest(`${how} is about the statement, not about the call's reply: leave when out`);
  return {
    id: randomUUID().slice(0, 8),
    ...defined({ service, operation, caller, statement }),
    when,
    how,
    errorType:
      text(input, 'errorType') ??
      (service === 'dynamodb' ? 'InternalServerError' : 'InternalServerException'),
    message: text(input, 'message') ?? 'fault injected by `baton local fault`',
    status: number(input, 'status', 400, 599) ?? 500,
    delayMs,
    ...(delaysMs !== undefined && delaysMs.length > 1 && { delaysMs }),
    skip: number(input, 'skip', 0, 1_000_000) ?? 0,
    times,
    probability: number(input, 'probability', 0, 1) ?? 1,
  };
}

const MATCH_MEMBERS = ['source', 'detailType', 'pattern', 'rule', 'target'] as const;

/** Longest delay of an event: 30 days of the local clock. */
const LONGEST_DELAY_MS = 30 * 86_400_000;

export function parseEventFault(input: unknown): EventFaultRequest {
  if (!isObject(input)) throw new BadRequest('a fault must be a JSON object');
  refuseUnknown('an event fault', input, ['target', 'match', 'effect', 'count']);
  const count = number(input, 'count', 1, 1_000_000);
  return {
    match: parseMatch(input['match'] ?? {}),
    effect: parseEffect(input['effect']),
    ...defined({ count }),
  };
}

function parseMatch(match: unknown): NonNullable<EventFaultRequest['match']> {
  if (!isObject(match)) throw new BadRequest('match must be a JSON object');
  refuseUnknown('match', match, MATCH_MEMBERS);
  const given: { -readonly [name in (typeof MATCH_MEMBERS)[number]]?: string } = {};
  for (const name of MATCH_MEMBERS) {
    const value = text(match, name);
    if (value !== undefined) given[name] = value;
  }
  if (given.pattern !== undefined) {
    try {
      void new Pattern(given.pattern);
    } catch (error) {
      throw new BadRequest(`pattern: ${(error as Error).message}`, { cause: error });
    }
  }
  return given;
}

function parseEffect(effect: unknown): EventFaultRequest['effect'] {
  if (!isObject(effect)) throw new BadRequest('effect must be a JSON object with its kind');
  const kind = oneOf(effect, 'kind', ['drop', 'delay', 'duplicate'] as const, 'effect.');
  if (kind === undefined) return missing('effect.kind');
  if (kind === 'drop') return { kind };
  if (kind === 'duplicate') return { kind, copies: number(effect, 'copies', 1, 100, 'effect.') ?? 1 };
  const delays = numbers(effect, 'ms', 1, LONGEST_DELAY_MS, 'effect.') ?? missing('effect.ms');
  return { kind, ms: delays.length === 1 ? (delays[0] ?? 0) : delays };
}

function missing(name: string): never {
  throw new BadRequest(
    `${name} must be ${name.endsWith('kind') ? 'drop, delay or duplicate' : 'a number'}; it is missing`,
  );
}

function refuseUnknown(
  what: string,
  input: Readonly<Record<string, unknown>>,
  members: readonly string[],
): void {
  const unknown = Object.keys(input).find((key) => !members.includes(key));
  if (unknown === undefined) return;
  const known = members.filter((member) => what === 'match' || member !== 'target');
  throw new BadRequest(`${what} has no member ${unknown}; known are ${known.join(', ')}`);
}

function text(input: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = input[key];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw new BadRequest(`${key} must be a string`);
  return value;
}

function number(
  input: Readonly<Record<string, unknown>>,
  key: string,
  least: number,
  most: number,
  within = '',
): number | undefined {
  const value = input[key];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= least && value <= most)) {
    throw new BadRequest(`${within}${key} must be a number from ${String(least)} to ${String(most)}`);
  }
  return value;
}

/** A number, or a list of them that is not empty. */
function numbers(
  input: Readonly<Record<string, unknown>>,
  key: string,
  least: number,
  most: number,
  within = '',
): readonly number[] | undefined {
  const value = input[key];
  if (!Array.isArray(value)) {
    const one = number(input, key, least, most, within);
    return one === undefined ? undefined : [one];
  }
  const given: readonly unknown[] = value;
  const list = given.filter(
    (each): each is number => typeof each === 'number' && each >= least && each <= most,
  );
  if (list.length === 0 || list.length < given.length) {
    throw new BadRequest(
      `${within}${key} must be a number, or a list of numbers, from ${String(least)} to ${String(most)}`,
    );
  }
  return list;
}

function oneOf<T extends string>(
  input: Readonly<Record<string, unknown>>,
  key: string,
  choices: readonly T[],
  within = '',
): T | undefined {
  const value = text(input, key);
  if (value === undefined) return undefined;
  const choice = choices.find((each) => each === value);
  if (choice === undefined)
    throw new BadRequest(`${within}${key} must be one of ${choices.join(', ')}, not ${value}`);
  return choice;
}
