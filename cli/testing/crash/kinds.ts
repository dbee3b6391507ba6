/** The faults of a crash test: what each does, where it strikes, and how it is injected. */
import type { StatementFaultKind } from '../../../local/statement-fault.ts';
import type { Fault } from '../library.ts';

/** The error of a step that fails once. */
export const INJECTED = 'ERROR: injected by baton test --crash';

/** Faults of a step, in the order of the matrix. */
export type StepFault = StatementFaultKind | 'reply-lost' | 'event-lost' | 'event-doubled' | 'event-late';

/** Faults of the whole run. */
export type RunFault = 'file-doubled' | 'file-replayed' | 'file-beside' | 'killed' | 'batch';

export type FaultKind = StepFault | RunFault;

/** Column titles of the matrix, and what they stand for. */
export const STEP_FAULTS: Readonly<Record<StepFault, { readonly title: string; readonly words: string }>> = {
  'statement-fails': { title: 'fails', words: 'the step fails, and the run is resumed' },
  'session-ends-before': { title: 'lost before', words: 'the session is lost before the step' },
  'session-ends-during': { title: 'during', words: 'the session is lost before the step commits' },
  'session-ends-after': { title: 'after', words: 'the session is lost when the step has finished' },
  'reply-lost': { title: 'no reply', words: 'the answers to its submission are lost' },
  'statement-reported-failed': { title: 'false report', words: 'it commits, and is reported as FAILED' },
  'event-lost': { title: 'event lost', words: 'its completion event is lost' },
  'event-doubled': { title: 'doubled', words: 'its completion event comes three times' },
  'event-late': { title: 'late', words: 'its completion event comes three minutes late' },
};

export const RUN_FAULTS: Readonly<Record<RunFault, string>> = {
  'file-doubled': "the file's event comes three times",
  'file-replayed': 'the file is replayed when its run has ended',
  'file-beside': 'a second file lies beside it, whose event is lost',
  batch: 'files in one batch, and without batch:',
  killed: 'the function is killed after a call that changes something',
};

const ALWAYS = null;
/** More than a client tries. */
const EVERY_TRY = 8;
const LATE_MS = 180_000;

/** What is injected before the action for a fault at the step of the pipeline with this index. */
export function stepFaults(kind: StepFault, pipeline: string, step: number): Fault[] {
  const statement = `baton:local:${pipeline}-*:*:${step}:*:*:*`;
  const event = (effect: object): Fault => ({
    target: 'event',
    match: {
      source: 'aws.redshift-data',
      pattern: JSON.stringify({
        detail: { statementName: [{ wildcard: `baton:local:${pipeline}-*:1:${step}:*` }] },
      }),
    },
    effect,
    count: 1,
  });
  switch (kind) {
    case 'reply-lost':
      return [{ target: 'call', how: 'reset', when: 'after', statement, times: EVERY_TRY }];
    case 'event-lost':
      return [event({ kind: 'drop' })];
    case 'event-doubled':
      return [event({ kind: 'duplicate', copies: 2 })];
    case 'event-late':
      return [event({ kind: 'delay', ms: LATE_MS })];
    default:
      return [{ target: 'call', how: kind, statement, message: INJECTED }];
  }
}

/** `place`: after how many calls of functions the function is killed; others have none. */
export function runFaults(kind: RunFault, place: number): Fault[] {
  const file = { source: 'aws.s3' };
  switch (kind) {
    case 'killed':
      return [{ target: 'call', how: 'kill', when: 'after', caller: 'baton-local-*', skip: place }];
    case 'file-doubled':
      return [{ target: 'event', match: file, effect: { kind: 'duplicate', copies: 2 }, count: 1 }];
    case 'file-beside':
      return [{ target: 'event', match: file, effect: { kind: 'drop' }, count: 1 }];
    case 'file-replayed':
    case 'batch':
      return [];
    default:
      return kind satisfies never;
  }
}

/** Statements a second and more apart: what has its time from another statement has another time. */
export const SPACED: Fault = {
  target: 'call',
  how: 'none',
  delayMs: 1100,
  statement: 'baton:local:*:*:*:*:*:*',
  times: ALWAYS,
};

export function isStepFault(kind: FaultKind): kind is StepFault {
  return kind in STEP_FAULTS;
}
