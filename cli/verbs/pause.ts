import type { PauseRequest } from '../../shared/events/requests.ts';
import { EXIT, usageError } from '../exit.ts';
import { requestBy } from '../requests.ts';
import type { Verb } from '../verb.ts';

const common = {
  positionals: [{ name: 'PIPELINE', help: 'the name of its folder (even if it was removed)' }],
  options: { reason: { value: 'TEXT', help: 'a reason, stored with the request' } },
} as const;

function run(verb: PauseRequest['verb']): Verb['run'] {
  return async ({ args, out, json, connect }) => {
    const pipeline = args.required('PIPELINE');
    const operator = await (await connect()).operator();
    const answer = await operator.pause({ verb, pipeline, ...requestBy(args.text('reason')) });
    if (!answer.ok) throw usageError(answer.message);
    const { paused, waiting, message } = answer;
    if (json) out.json({ pipeline, paused, waiting, message });
    else out.data(message);
    return EXIT.done;
  };
}

export const pause: Verb = {
  name: 'pause',
  summary: 'let no further run of a pipeline start',
  description: `
Pauses a pipeline: its active runs continue to their end, files that arrive wait
in order. A failed run that holds its slot can still be resumed. "baton runs" and
"baton doctor" show paused pipelines; the alarm files-held-back goes off after 15
minutes if files wait.`,
  ...common,
  examples: ['baton pause stores --reason "schema change"'],
  run: run('pause'),
};

export const unpause: Verb = {
  name: 'unpause',
  summary: 'end a pause: waiting runs start, oldest first',
  description: `
Ends the pause of a pipeline. Its free slots are given to the oldest waiting runs
at once; the others follow as runs end.`,
  ...common,
  examples: ['baton unpause stores'],
  run: run('unpause'),
};
