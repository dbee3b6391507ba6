/** Shows the progress of a run: a line for each finished step, a note while nothing happens, the final state. */
import { isAtEnd, isAtRest, type Run } from '../../shared/run/run.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { printable, type Output } from '../output.ts';
import { waitingOf, waitingText, whatItIsFor } from './describe-run.ts';
import { emptyLoads } from './empty-loads.ts';
import { followRun, rowKey, type FollowOptions } from './follow-run.ts';
import { cardOf, endedAtOf, errorOf, pausedLines, resumeWithOf, stepNameOf } from './run-parts.ts';
import type { HistoryRow, RunReader } from './run-reader.ts';
import { indent, stepLine, withoutError } from './step-line.ts';
import { between, duration } from './units.ts';

/** The first note is printed after this long without progress, the next after twice as long, and so on. */
const FIRST_WORD_MS = 5000;

/** 0 for a run that is done, or paused as it was asked to; 1 for one that failed, was cancelled, waits for a failed one or needs a decision. */
export function exitCodeOf(run: Run): ExitCode {
  const { state } = run.life;
  return state === 'SUCCEEDED' || state === 'SUPERSEDED' || state === 'PAUSED' ? EXIT.done : EXIT.failed;
}

function sentence(run: Run): string {
  const ms = between(run.startedAt ?? run.createdAt, endedAtOf(run));
  const isPaused = run.life.state === 'PAUSED';
  const where = isAtEnd(run) || run.step === '' ? '' : ` ${isPaused ? 'before' : 'at'} ${stepNameOf(run)}`;
  const error = errorOf(run);
  const cls = error === undefined ? '' : ` (${error.class})`;
  return `${run.life.state}${where}${cls}${ms === undefined ? '' : `  ${duration(ms)}`}`;
}

/** The last lines of a run at rest: its error, unless a step line showed it, its state, and the command to run next. */
function endLines(run: Run, shown: readonly HistoryRow[], style: Output['style']): string[] {
  const lines: string[] = [];
  const card = cardOf(run);
  if (card !== undefined) return [style.bad(`  ${sentence(run)}`), '', printable(card)];
  const message = errorOf(run)?.message;
  const told = shown.some(
    (row) => row.error !== undefined && message !== undefined && row.error.startsWith(message),
  );
  if (message !== undefined && !told) lines.push(indent(message));
  const word = exitCodeOf(run) === EXIT.done ? style.good(sentence(run)) : style.bad(sentence(run));
  lines.push(`  ${word}`);
  if (run.life.state === 'SUPERSEDED') lines.push('  a newer upload of the same key was started first');
  lines.push(...pausedLines(run).map((line) => `  ${line}`));
  const command = resumeWithOf(run)?.command;
  if (command !== undefined) lines.push(`  ${whatItIsFor(run)}:  ${printable(command)}`);
  return lines;
}

/** The rest of it is in the failure card, if the run stops with it. */
function firstLineOfError(row: HistoryRow): HistoryRow {
  const [first = '', ...more] = (row.error ?? '').trim().split('\n');
  if (row.error === undefined) return row;
  return { ...withoutError(row), error: more.length === 0 ? first : `${first} …` };
}

/** The stopped run that holds the slot a queued run waits for, until someone resumes or cancels it. */
async function stoppedHolder(reader: RunReader, run: Run): Promise<Run | undefined> {
  const { holders } = await reader.loadPool(run.pipeline);
  for (const id of Object.keys(holders)) {
    const holder = id === run.id ? undefined : await reader.load(id);
    if (holder !== undefined && isAtRest(holder) && !isAtEnd(holder)) return holder;
  }
  return undefined;
}

function quietWord(run: Run, quietMs: number): string {
  const since = duration(quietMs);
  const what = run.step === '' ? run.pipeline : run.step;
  if (run.life.state === 'QUEUED') return `  ...  waiting for a free slot of ${run.pipeline}, ${since}`;
  const waiting = waitingOf(run);
  if (waiting !== undefined) return `  ...  ${waitingText(waiting)}`;
  if (run.life.state === 'CANCELLING')
    return `  ...  cancelling: waiting for the final status of ${what}, ${since}`;
  return `  ...  ${what} is running, ${since}`;
}

/**
 * Shows a run until it is at rest; returns it as last read. If it is queued for the slot of a stopped run, it prints
 * so and returns, since the wait could last indefinitely.
 */
export async function watchRun(
  reader: RunReader,
  runId: string,
  out: Output,
  options: Pick<FollowOptions, 'signal' | 'pause' | 'now'> & { seen?: readonly HistoryRow[] } = {},
): Promise<Run> {
  const shown: HistoryRow[] = [];
  let wordMs = FIRST_WORD_MS;
  let askedMs = 0;
  const run = await followRun(reader, runId, {
    ...options,
    seen: (options.seen ?? []).map(rowKey),
    onRun: () => {
      wordMs = FIRST_WORD_MS;
      askedMs = 0;
    },
    onStep: (row) => {
      shown.push(row);
      out.say(stepLine(firstLineOfError(row), out.style));
    },
    onQuiet: async (run, quietMs) => {
      if (run.life.state === 'QUEUED' && quietMs - askedMs > 1000) {
        askedMs = quietMs;
        const holder = await stoppedHolder(reader, run);
        if (holder !== undefined) {
          out.say(`  waiting for ${holder.id}, which is ${holder.life.state}: files run in order`);
          const command = resumeWithOf(holder)?.command;
          // A run with a bad file is cancelled, not resumed.
          if (command?.includes(' cancel ') === true)
            out.say(`  ${whatItIsFor(holder)}:  ${printable(command)}`);
          else {
            const resume = holder.life.state === 'PAUSED' ? `npx baton resume ${holder.id}` : command;
            if (resume !== undefined) out.say(`  to continue it, run:  ${printable(resume)}`);
            out.say(`  to cancel it, run:  npx baton cancel ${holder.id}`);
          }
          return 'stop';
        }
      }
      if (quietMs >= wordMs) {
        out.say(out.style.quiet(quietWord(run, quietMs)));
        wordMs *= 2;
      }
      return 'go on';
    },
  });
  if (run.life.state === 'ABSORBED') return watchBatchOf(run, run.life.into, reader, out, options);
  for (const warning of await emptyLoads(reader, run, shown)) out.say(out.style.bad(`  warning: ${warning}`));
  if (isAtRest(run)) for (const line of endLines(run, shown, out.style)) out.say(line);
  return run;
}

/** Shows the batch run that loads the file of a run; and the run again, if its file left the batch. */
async function watchBatchOf(
  run: Run,
  into: string,
  reader: RunReader,
  out: Output,
  options: Parameters<typeof watchRun>[3],
): Promise<Run> {
  out.say(`  its file is loaded by the batch run ${into}`);
  const batch = await watchRun(reader, into, out, options);
  const now = await reader.load(run.id);
  const isStillIn = now === undefined || (now.life.state === 'ABSORBED' && now.life.into === into);
  if (isStillIn || !isAtRest(batch)) return batch;
  out.say(`  the file left the batch: ${run.id}`);
  return watchRun(reader, run.id, out, options);
}
