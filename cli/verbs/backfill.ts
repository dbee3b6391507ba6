import type { BackfillCounts, BackfillRequest } from '../../shared/events/requests.ts';
import { commandLine } from '../../shared/run/command.ts';
import { defined } from '../../shared/run/defined.ts';
import { EXIT, usageError } from '../exit.ts';
import { parseInstant } from '../instant.ts';
import { nowOf } from '../local/now.ts';
import { printable, type Output } from '../output.ts';
import { requestBy } from '../requests.ts';
import { count, countOf } from '../runs/units.ts';
import type { Context, Verb } from '../verb.ts';

export const backfill: Verb = {
  name: 'backfill',
  summary: 'load the files that were in the bucket before',
  description: `
Lists the objects below the prefixes of the pipeline's s3 triggers, and creates a
run for each file that none was created for. A file that was loaded by its event
is not loaded again, nor is one that an earlier backfill admitted. The runs wait
for the pipeline's slots, ordered by the LastModified of their files.
Can be interrupted (Ctrl-C) and repeated: it prints how to go on. It creates at
most 200 runs a second.
Files of which it is not known whether they were loaded are counted as "unclear":
an earlier version of Baton did not keep which upload of a key it had loaded, or
they are so old that the pipeline's record of them may have expired (after 800
days). --again admits them.
An INSTANT is an ISO 8601 time with a zone, a day (its start in UTC), or a
duration before now.`,
  positionals: [{ name: 'PIPELINE', help: 'the name of its folder' }],
  options: {
    prefix: { value: 'P', help: 'only keys that begin with this' },
    since: { value: 'INSTANT', help: 'only objects with a LastModified from this time on' },
    until: { value: 'INSTANT', help: 'only objects with a LastModified before this time' },
    again: { help: 'admit unclear files too: one that was loaded is loaded a second time' },
    'dry-run': { help: 'count, and change nothing' },
    after: { value: 'URI', help: 'go on after this object, s3://bucket/key' },
  },
  examples: [
    'baton backfill stores --dry-run',
    'baton backfill stores --prefix stores/ --since 2026-01-01 --until 2026-02-01',
  ],
  run: async (context) => {
    const { args, out, json, connect, signal } = context;
    const pipeline = args.required('PIPELINE');
    const dryRun = args.flag('dry-run');
    const given: Given = {
      pipeline,
      again: args.flag('again'),
      dryRun,
      ...defined({ prefix: args.text('prefix') }),
      ...(await times(context)),
    };
    const operator = await (await connect()).operator();
    const total = { listed: 0, new: 0, loadedBefore: 0, superseded: 0, unclear: 0, ignored: 0 };
    let next = args.text('after');
    let isOver = false;
    const show = (): void => {
      const place = isOver ? null : (next ?? null);
      if (json) out.json({ pipeline, dryRun, complete: isOver, counts: total, next: place });
      else out.data(`${pipeline}: ${summary(total)}`);
      if (isOver) tellWhatFollows(out, pipeline, total, dryRun);
      else tellHowToGoOn(context, given, next);
    };
    while (!isOver && !signal.aborted) {
      const { requestId, actor } = requestBy();
      const request = { verb: 'backfill' as const, requestId, actor, ...given, ...defined({ after: next }) };
      const answer = await operator.backfill(request).catch((error: unknown) => {
        if (total.listed > 0) show();
        throw error;
      });
      if (!answer.ok) throw usageError(answer.message);
      for (const name of Object.keys(total) as (keyof BackfillCounts)[]) total[name] += answer.counts[name];
      isOver = answer.next === undefined;
      next = answer.next ?? next;
      if (!isOver) out.progress(out.style.quiet(`  ${summary(total)}`));
    }
    show();
    return isOver ? EXIT.done : EXIT.failed;
  },
};

type Given = Pick<BackfillRequest, 'pipeline' | 'prefix' | 'since' | 'until' | 'again' | 'dryRun'>;

/** @throws CommandError (exit 2) */
async function times(context: Context): Promise<{ since?: string; until?: string }> {
  const { args } = context;
  if (args.text('since') === undefined && args.text('until') === undefined) return {};
  const now = await nowOf(context);
  const instant = (name: string): string | undefined => {
    const text = args.text(name);
    return text === undefined ? undefined : new Date(parseInstant(text, `--${name}`, now)).toISOString();
  };
  const [since, until] = [instant('since'), instant('until')];
  if (since !== undefined && until !== undefined && since >= until)
    throw usageError(`--since ${since} must be before --until ${until}`);
  return defined({ since, until });
}

function summary(counts: BackfillCounts): string {
  const { listed, new: admitted, loadedBefore, superseded, unclear, ignored } = counts;
  const parts = [
    `${count(admitted)} new`,
    `${count(loadedBefore)} loaded before`,
    `${count(superseded)} superseded`,
    ...(unclear === 0 ? [] : [`${count(unclear)} unclear`]),
    `${count(ignored)} ignored`,
  ];
  return `${countOf(listed, 'object')} listed: ${parts.join(', ')}`;
}

function tellWhatFollows(out: Output, pipeline: string, counts: BackfillCounts, dryRun: boolean): void {
  if (counts.unclear > 0)
    out.say(
      `${countOf(counts.unclear, 'file')}: it is not known whether they were loaded (an earlier version of Baton did not keep which upload it loaded, or the record of a file this old has expired); --again admits them`,
    );
  if (dryRun) out.say('dry run: nothing was changed');
  else if (counts.new > 0) out.say(`follow the runs with: baton runs --pipeline ${pipeline}`);
}

/** With the times as they were understood: a duration before now will be another time. */
function tellHowToGoOn({ out, stage }: Context, given: Given, next: string | undefined): void {
  const { pipeline, prefix, since, until, again, dryRun } = given;
  const option = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`--${name} ${quoted(value)}`];
  // A key that a terminal would not show as it is: the command starts again, and skips what was loaded before.
  const after = next === undefined || printable(next) !== next || /[\t\n]/.test(next) ? undefined : next;
  const words = [
    'backfill',
    pipeline,
    ...option('prefix', prefix),
    ...option('since', since),
    ...option('until', until),
    ...(again === true ? ['--again'] : []),
    ...(dryRun === true ? ['--dry-run'] : []),
    ...option('after', after),
  ];
  out.say('stopped; what was admitted stays. To continue:');
  out.say(`       ${commandLine(stage, words.join(' '))}`);
}

/** For a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
