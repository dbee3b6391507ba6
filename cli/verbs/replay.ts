import { setTimeout as sleep } from 'node:timers/promises';

import type { ReplayProgress } from '../aws/replayer.ts';
import { EXIT, usageError } from '../exit.ts';
import { parseInstant } from '../instant.ts';
import { nowOf } from '../local/now.ts';
import { printable } from '../output.ts';
import type { Verb } from '../verb.ts';

const NAME = /^[.\-_A-Za-z0-9]{1,64}$/;
const ENDS: ReadonlySet<string> = new Set(['COMPLETED', 'FAILED', 'CANCELLED']);
const SHORTEST_PAUSE_MS = 100;
/** On AWS a replay takes minutes. */
const LONGEST_PAUSE_MS = 5000;

/** `baton-dev-20260822T100000Z`: unique by the second of the request. */
function madeName(stage: string): string {
  return `baton-${stage}-${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

function seconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function line({ state, upTo, reason }: ReplayProgress): string {
  const far = upTo === undefined ? '' : `  up to ${upTo.replace(/\.\d+Z$/, 'Z')}`;
  return `  ${state}${far}${reason === undefined ? '' : `  ${printable(reason)}`}`;
}

export const replay: Verb = {
  name: 'replay',
  summary: 'replay file events, and wait until all are delivered',
  description: `
Replays file events from the stage's archive: those of files that arrived between
--from and --to. A file without a run starts one. For a file that has a run, the
pipeline's onReplay decides what happens: by default a FAILED run is resumed, once
per replay name, and any other run is left unchanged.
Waits until all events are delivered, but not for the runs to end: baton runs
shows those. Interrupting the wait does not stop the replay. On AWS an event
reaches the archive some minutes after it arrived.
An INSTANT is an ISO 8601 time with a zone, a day (its start in UTC), or a
duration before now.`,
  positionals: [],
  options: {
    from: { value: 'INSTANT', help: 'start: 2026-08-22T10:00:00Z, 2026-08-22, or 2h (ago)' },
    to: { value: 'INSTANT', help: 'end (default: now)' },
    name: { value: 'NAME', help: 'a unique name for the replay (default: derived from the current time)' },
    'no-wait': { help: 'print the name and do not wait' },
  },
  examples: [
    'baton replay --from 2h',
    'baton replay --from 2026-08-22T10:00Z --to 2026-08-22T12:00Z --name outage',
  ],
  run: async (context) => {
    const { args, out, json, stage, connect, signal } = context;
    const fromText = args.text('from');
    if (fromText === undefined)
      throw usageError('--from is missing: --from INSTANT', 'see: baton replay --help');
    const name = args.text('name') ?? madeName(stage);
    if (!NAME.test(name)) {
      throw usageError(`--name ${name}: must be 1 to 64 letters, digits, dots, dashes and underscores`);
    }
    const now = await nowOf(context);
    const toText = args.text('to');
    const from = parseInstant(fromText, '--from', now);
    const to = toText === undefined ? now : parseInstant(toText, '--to', now);
    if (from >= to) throw usageError(`--from ${seconds(from)} must be before --to ${seconds(to)}`);
    const replayer = await (await connect()).replayer();
    let seen = await replayer.begin({ name, from, to });
    const show = (): void => {
      if (json) out.json({ name, ...seen });
      else out.data(`${name}  ${seen.state}`);
    };
    out.say(`replay ${name}: files from ${seconds(from)} to ${seconds(to)}`);
    if (args.flag('no-wait')) {
      show();
      return EXIT.done;
    }
    let pauseMs = SHORTEST_PAUSE_MS;
    let told = '';
    for (;;) {
      if (line(seen) !== told) out.say((told = line(seen)));
      if (ENDS.has(seen.state)) break;
      await sleep(pauseMs, undefined, { signal });
      pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS);
      seen = await replayer.look(name);
    }
    show();
    return seen.state === 'COMPLETED' ? EXIT.done : EXIT.failed;
  },
};
