/** Reads what happens in a test. */
import { unsuitableParameters } from '../../shared/engine/given-parameters.ts';
import { EventFields, Pattern } from '../../shared/pipeline/event-pattern/pattern.ts';
import { didYouMean } from '../../shared/pipeline/nearest.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { MOST_EVENT_BYTES } from '../../shared/pipeline/triggers/event-size.ts';
import { readSchedule } from '../../shared/pipeline/schedule/expression.ts';
import { defined } from '../../shared/run/defined.ts';
import { readStatements } from './read-statements.ts';
import {
  followersOf,
  LANDING,
  startedBy,
  startedByFile,
  startersOf,
  startingKeys,
  waitsForMarker,
} from './started-by.ts';
import type { Action, FileAction } from './test-case.ts';
import type { WrittenAction, WrittenActions, WrittenFile } from './test-shape.ts';
import type { Path, TestSource } from './test-source.ts';

type Readers = {
  readonly [K in keyof WrittenActions]: (
    source: TestSource,
    written: WrittenActions[K],
    path: Path,
    index: number,
  ) => Action | undefined;
};

export function readWhen(source: TestSource, written: readonly WrittenAction[]): Action[] {
  const { place, plans } = source;
  const before = source.problems.length;
  const actions = written.map((one, i) => {
    const [[kind, value] = ['', undefined]] = Object.entries(one);
    const read = READERS[kind as keyof WrittenActions] as Readers['put'];
    return read(source, value as WrittenFile, ['when', i, kind], i);
  });
  const good = actions.filter((action) => action !== undefined);
  sayClock(source, actions);
  if (source.problems.length > before) return good;
  if (!good.some((action) => startedBy(action, plans).includes(place.pipeline)))
    source.say(
      ['when'],
      `nothing in when starts ${place.pipeline}; what does: ${startersOf(place.pipeline, plans)}`,
    );
  const resumed = good.findIndex(({ kind }) => kind === 'resume');
  const begin = good.findIndex((action) => startedBy(action, plans).includes(place.pipeline));
  if (resumed !== -1 && resumed === begin)
    source.say(
      ['when', resumed],
      `resume continues a run of ${place.pipeline} that failed: nothing before it starts one`,
    );
  const first = good.findIndex(({ kind }) => kind === 'clock');
  const clock = good[first];
  return clock?.kind === 'clock' ? good.with(first, { ...clock, isFirst: true }) : good;
}

const READERS: Readers = {
  drop: (source, written, path) => {
    const [only] = written;
    if (only === undefined) return source.say(path, 'drop must name at least one file');
    if (written.length === 1) return readDrop(source, only, path);
    const files = written
      .map((one, i) => readDrop(source, one, [...path, i]))
      .filter((file) => file !== undefined);
    return { kind: 'drop-all', files };
  },
  put: (source, written, path) => {
    const [started] = startedByFile(placeOf(written), source.plans);
    if (started !== undefined)
      return source.say([...path, 'key'], `${written.key} starts ${started}: write drop instead of put`);
    return readFile(source, 'put', written, path);
  },
  start: (source, { pipeline = source.place.pipeline, file, params = {} }, path) => {
    const plan = planOf(source, pipeline, [...path, 'pipeline']);
    const wrong = plan && unsuitableParameters(plan.parameters, params);
    if (wrong !== undefined)
      return source.say(
        wrong.includes('has no default') ? path : [...path, 'params'],
        wrong.replace(/: give it with --param .*/, ': give it in params'),
      );
    return defined({ kind: 'start' as const, pipeline, parameters: params, file });
  },
  schedule: (source, { time: text, pipeline = source.place.pipeline }, path) => {
    const plan = planOf(source, pipeline, [...path, 'pipeline']);
    const time = readTime(source, text, [...path, 'time']);
    if (plan === undefined || time === undefined) return undefined;
    const schedules = plan.triggers.filter((trigger) => trigger.kind === 'schedule');
    if (schedules.length === 0)
      return source.say(path, `${pipeline} has no schedule: add - schedule: ... to its on`);
    const later: string[] = [];
    for (const { expression, timezone } of schedules) {
      // A rate counts from its deployment: any time may be one of its.
      if (!expression.startsWith('cron(')) return { kind: 'schedule', pipeline, time, expression };
      const next = readSchedule(expression, 0, timezone).next(time - 1);
      if (next === time) return { kind: 'schedule', pipeline, time, expression };
      const shown = next === undefined ? 'has no time after it' : `is next at ${isoTime(next)}`;
      later.push(`${expression} ${timezone} ${shown}`);
    }
    return source.say(path, `${text} is no time of a schedule of ${pipeline}: ${later.join('; ')}`);
  },
  upstream: (source, { pipeline: upstream, run }, path, index) => {
    const { plans, place } = source;
    if (followersOf(upstream, plans).length === 0) {
      const known = plans.flatMap(({ triggers }) =>
        triggers.flatMap((one) => (one.kind === 'pipeline' ? one.pipeline : [])),
      );
      const own = source.plan?.triggers.flatMap((one) => (one.kind === 'pipeline' ? one.pipeline : [])) ?? [];
      const list = own.length === 0 ? '' : `; ${place.pipeline} does after ${own.join(', ')}`;
      return source.say(path, `no pipeline starts after ${upstream}${didYouMean(upstream, known)}${list}`);
    }
    return { kind: 'upstream', upstream, runId: run ?? `${upstream}-upstream-${index + 1}` };
  },
  event: (source, written, path, index) => {
    const { source: from, 'detail-type': detailType, detail = {} } = written;
    const time = written.time === undefined ? undefined : readTime(source, written.time, [...path, 'time']);
    const json = JSON.stringify({ source: from, 'detail-type': detailType, detail });
    if (Buffer.byteLength(json) > MOST_EVENT_BYTES)
      return source.say(
        path,
        `an event that starts a run may have ${MOST_EVENT_BYTES} bytes; this one has ${Buffer.byteLength(json)}`,
      );
    const fields = new EventFields(json);
    const patterns = source.plans.flatMap(({ pipeline, triggers }) =>
      triggers.flatMap((one) => (one.kind === 'event' ? { pipeline, pattern: one.pattern } : [])),
    );
    const pipelines = patterns
      .filter(({ pattern }) => new Pattern(JSON.stringify(pattern)).matches(fields))
      .map(({ pipeline }) => pipeline);
    if (pipelines.length === 0) {
      const list = patterns
        .map(({ pipeline, pattern }) => `${pipeline}: ${JSON.stringify(pattern)}`)
        .join('; ');
      return source.say(
        path,
        `no pipeline starts for this event; ${list === '' ? 'none has a trigger for events' : `their patterns: ${list}`}`,
      );
    }
    const id = `00000000-0000-4000-8000-${String(index + 1).padStart(12, '0')}`;
    return defined({
      kind: 'event' as const,
      pipelines: [...new Set(pipelines)],
      id,
      source: from,
      detailType,
      detail,
      time,
    });
  },
  resume: (source, { from }, path) => {
    if (from !== undefined) source.sayUnknownStep([...path, 'from'], from);
    return defined({ kind: 'resume' as const, pipeline: source.place.pipeline, from });
  },
  sql: (source, written, path) => ({ kind: 'sql', statements: readStatements(source, written, path) }),
  clock: (source, text, path) => {
    const time = readTime(source, text, path);
    return time === undefined ? undefined : { kind: 'clock', time, isFirst: false };
  },
  advance: (_source, seconds) => ({ kind: 'advance', ms: seconds * 1000 }),
};

/** The clock is set before anything has a time of its own; from then on it only moves on. */
function sayClock(source: TestSource, actions: readonly (Action | undefined)[]): void {
  let now: number | undefined;
  let started = false;
  for (const [i, action] of actions.entries()) {
    if (action === undefined) continue;
    if (action.kind === 'clock') {
      if (started && now === undefined)
        source.say(['when', i, 'clock'], 'the clock must be set before anything starts a run: move this up');
      else if (now !== undefined && action.time < now)
        source.say(['when', i, 'clock'], `the clock cannot go back: it stands at ${isoTime(now)} by then`);
      now = action.time;
    } else if (action.kind === 'advance') {
      if (now !== undefined) now += action.ms;
    } else if (action.kind === 'schedule' && now !== undefined) now = Math.max(now, action.time);
    if (startedBy(action, source.plans).length > 0) started = true;
  }
}

function readDrop(source: TestSource, written: WrittenFile, path: Path): FileAction | undefined {
  const action = readFile(source, 'drop', written, path);
  if (startedByFile(placeOf(written), source.plans).length > 0) return action;
  if (waitsForMarker(placeOf(written), source.plans)) return action;
  return source.say([...path, 'key'], `no pipeline starts for ${written.key}; ${startingKeys(source.plans)}`);
}

function placeOf({ bucket = LANDING, key }: WrittenFile): { bucket: string; key: string } {
  return { bucket, key };
}

function readFile(
  source: TestSource,
  kind: FileAction['kind'],
  written: WrittenFile,
  path: Path,
): FileAction | undefined {
  if (!source.hasOne(written, ['content', 'file'], path)) return undefined;
  const bytes =
    written.file === undefined ? Buffer.from(written.content ?? '') : source.bytesOf(written.file, path);
  return bytes && { kind, ...placeOf(written), bytes };
}

function planOf(source: TestSource, pipeline: string, path: Path): Plan | undefined {
  const plan = source.plans.find((one) => one.pipeline === pipeline);
  const names = source.plans.map((one) => one.pipeline);
  return (
    plan ??
    source.say(
      path,
      `pipeline ${pipeline} does not exist${didYouMean(pipeline, names)}; known: ${names.join(', ')}`,
    )
  );
}

/** Ms since the epoch. The shape has seen that it looks like one. */
function readTime(source: TestSource, text: string, path: Path): number | undefined {
  const [time, day] = [Date.parse(text), text.slice(0, 10)];
  // The 31st of a shorter month would be a day of the next one.
  const isDay = Date.parse(day) >= 0 && new Date(day).toISOString().startsWith(day);
  return Number.isNaN(time) || !isDay ? source.say(path, `there is no time ${text}`) : time;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
