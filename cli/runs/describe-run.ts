/** One run, whole, for a person to read. */
import type { BatchFiles } from './batch-files.ts';
import { batchLines, filesText } from './batch-lines.ts';
import { batchIdOf, type Fate } from './fates.ts';
import { kindOfRun } from '../../shared/engine/triggers/table.ts';
import { isAtEnd, sessionIdOf, underwayOf, type Run } from '../../shared/run/run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { printable } from '../output.ts';
import {
  cardOf,
  endedAtOf,
  errorOf,
  pausedLines,
  resumeWithOf,
  statementIdOf,
  stepNameOf,
} from './run-parts.ts';
import type { HistoryRow } from './run-reader.ts';
import { errorText, indent, stepLine, withoutError } from './step-line.ts';
import { between, count, duration } from './units.ts';

const plain = { good: (text: string) => text, bad: (text: string) => text, quiet: (text: string) => text };

/** What made the run. */
export function triggerText({ trigger }: Run): string {
  return printable(kindOfRun(trigger).words(trigger));
}

/** `3 of 5`, with the step's name. */
function progressText(run: Run): string {
  const of = `${run.cursor} of ${run.steps} steps done`;
  if (run.step === '' || isAtEnd(run)) return of;
  const group = underwayOf(run)?.group ?? 1;
  return `${of}, at ${stepNameOf(run)}${group > 1 ? ` and the ${group - 1} after it, sent together` : ''}`;
}

/** Why a WAITING run waits, and when it retries. */
export interface Waiting {
  readonly reason: string;
  /** ISO 8601. */
  readonly retriesAt: string;
}

/** Undefined where the run is not WAITING. */
export function waitingOf(run: Run): Waiting | undefined {
  const { life } = run;
  if (life.state !== 'WAITING') return undefined;
  return {
    reason: life.waitingFor === '' ? 'the step is retried' : life.waitingFor,
    retriesAt: new Date(life.nextCheckAt * 1000).toISOString().replace(/\.000Z$/, 'Z'),
  };
}

export function waitingText({ reason, retriesAt }: Waiting): string {
  return printable(`retries at ${retriesAt}: ${reason}`);
}

/** What is shown of a run beside its item. */
export interface About {
  readonly warnings?: readonly string[];
  /** Of a file that a batch loads. */
  readonly fate?: Fate;
  /** Of a run that loads many files; a text: why they cannot be read. */
  readonly files?: BatchFiles | string | undefined;
  /** All files, not the first few. */
  readonly allFiles?: boolean;
  readonly rows?: ReadonlyMap<unknown, number> | undefined;
}

export function describeRun(run: Run, history: readonly HistoryRow[], about: About = {}): string {
  const { warnings = [], fate } = about;
  const fields: [string, string][] = [
    ['state', fate?.state ?? run.life.state],
    ['pipeline', run.pipeline],
    ['trigger', triggerText(run)],
  ];
  const batchId = batchIdOf(run);
  if (batchId !== undefined)
    fields.push([
      'batch',
      `loaded by ${batchId}${fate?.state === undefined ? ', which is no longer stored' : ''}`,
    ]);
  if (run.batch !== undefined) fields.push(['files', filesText(run.batch)]);
  const file = fileOf(run.trigger);
  if (file !== undefined) fields.push(['size', `${count(file.size)} bytes`]);
  fields.push(['progress', progressText(run)]);
  const waiting = waitingOf(run);
  if (waiting !== undefined) fields.push(['waiting', waitingText(waiting)]);
  if (run.until !== undefined && run.life.state !== 'PAUSED' && !isAtEnd(run))
    fields.push(['until', `pauses after ${printable(run.until)}`]);
  if (run.generation > 1 || run.attempt > 1) {
    fields.push(['tries', `session ${run.generation}, attempt ${run.attempt}`]);
  }
  fields.push(['made', run.createdAt]);
  if (run.startedAt !== undefined) fields.push(['started', run.startedAt]);
  const endedAt = endedAtOf(run);
  const ms = between(run.startedAt, endedAt);
  if (endedAt !== undefined) {
    fields.push(['ended', ms === undefined ? endedAt : `${endedAt}  (${duration(ms)})`]);
  }
  const sessionId = sessionIdOf(run);
  if (sessionId !== undefined) fields.push(['session', sessionId]);
  const statementId = statementIdOf(run);
  if (statementId !== undefined) fields.push(['statement', statementId]);
  if (run.lastRequest !== undefined) {
    const { verb, actor, at, answer } = run.lastRequest;
    fields.push(['request', printable(`${verb} by ${actor} at ${at}: ${answer}`)]);
  }
  const lines = [run.id, ...fields.map(([name, text]) => `  ${name.padEnd(10)} ${text}`)];
  const card = cardOf(run);
  // The card has the last error.
  const rows = history.map((row) => (card !== undefined && row === history.at(-1) ? withoutError(row) : row));
  if (rows.length > 0) lines.push('', ...rows.map((row) => stepLine(row, plain)));
  lines.push(...batchLines(run, about));
  const paused = pausedLines(run);
  if (paused.length > 0) lines.push('', ...paused.map((line) => `  ${line}`));
  if (warnings.length > 0) lines.push('', ...warnings.map((warning) => `  warning: ${warning}`));
  if (card !== undefined) return [...lines, '', printable(card)].join('\n');
  const error = errorOf(run);
  if (error !== undefined) lines.push('', `  error (${error.class})`, indent(errorText(error)));
  const resumeWith = resumeWithOf(run);
  if (resumeWith !== undefined) {
    lines.push('', `  ${whatItIsFor(run)}:`, `       ${printable(resumeWith.command)}`);
  }
  return lines.join('\n');
}

/** Introduces the command of `resumeWith`. */
export function whatItIsFor(run: Run): string {
  if (run.life.state === 'NEEDS_DECISION') return 'check its tables, then run';
  if (errorOf(run)?.class === 'input') return 'to cancel it, run';
  return errorOf(run)?.class === 'data' && resumeWithOf(run)?.command.includes(' cancel ') === true
    ? 'upload the corrected file, then run'
    : 'fix the cause, then run';
}
