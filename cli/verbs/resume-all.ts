/** `baton resume --all`: lists every failed run, asks, resumes them, and says of each what became of it. */
import { didYouMean, type Arguments } from '../arguments.ts';
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { printable } from '../output.ts';
import { pipelineNames } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import { FAILURE_CLASSES, failedTable, findFailedRuns } from '../runs/failed-runs.ts';
import { notRequested, resumeRuns, type ResumedRun } from '../runs/resume-runs.ts';
import { count, countOf } from '../runs/units.ts';
import type { Context } from '../verb.ts';

export async function resumeAll(context: Context): Promise<ExitCode> {
  const { args, out, json, connect, signal } = context;
  const cls = args.choice('class', FAILURE_CLASSES);
  const known = pipelineNames(sqlFolder(args.text('sql')));
  const pipeline = args.text('pipeline');
  const pipelines = pipeline === undefined ? known : [pipeline];
  const connection = await connect();
  const runs = await findFailedRuns(await connection.runs(), pipelines, cls, {
    every: args.flag('every'),
    signal,
    onProgress: (text) => {
      out.say(out.style.quiet(text));
    },
  });
  const show = (results: readonly ResumedRun[]): void => {
    if (json) out.json({ runs: results });
  };
  if (runs.length === 0) {
    if (pipeline !== undefined && !known.includes(pipeline)) {
      throw usageError(
        `pipeline ${pipeline} has no failed run and is not in this folder`,
        didYouMean(pipeline, known) ?? `known pipelines: ${known.join(', ')}`,
      );
    }
    const which = cls === undefined ? '' : ` of class ${cls}`;
    out.say(`no failed run${which} of ${pipelines.join(', ')}`);
    show([]);
    return EXIT.done;
  }
  out.say(`${countOf(runs.length, 'failed run')}, oldest first:`);
  out.say(failedTable(runs));
  out.say(
    'Each run resumes at its failed step with the SQL deployed now; completed steps are not re-run. A run that released its slot waits for a new one.',
  );
  if (args.flag('dry-run')) {
    out.say('dry run: no run was resumed');
    if (!json) for (const run of runs) out.data(run.id);
    show(runs.map(notRequested));
    return EXIT.done;
  }
  if (!(await consents(args, context.prompt, runs.length))) {
    out.say('no run was resumed');
    show(runs.map(notRequested));
    return EXIT.failed;
  }
  const { results, code } = await resumeRuns(runs, await connection.operator(), {
    reason: args.text('reason'),
    signal,
    onResult: (result) => {
      if (!json) out.data(lineOf(result));
    },
  });
  show(results);
  out.say(summary(results));
  return code;
}

/** @throws CommandError (exit 2) if there is no terminal to ask and `--yes` was not given */
async function consents(args: Arguments, prompt: Context['prompt'], runs: number): Promise<boolean> {
  if (args.flag('yes')) return true;
  if (prompt === undefined) {
    throw usageError(
      `no run was resumed: confirm to resume ${countOf(runs, 'run')}`,
      'add --yes to resume them, or --dry-run to list them',
    );
  }
  return /^y(?:es)?$/i.test((await prompt(`resume ${countOf(runs, 'run')}? [y/N] `)).trim());
}

function lineOf({ id, outcome, state, message }: ResumedRun): string {
  if (outcome === 'resumed') return `${id}  ${state}`;
  return `${id}  ${outcome}${message === null ? '' : `: ${printable(message)}`}`;
}

function summary(results: readonly ResumedRun[]): string {
  const parts = (['refused', 'error', 'not requested'] as const).flatMap((outcome) => {
    const number = results.filter((result) => result.outcome === outcome).length;
    return number === 0 ? [] : [`${count(number)} ${outcome}`];
  });
  const resumed = results.filter(({ outcome }) => outcome === 'resumed').length;
  const rest = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  return `resumed ${count(resumed)} of ${countOf(results.length, 'run')}${rest}; follow them with: baton runs`;
}
