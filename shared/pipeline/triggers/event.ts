/** `on: - event:` any event of EventBridge's default bus that fits source, detail-type and a pattern for its detail. */
import type { JsonNode } from '../event-pattern/json-text.ts';
import { JsonError } from '../event-pattern/json-text.ts';
import { compilePattern } from '../event-pattern/pattern.ts';
import { canonicalJson } from '../hash.ts';
import type { EventPattern, EventTrigger } from '../plan.ts';
import type { SettingProblem, TriggerKind } from './kind.ts';
import { member } from './kind.ts';

/** EventBridge's quota, characters: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const LONGEST_PATTERN = 2_048;
const MOST_SHOWN = 120;

type Path = readonly (string | number)[];

export const event: TriggerKind<EventTrigger> = {
  key: {
    description: "An event on EventBridge's default bus. Its JSON is available in the SQL as :event.",
    shape: {
      kind: 'object',
      keys: {
        source: {
          shape: {
            kind: 'list',
            orOne: true,
            of: {
              kind: 'text',
              pattern: '^[^\\s*]+$',
              words: 'an exact event source, for example shop.orders',
            },
          },
          description: 'The source of the events that start a run: one, or a list.',
          required: true,
        },
        'detail-type': {
          shape: {
            kind: 'list',
            orOne: true,
            of: { kind: 'text', pattern: '\\S', words: 'an exact detail-type, for example Order Placed' },
          },
          description: 'The detail-type of the events: one, or a list. Default: any.',
        },
        detail: {
          shape: { kind: 'json' },
          description:
            "An EventBridge pattern for the event's detail: lists of values or operators, for example { total: [{ numeric: ['>', 100] }] }.",
        },
      },
    },
  },
  triggerOf: (setting) => ({ kind: 'event', pattern: setting as EventPattern }),
  problems: ({ pattern }) => [
    ...sourceProblems(pattern),
    ...detailProblems(pattern.detail),
    ...lengthProblems(pattern),
  ],
  starter: () => 'an event',
  supplies: {
    names: ['event'],
    missing:
      ':event is the event that started the run, and this pipeline has no event trigger: add `- event: { source: NAME }` to on',
  },
  words: ({ pattern }) => {
    const types = pattern['detail-type']?.map((type) => `"${type}"`).join(' or ') ?? 'any event';
    const detail = pattern.detail === undefined ? '' : ` with ${shortJson(pattern.detail)}`;
    return `${types} from ${pattern.source.join(' or ')}${detail}`;
  },
  deliveredBy: (pattern) => {
    const trigger = asTrigger(pattern);
    if (trigger === undefined) return [];
    const same = canonicalJson(trigger.pattern);
    const covers = (other: EventTrigger): boolean => canonicalJson(other.pattern) === same;
    return [{ text: `events: ${event.words(trigger, 0)}`, covers }];
  },
  needed: (trigger, pipeline) => `events of ${pipeline}: ${event.words(trigger, 0)}`,
};

/** An event that Baton causes itself would start a run that causes it again: an endless loop. */
function sourceProblems(pattern: EventPattern): SettingProblem[] {
  const problems: SettingProblem[] = [];
  for (const name of ['source', 'detail-type'] as const)
    if (pattern[name]?.length === 0)
      problems.push({
        path: [name],
        message: `${name} must have at least one entry; EventBridge rejects an empty list`,
      });
  const own = pattern.source.find((source) => /^baton(?:\.|$)/.test(source));
  if (own !== undefined)
    problems.push({
      path: ['source'],
      message: `${own} is the source of Baton's own events: each run would start the next in an endless loop. To start after a run of another pipeline, write - pipeline: NAME`,
    });
  const types = pattern['detail-type'];
  if (pattern.source.includes('aws.s3') && (types === undefined || types.includes('Object Created')))
    problems.push({
      path: ['source'],
      message:
        'to start runs with files, write - s3: { bucket: NAME, prefix: FOLDER/ }, which pins the file and rejects loops; for other events of aws.s3 set detail-type',
    });
  return problems;
}

function detailProblems(detail: EventPattern['detail']): SettingProblem[] {
  if (detail === undefined) return [];
  const places: Path[] = [];
  try {
    compilePattern(nodeOf(detail, ['detail'], places));
    return [];
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const path = places[error.at] ?? ['detail'];
    return [{ path, message: `${path.join('.')}: ${error.message}${remedyFor(valueAt(detail, path))}` }];
  }
}

/** `state: running` instead of `state: [running]`. */
function remedyFor(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? ' (EventBridge user guide: comparison operators for event patterns)'
    : `: write a list, [${JSON.stringify(value)}]`;
}

/** As the pattern's compiler reads it; the place of a node is the index of its path. */
function nodeOf(value: unknown, path: Path, places: Path[]): JsonNode {
  const at = places.push(path) - 1;
  if (Array.isArray(value))
    return { kind: 'array', at, items: value.map((item, i) => nodeOf(item, [...path, i], places)) };
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, member]) => ({
      name,
      value: nodeOf(member, [...path, name], places),
    }));
    return { kind: 'object', at, entries };
  }
  if (typeof value === 'string') return { kind: 'string', at, value };
  if (typeof value === 'number') return { kind: 'number', at, text: JSON.stringify(value) };
  return { kind: 'word', at, text: value === true ? 'true' : value === false ? 'false' : 'null' };
}

function valueAt(detail: unknown, path: Path): unknown {
  let value = detail;
  for (const name of path.slice(1)) value = member(value, String(name));
  return value;
}

function lengthProblems(pattern: EventPattern): SettingProblem[] {
  const { length } = JSON.stringify(pattern);
  return length <= LONGEST_PATTERN
    ? []
    : [
        {
          path: [],
          message: `the event pattern has ${length} characters, the limit of EventBridge is ${LONGEST_PATTERN}: use fewer values, or split it into several - event: triggers`,
        },
      ];
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}…`;
}

/** Of the patterns of a stage's rules those of events: the others have sources of AWS's or of Baton's that are refused here. */
function asTrigger(pattern: unknown): EventTrigger | undefined {
  const found = pattern as EventPattern;
  if (!Array.isArray(member(pattern, 'source')) || sourceProblems(found).length > 0) return undefined;
  // The rule of completion events, which every stage has.
  const isOfStage = /"statementName":\[\{"prefix":"baton:/.test(JSON.stringify(found.detail ?? {}));
  return isOfStage ? undefined : { kind: 'event', pattern: found };
}
