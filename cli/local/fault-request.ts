/** The words of `baton local fault`, as the JSON that the local AWS takes. */
import { isStatementFault, STATEMENT_FAULTS } from '../../local/statement-fault.ts';
import { defined } from '../../shared/run/defined.ts';
import type { Arguments } from '../arguments.ts';
import { didYouMean } from '../arguments.ts';
import { usageError } from '../exit.ts';
import { parseDuration } from './duration.ts';

const CALL_FAULTS = ['fail', 'reset', 'throttle', 'slow', 'kill', ...STATEMENT_FAULTS] as const;
const EVENT_FAULTS = ['drop', 'delay', 'duplicate'] as const;

type CallFault = (typeof CALL_FAULTS)[number];
type EventFault = (typeof EVENT_FAULTS)[number];

function isOneOf<T extends string>(words: readonly T[], word: string): word is T {
  return (words as readonly string[]).includes(word);
}

/** How often: `--times N`, `--times always`, once when not given. */
function times(args: Arguments): { times: number | null } | undefined {
  const text = args.text('times');
  if (text === undefined) return undefined;
  if (text === 'always') return { times: null };
  return { times: args.integer('times', { min: 1, max: 1_000_000 }) ?? 1 };
}

function probability(args: Arguments): { probability: number } | undefined {
  const text = args.text('probability');
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw usageError(`--probability ${text}: must be a number from 0 to 1`);
  return { probability: value };
}

function common(args: Arguments): Record<string, unknown> {
  const skip = args.integer('skip', { min: 0, max: 1_000_000 });
  return { ...times(args), ...probability(args), ...defined({ skip }) };
}

function delay(args: Arguments): { delayMs: number } | undefined {
  const text = args.text('by');
  return text === undefined ? undefined : { delayMs: parseDuration(text, '--by') };
}

function named(args: Arguments, names: Readonly<Record<string, string>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [option, member] of Object.entries(names)) {
    const text = args.text(option);
    if (text !== undefined) found[member] = text;
  }
  return found;
}

function refuseOthers(args: Arguments, what: string, others: readonly string[]): void {
  const given = others.find((name) => args.text(name) !== undefined || args.flag(name));
  if (given !== undefined)
    throw usageError(`--${given} does not apply to ${what}`, 'see: baton local fault --help');
}

function callFault(what: CallFault, args: Arguments): Record<string, unknown> {
  refuseOthers(args, `call faults (${what})`, ['source', 'detail-type', 'to', 'copies']);
  if (what === 'slow' && args.text('by') === undefined) throw usageError('slow needs --by DURATION');
  const how = { fail: 'error', slow: 'none' }[what as string] ?? what;
  if (isStatementFault(how)) refuseOthers(args, `statements (${what})`, ['after', 'error', 'by']);
  return {
    target: 'call',
    how,
    ...(args.flag('after') && { when: 'after' }),
    ...named(args, {
      service: 'service',
      operation: 'operation',
      caller: 'caller',
      statement: 'statement',
      error: 'errorType',
      message: 'message',
    }),
    ...delay(args),
    ...common(args),
  };
}

function eventFault(what: EventFault, args: Arguments): Record<string, unknown> {
  const others = [
    'service',
    'operation',
    'caller',
    'statement',
    'after',
    'error',
    'message',
    'skip',
    'probability',
  ];
  refuseOthers(args, `event faults (${what})`, others);
  if (what === 'delay' && args.text('by') === undefined) throw usageError('delay needs --by DURATION');
  const effects = {
    drop: { kind: 'drop' },
    delay: { kind: 'delay', ms: delay(args)?.delayMs },
    duplicate: { kind: 'duplicate', copies: (args.integer('copies', { min: 2, max: 100 }) ?? 2) - 1 },
  };
  const often = times(args) ?? { times: 1 };
  return {
    target: 'event',
    match: named(args, { source: 'source', 'detail-type': 'detailType', to: 'target' }),
    effect: effects[what],
    ...(often.times !== null && { count: often.times }),
  };
}

/**
 * The fault to put in.
 * @throws CommandError (exit 2) for an unknown fault, or options that do not go with it
 */
export function faultRequest(what: string, args: Arguments): Record<string, unknown> {
  if (isOneOf(CALL_FAULTS, what)) return callFault(what, args);
  if (isOneOf(EVENT_FAULTS, what)) return eventFault(what, args);
  const known = [...EVENT_FAULTS, ...CALL_FAULTS, 'kill-session', 'list', 'clear'];
  throw usageError(`unknown fault ${what}`, didYouMean(what, known) ?? `known faults: ${known.join(', ')}`);
}
