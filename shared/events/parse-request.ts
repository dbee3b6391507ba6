/** A request to `operate`: by invocation, or by an event with source `baton.request`. */
import { asObject, at, expected, optionalText, RefusedInputError, text } from './read.ts';
import type { JsonObject } from './read.ts';
import type { CheckRequest, OperateRequest } from './requests.ts';

const VERBS: ReadonlyMap<string, OperateRequest['verb']> = new Map([
  ['Resume Requested', 'resume'],
  ['Cancel Requested', 'cancel'],
  ['Resolve Requested', 'resolve'],
  ['Run Requested', 'start'],
]);

/**
 * @throws RefusedInputError for anything that is not a request, or a replayed one: operator commands are never replayed.
 */
export function parseRequest(value: unknown): OperateRequest | CheckRequest {
  const root = asObject(value, 'the request');
  if (at(root, 'detail-type') === undefined) return parseBody(root, text(root, 'verb'));
  if (optionalText(root, 'replay-name') !== undefined)
    throw new RefusedInputError('a replayed request is not carried out again');
  const type = text(root, 'detail-type');
  const verb = text(root, 'source') === 'baton.request' ? VERBS.get(type) : undefined;
  if (verb === undefined)
    throw new RefusedInputError(`"${type}" is not a request; known are ${[...VERBS.keys()].join(', ')}`);
  return parseBody(asObject(at(root, 'detail'), 'detail'), verb);
}

function parseBody(body: JsonObject, verb: string): OperateRequest | CheckRequest {
  const reason = optionalText(body, 'reason');
  const common = {
    requestId: text(body, 'requestId'),
    actor: optionalText(body, 'actor') ?? 'unknown',
    ...(reason === undefined ? {} : { reason }),
  };
  if (verb === 'resume') {
    const from = optionalText(body, 'from');
    return { verb, ...common, runId: text(body, 'runId'), ...(from === undefined ? {} : { from }) };
  }
  if (verb === 'resolve') {
    const verdict = text(body, 'verdict');
    if (verdict !== 'applied' && verdict !== 'not-applied' && verdict !== 'abandon') {
      throw expected('verdict', 'applied, not-applied or abandon', verdict);
    }
    return { verb, ...common, runId: text(body, 'runId'), verdict };
  }
  if (verb === 'check') return { verb, requestId: common.requestId, actor: common.actor };
  if (verb === 'cancel') return { verb, ...common, runId: text(body, 'runId') };
  if (verb === 'start') {
    const file = optionalText(body, 'file');
    const parameters = at(body, 'parameters');
    return {
      verb,
      ...common,
      pipeline: text(body, 'pipeline'),
      ...(file === undefined ? {} : { file }),
      ...(parameters === undefined ? {} : { parameters: texts(asObject(parameters, 'parameters')) }),
    };
  }
  throw new RefusedInputError(`verb must be start, resume, cancel, resolve or check; it is "${verb}"`);
}

function texts(object: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => {
      if (typeof value !== 'string') throw expected(`parameters.${name}`, 'a text', value);
      return [name, value];
    }),
  );
}
