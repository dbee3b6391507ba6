import { join } from 'node:path';

import { packageRoot } from '../../build/project.ts';
import { EXIT, usageError } from '../exit.ts';
import { adminOf } from '../local/admin.ts';
import { parseDuration } from '../local/duration.ts';
import { faultRequest } from '../local/fault-request.ts';
import { forPeople, type TopicMessage } from '../../local/topics/topics.ts';
import { printable } from '../output.ts';
import { sqlFolder } from '../project.ts';
import { applySetup, setupLine } from '../query/apply-setup.ts';
import { countOf } from '../runs/units.ts';
import type { Context, Verb } from '../verb.ts';
import { sqlOption } from './shared-options.ts';

function show({ out, json }: Context, value: unknown): void {
  if (json) out.json(value);
  else out.data(JSON.stringify(value, undefined, 2));
}

export const status: Verb = {
  name: 'local status',
  summary: 'show the local AWS: processes, clock, faults',
  description: `
Prints the state of the running local AWS: its processes, its clock, and the
active faults.`,
  positionals: [],
  options: {},
  examples: ['baton local status'],
  run: async (context) => {
    const admin = await adminOf(context);
    const [state, clock, faults] = await Promise.all([
      admin.get('status'),
      admin.get('clock'),
      admin.get('faults'),
    ]);
    show(context, { status: state, clock, ...(faults as object) });
    return EXIT.done;
  },
};

export const advance: Verb = {
  name: 'local advance',
  summary: 'advance the local clock',
  description: `
Advances the clock of the local AWS. Session keep-alive, schedules, the sweep,
delayed deliveries and retries all use it, so two hours can pass at once. The
clock keeps the new time after a restart.`,
  positionals: [{ name: 'DURATION', help: 'by how much: 90s, 10m, 2h, 1d' }],
  options: {},
  examples: ['baton local advance 2h'],
  run: async (context) => {
    const advanceMs = parseDuration(context.args.required('DURATION'), 'DURATION');
    const clock = await (await adminOf(context)).post('clock', { advanceMs });
    if (context.json) context.out.json(clock);
    else context.out.data(String((clock as { now?: unknown }).now));
    return EXIT.done;
  },
};

export const messages: Verb = {
  name: 'local messages',
  summary: 'show the messages that were sent to people',
  description: `
Prints what was published to the topics of the local AWS, the oldest first: one
message for each run that failed or needs a decision, and one when it is over.
They are kept in the home folder; nothing is mailed.`,
  positionals: [],
  options: {},
  examples: ['baton local messages', 'baton local messages --json'],
  run: async (context) => {
    const found = (await (await adminOf(context)).get('messages')) as {
      messages: readonly TopicMessage[];
    };
    if (context.json) context.out.json(found.messages);
    else
      for (const { at, topicArn, message } of found.messages)
        context.out.data(`${at}  ${topicArn}\n${printable(forPeople(message))}\n`);
    return EXIT.done;
  },
};

export const fault: Verb = {
  name: 'local fault',
  summary: 'inject a fault, to see how runs handle it',
  description: `
Injects a fault into the local AWS:
  drop, delay, duplicate     events, before they reach their targets
  fail, reset, throttle      calls: an error, a broken connection, throttling
  slow                       calls: delayed by --by DURATION
  kill                       calls: the function that calls is killed
  statement-fails            a statement fails before it does anything
  session-ends-before, session-ends-during, session-ends-after
                             its session ends: when it is submitted, before its
                             commit, after it has finished
  statement-reported-failed  it takes effect, is reported as FAILED, and its
                             session ends
  kill-session ID            ends a warehouse session as if its connection broke
  list                       lists the active faults
  clear [ID]                 removes one fault, or all
A call fault strikes before the call takes effect or, with --after, once it has
taken effect, so that only its reply is lost. By default it strikes once.`,
  positionals: [
    {
      name: 'WHAT',
      help: 'drop, delay, duplicate, fail, reset, throttle, slow, kill, statement-…, session-ends-…, kill-session, list or clear',
    },
    { name: 'ID', optional: true, help: 'the session of kill-session; the fault of clear' },
  ],
  options: {
    source: { value: 'NAME', help: 'only events of this source, for example aws.redshift-data' },
    'detail-type': { value: 'TEXT', help: 'only events of this detail-type' },
    to: { value: 'TARGET', help: 'only events to this function or queue, by name' },
    copies: { value: 'N', help: 'duplicate: deliveries in total (default: 2)' },
    service: { value: 'NAME', help: 'only calls of dynamodb, redshift-data, events, sqs, s3 or lambda' },
    operation: { value: 'NAME', help: 'only calls of this operation, for example ExecuteStatement' },
    caller: { value: 'NAME', help: 'only calls of this function, for example baton-local-run-step' },
    statement: {
      value: 'NAME',
      help: 'only calls that submit a statement of this name; * stands for any characters but :, at the end for the rest',
    },
    after: { help: 'the call takes effect, but its reply is lost' },
    error: { value: 'NAME', help: 'fail: the exception (default: InternalServerException)' },
    message: { value: 'TEXT', help: "fail: the exception's message; statement-fails: the statement's error" },
    by: { value: 'DURATION', help: 'delay, slow: for how long' },
    times: { value: 'N', help: 'how often it strikes, or always (default: 1)' },
    skip: { value: 'N', help: 'calls: skip the first N' },
    probability: { value: 'P', help: 'calls: strike only this fraction of them, 0 to 1' },
  },
  examples: [
    'baton local fault drop --source aws.redshift-data --times always',
    'baton local fault fail --service redshift-data --after',
    "baton local fault statement-fails --statement 'baton:local:*:*:3:*'",
    'baton local fault kill-session 5f7c…',
    'baton local fault clear',
  ],
  run: async (context) => {
    const { args } = context;
    const what = args.required('WHAT');
    const id = args.positional('ID');
    if (what === 'list') {
      show(context, await (await adminOf(context)).get('faults'));
    } else if (what === 'clear') {
      const query = id === undefined ? '' : `?id=${encodeURIComponent(id)}`;
      show(context, await (await adminOf(context)).remove(`faults${query}`));
    } else if (what === 'kill-session') {
      if (id === undefined)
        throw usageError('kill-session needs the ID of a session', 'baton run ID prints it');
      show(context, await (await adminOf(context)).post('kill-session', { sessionId: id }));
    } else {
      const request = faultRequest(what, args);
      if (id !== undefined) throw usageError(`unexpected argument ${id}`, 'see: baton local fault --help');
      show(context, await (await adminOf(context)).post('faults', request));
    }
    return EXIT.done;
  },
};

export const reset: Verb = {
  name: 'local reset',
  summary: 'remove all faults; with --data also all data',
  description: `
Removes all faults from the local AWS and keeps its data and its clock.
With --data it also removes what the local AWS has stored: runs, pools and their
history, the objects of every bucket, queues, events and messages, sessions, and
everything in the warehouse. Runs that are under way end without a trace. Then
it applies sql/setup/ again, as \`baton up\` does. The pipelines that are loaded,
the clock and the logs stay. \`baton up\` keeps running; calls of other programs
fail for a few seconds.`,
  positionals: [],
  options: {
    data: { help: 'also remove all data, and apply sql/setup/ again' },
    ...sqlOption,
  },
  examples: ['baton local reset', 'baton local reset --data'],
  run: async (context) => {
    const { args, out, json, connect } = context;
    const data = args.flag('data');
    if (!data && args.text('sql') !== undefined) throw usageError('--sql requires --data');
    const admin = await adminOf(context);
    if (!data) {
      show(context, await admin.post('reset'));
      return EXIT.done;
    }
    const folder = sqlFolder(args.text('sql'));
    const answer = (await admin.post('reset', { data })) as object;
    const files = await applySetup(await (await connect()).sql(), folder, join(packageRoot, 'sql'));
    const failed = files.filter(({ error }) => error !== undefined);
    for (const file of failed) out.say(`  ${out.style.bad('not applied')}  ${setupLine(file)}`);
    if (json) {
      const applied = files.flatMap(({ name, error }) => (error === undefined ? name : []));
      out.json({ ...answer, applied, failed: failed.map(({ name, error }) => ({ name, error })) });
    } else if (failed.length > 0) {
      out.data('data removed; correct the file, then: npx baton setup');
    } else out.data(`data removed; ${countOf(files.length, 'file')} of sql/setup/ applied`);
    return failed.length === 0 ? EXIT.done : EXIT.failed;
  },
};
