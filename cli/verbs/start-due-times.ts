/** `baton start PIPELINE --from`: the due times of a schedule that have no run. */
import { EXIT, usageError, type ExitCode } from '../exit.ts';
import { parseInstant } from '../instant.ts';
import { nowOf } from '../local/now.ts';
import { requestBy } from '../requests.ts';
import { count, countOf } from '../runs/units.ts';
import type { Context } from '../verb.ts';

export async function startDueTimes(context: Context): Promise<ExitCode> {
  const { args, out, json, connect, signal } = context;
  const other = ['file', 'param', 'no-wait'].find((name) => args.list(name).length > 0 || args.flag(name));
  if (other !== undefined) throw usageError(`--${other} and --from cannot be combined`);
  const now = await nowOf(context);
  const from = parseInstant(args.text('from') ?? '', '--from', now);
  const toText = args.text('to');
  const to = toText === undefined ? now : parseInstant(toText, '--to', now);
  if (from >= to) throw usageError(`--from ${words(from)} must be before --to ${words(to)}`);
  const pipeline = args.required('PIPELINE');
  const dryRun = args.flag('dry-run');
  const operator = await (await connect()).operator();
  const started: string[] = [];
  let before = 0;
  let next: string | undefined = new Date(from).toISOString();
  while (next !== undefined && !signal.aborted) {
    const range = { from: next, to: new Date(to).toISOString() };
    const { requestId, actor } = requestBy();
    const answer = await operator.startDue({
      verb: 'start-due',
      requestId,
      actor,
      pipeline,
      ...range,
      dryRun,
    });
    if (!answer.ok) throw usageError(answer.message);
    if (!json) for (const time of answer.started) out.data(time.replace('.000Z', 'Z'));
    started.push(...answer.started);
    before += answer.before;
    next = answer.next;
  }
  if (json) out.json({ pipeline, dryRun, started, before, complete: next === undefined });
  const found = `${countOf(started.length, 'due time')} without a run`;
  out.say(`${found}${dryRun ? ' (dry run: no run was started)' : ' started'}, ${count(before)} had a run`);
  if (next === undefined) return EXIT.done;
  out.say('stopped; to go on, run the command again: due times that have a run start no second one');
  return EXIT.failed;
}

function words(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
