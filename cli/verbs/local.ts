import { EXIT, usageError } from '../exit.ts';
import { adminOf } from '../local/admin.ts';
import { parseDuration } from '../local/duration.ts';
import { faultRequest } from '../local/fault-request.ts';
import type { Context, Verb } from '../verb.ts';

function show({ out, json }: Context, value: unknown): void {
  if (json) out.json(value);
  else out.data(JSON.stringify(value, undefined, 2));
}

export const status: Verb = {
  name: 'local status',
  summary: 'how the local AWS is: processes, clock, faults',
  description: `
Prints what the running local AWS says of itself: its processes, its clock, and
the faults that are put in.`,
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
  summary: 'move the local clock on',
  description: `
Moves the one clock of the local AWS on: keep-alive of sessions, schedules, the
sweep, delayed deliveries and retries all hang on it, so two hours can pass in
no time. The clock stays there, also after a restart.`,
  positionals: [{ name: 'DURATION', help: 'how far: 90s, 10m, 2h, 1d' }],
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

export const fault: Verb = {
  name: 'local fault',
  summary: 'make things go wrong on purpose, to see what happens',
  description: `
Puts a fault into the local AWS:
  drop, delay, duplicate     events, before their targets hear of them
  fail, reset, throttle      calls: an error, a broken connection, throttling
  slow                       calls: they wait --by DURATION first
  kill-session ID            ends a warehouse session as if its connection broke
  list                       the faults that are in
  clear [ID]                 takes one out, or all
A fault of calls hits before the call has its effect, or with --after when it
has had it and its answer is lost. Without more words it hits once.`,
  positionals: [
    {
      name: 'WHAT',
      help: 'drop, delay, duplicate, fail, reset, throttle, slow, kill-session, list or clear',
    },
    { name: 'ID', optional: true, help: 'the session of kill-session; the fault of clear' },
  ],
  options: {
    source: { value: 'NAME', help: 'only events of this source, for example aws.redshift-data' },
    'detail-type': { value: 'TEXT', help: 'only events of this detail-type' },
    to: { value: 'TARGET', help: 'only events to this function or queue, by name' },
    copies: { value: 'N', help: 'duplicate: deliveries in all (default: 2)' },
    service: { value: 'NAME', help: 'only calls of dynamodb, redshift-data, events, sqs, s3 or lambda' },
    operation: { value: 'NAME', help: 'only calls of this operation, for example ExecuteStatement' },
    caller: { value: 'NAME', help: 'only calls of this function, for example baton-local-run-step' },
    after: { help: 'the call has its effect first, then its answer is lost' },
    error: { value: 'NAME', help: 'fail: the exception (default: InternalServerException)' },
    message: { value: 'TEXT', help: "fail: the exception's message" },
    by: { value: 'DURATION', help: 'delay, slow: for how long' },
    times: { value: 'N', help: 'how often it hits, or always (default: 1)' },
    skip: { value: 'N', help: 'calls: leave the first N alone' },
    probability: { value: 'P', help: 'calls: hit only this part of them, 0 to 1' },
  },
  examples: [
    'baton local fault drop --source aws.redshift-data --times always',
    'baton local fault fail --service redshift-data --after',
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
        throw usageError('kill-session needs the ID of a session', 'baton run ID shows it');
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
  summary: 'take every fault out; data stays',
  description: `
Takes every fault out of the local AWS. Its data and its clock stay: to begin
anew, stop it and delete the folder .baton/ (or BATON_HOME).`,
  positionals: [],
  options: {},
  examples: ['baton local reset'],
  run: async (context) => {
    show(context, await (await adminOf(context)).post('reset'));
    return EXIT.done;
  },
};
