/** A request to `operate`: by invocation, or by an event with source `baton.request`. */
import { MOST_PARAMETER_BYTES } from '../pipeline/rendered-size.ts';
import { defined } from '../run/defined.ts';
import {
  asObject,
  at,
  expected,
  instant,
  LONGEST_NAME,
  optionalText,
  RefusedInputError,
  storable,
  text,
  wholeNumber,
} from './read.ts';
import type { JsonObject } from './read.ts';
import type {
  AnyRequest,
  BackfillRequest,
  OperateRequest,
  PauseRequest,
  ProbePart,
  QueryRequest,
  StartDueRequest,
} from './requests.ts';

/** In bytes. A bucket's name has 63 characters, a key 1,024 bytes (S3 user guide). */
const LONGEST_URI = 1_100;
const LONGEST_REASON = 1_000;
/** What every endpoint of the Data API accepts, in bytes. */
const LONGEST_SQL = 100_000;
/** Of the result of a query in the session of a run. */
const MOST_ROWS = 1_000;

const VERBS: ReadonlyMap<string, (OperateRequest | PauseRequest)['verb']> = new Map([
  ['Resume Requested', 'resume'],
  ['Cancel Requested', 'cancel'],
  ['Resolve Requested', 'resolve'],
  ['Run Requested', 'start'],
  ['Pause Requested', 'pause'],
  ['Unpause Requested', 'unpause'],
]);

/**
 * @throws RefusedInputError for anything that is not a request, or a replayed one: operator commands are never replayed.
 */
export function parseRequest(value: unknown): AnyRequest {
  const root = asObject(value, 'the request');
  if (at(root, 'detail-type') === undefined) return parseBody(root, text(root, 'verb'));
  if (optionalText(root, 'replay-name') !== undefined)
    throw new RefusedInputError('replayed requests are ignored');
  const type = text(root, 'detail-type');
  const verb = text(root, 'source') === 'baton.request' ? VERBS.get(type) : undefined;
  if (verb === undefined)
    throw new RefusedInputError(
      `"${type}" is not a request; known requests: ${[...VERBS.keys()].join(', ')}`,
    );
  return parseBody(asObject(at(root, 'detail'), 'detail'), verb);
}

function parseBody(body: JsonObject, verb: string): AnyRequest {
  const reason = optionalText(body, 'reason', LONGEST_REASON);
  const common = {
    requestId: text(body, 'requestId', LONGEST_NAME),
    actor: optionalText(body, 'actor', LONGEST_NAME) ?? 'unknown',
    ...defined({ reason }),
  };
  if (verb === 'resume') {
    const from = optionalText(body, 'from', LONGEST_NAME);
    const without = at(body, 'without');
    return {
      verb,
      ...common,
      runId: text(body, 'runId', LONGEST_NAME),
      ...defined({
        from,
        until: optionalText(body, 'until', LONGEST_NAME),
        without: without === undefined ? undefined : keys(without),
      }),
    };
  }
  if (verb === 'resolve') {
    const verdict = text(body, 'verdict');
    if (verdict !== 'applied' && verdict !== 'not-applied' && verdict !== 'abandon') {
      throw expected('verdict', 'applied, not-applied or abandon', verdict);
    }
    return { verb, ...common, runId: text(body, 'runId', LONGEST_NAME), verdict };
  }
  if (verb === 'check') return { verb, requestId: common.requestId, actor: common.actor };
  if (verb === 'probe')
    return { verb, requestId: common.requestId, actor: common.actor, part: probePart(text(body, 'part')) };
  if (verb === 'cancel') return { verb, ...common, runId: text(body, 'runId', LONGEST_NAME) };
  if (verb === 'pause' || verb === 'unpause')
    return { verb, ...common, pipeline: text(body, 'pipeline', LONGEST_NAME) };
  if (verb === 'start') {
    const file = optionalText(body, 'file', LONGEST_URI);
    const parameters = at(body, 'parameters');
    return {
      verb,
      ...common,
      pipeline: text(body, 'pipeline', LONGEST_NAME),
      ...defined({ file, until: optionalText(body, 'until', LONGEST_NAME) }),
      ...(parameters === undefined ? {} : { parameters: texts(asObject(parameters, 'parameters')) }),
    };
  }
  if (verb === 'backfill') return parseBackfill(body, common);
  if (verb === 'start-due') return parseStartDue(body, common);
  if (verb === 'query') return parseQuery(body, common);
  throw new RefusedInputError(
    `verb must be start, resume, cancel, resolve, pause, unpause, check, probe, backfill, start-due or query; it is "${verb}"`,
  );
}

const PARTS: readonly ProbePart[] = ['hand-over', 'busy', 'failures', 'sessions'];

function probePart(value: string): ProbePart {
  const part = PARTS.find((each) => each === value);
  if (part === undefined) throw expected('part', PARTS.join(', '), value);
  return part;
}

/** Files that a person takes out of a batch: the run keeps their names until their runs know it. */
const MOST_KEYS = 25;

function keys(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > MOST_KEYS)
    throw new RefusedInputError(`without: names 1 to ${MOST_KEYS} keys; it names ${list.length}`);
  return list.map((key) => {
    if (typeof key !== 'string' || key === '') throw expected('without', 'the key of a file', key);
    return storable(key, 'without', LONGEST_URI);
  });
}

type Common = Pick<BackfillRequest, 'requestId' | 'actor'>;

function parseBackfill(body: JsonObject, { requestId, actor }: Common): BackfillRequest {
  return {
    verb: 'backfill',
    requestId,
    actor,
    pipeline: text(body, 'pipeline', LONGEST_NAME),
    ...defined({
      prefix: optionalText(body, 'prefix'),
      since: optionalInstant(body, 'since'),
      until: optionalInstant(body, 'until'),
      again: optionalFlag(body, 'again'),
      dryRun: optionalFlag(body, 'dryRun'),
      after: optionalText(body, 'after', LONGEST_URI),
    }),
  };
}

function parseStartDue(body: JsonObject, { requestId, actor }: Common): StartDueRequest {
  return {
    verb: 'start-due',
    requestId,
    actor,
    pipeline: text(body, 'pipeline', LONGEST_NAME),
    from: instant(body, 'from'),
    to: instant(body, 'to'),
    ...defined({ dryRun: optionalFlag(body, 'dryRun') }),
  };
}

function parseQuery(body: JsonObject, { requestId, actor }: Common): QueryRequest {
  const rows = at(body, 'rows') === undefined ? undefined : wholeNumber(body, 'rows');
  if (rows !== undefined && (rows < 1 || rows > MOST_ROWS))
    throw expected('rows', `a whole number from 1 to ${MOST_ROWS}`, rows);
  return {
    verb: 'query',
    requestId,
    actor,
    runId: text(body, 'runId', LONGEST_NAME),
    sql: text(body, 'sql', LONGEST_SQL),
    ...defined({ rows }),
  };
}

function optionalInstant(body: JsonObject, path: string): string | undefined {
  return at(body, path) === undefined ? undefined : instant(body, path);
}

function optionalFlag(body: JsonObject, path: string): boolean | undefined {
  const value = at(body, path);
  if (value === undefined || typeof value === 'boolean') return value;
  throw expected(path, 'true or false', value);
}

function texts(object: JsonObject): Record<string, string> {
  const texts = Object.entries(object).map(([name, value]): [string, string] => {
    if (typeof value !== 'string') throw expected(`parameters.${name}`, 'a string', value);
    return [storable(name, 'a parameter name', LONGEST_NAME), value];
  });
  const bytes = Buffer.byteLength(texts.flat().join(''));
  if (bytes > MOST_PARAMETER_BYTES)
    throw new RefusedInputError(
      `names and values of parameters may have ${MOST_PARAMETER_BYTES} bytes in total; they have ${bytes}: put large values into a table or a file`,
    );
  return Object.fromEntries(
    texts.map(([name, value]) => [name, storable(value, `parameters.${name}`, bytes)]),
  );
}
