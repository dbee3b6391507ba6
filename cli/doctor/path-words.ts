/** The calls of a run and the arrival of its events (shared/engine/check/path.ts), in words. */
import type { Probe } from '../../shared/events/requests.ts';
import { printable } from '../output.ts';
import { duration } from '../runs/units.ts';
import type { Stage } from './stage-checks.ts';

interface Kind {
  readonly name: string;
  /** `{about}`: what an event is of. */
  readonly good: string;
  readonly bad: string;
  readonly remedy: (stage: Stage) => string;
}

const rejected = (call: string) => (): string =>
  `run baton doctor again; if ${call} still fails, its message names the cause: docs/operations.md, "The warehouse does not answer"`;

const KINDS = {
  statement: {
    name: 'statement',
    good: 'a session accepts a statement with its event',
    bad: 'a session rejects a statement with its event',
    remedy: rejected('ExecuteStatement'),
  },
  transaction: {
    name: 'statement',
    good: 'a session accepts a transaction of two statements',
    bad: 'a session rejects a transaction of two statements',
    remedy: rejected('BatchExecuteStatement'),
  },
  'list-statements': {
    name: 'look-ups',
    good: 'a statement is found by its name (ListStatements)',
    bad: 'a statement cannot be found by its name (ListStatements)',
    remedy: rejected('ListStatements'),
  },
  'list-sessions': {
    name: 'look-ups',
    good: 'the state of a session is known (ListSessions)',
    bad: 'the state of a session cannot be read (ListSessions)',
    remedy: rejected('ListSessions'),
  },
  cancel: {
    name: 'cancel',
    good: 'statements can be cancelled (CancelStatement)',
    bad: 'statements cannot be cancelled (CancelStatement)',
    remedy: rejected('CancelStatement'),
  },
  'put-events': {
    name: 'events',
    good: 'EventBridge accepts events of the functions (PutEvents)',
    bad: 'EventBridge rejects events of the functions (PutEvents)',
    remedy: rejected('PutEvents'),
  },
  'completion-event': {
    name: 'events',
    good: 'the completion event of {about} reaches run-step',
    bad: 'the completion event of {about}',
    remedy: (stage) => lateEvents(stage, 'statement-ended'),
  },
  'wake-up-event': {
    name: 'events',
    good: '{about} reaches run-step',
    bad: '{about}',
    remedy: (stage) => lateEvents(stage, 'run-woken'),
  },
} as const satisfies Partial<Readonly<Record<Probe['what'], Kind>>>;

function lateEvents({ names }: Stage, rule: string): string {
  return (
    `until it does, only the sweep drives runs, once a minute: check the rule ${names.table}-${rule} and the log of ` +
    `${names.table}-run-step: docs/operations.md, "The sweep recovers many runs"`
  );
}

export type PathWhat = keyof typeof KINDS;

export function isPathWhat(what: Probe['what']): what is PathWhat {
  return Object.hasOwn(KINDS, what);
}

/** `good` has the time that it took. */
export function pathWords(
  { what, about = '', warehouse, said, status, ms }: Probe & { readonly what: PathWhat },
  stage: Stage,
): { name: string; good: string; bad: string; remedy: string } {
  const kind: Kind = KINDS[what];
  const where = warehouse === undefined ? '' : ` (${warehouse})`;
  const words = (text: string): string => text.replace('{about}', about) + where;
  const isEvent = what === 'completion-event' || what === 'wake-up-event';
  return {
    name: kind.name,
    good: words(kind.good) + (status === 'ok' ? `, ${took(ms)}` : ''),
    bad: `${words(kind.bad)}${isEvent ? ' ' : ': '}${onOneLine(said)}`,
    remedy: kind.remedy(stage),
  };
}

function took(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : duration(ms);
}

export function onOneLine(said = ''): string {
  return printable(said)
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}
