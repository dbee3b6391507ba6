/** A line's own members are never those of a field: people and queries find lines by them. */
import process from 'node:process';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { beginInvocation, log } from '../../shared/middleware/log.ts';

let written: string[];

beforeEach(() => {
  written = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function lineOf(fields: Record<string, unknown>): Record<string, unknown> {
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'baton-dev-sweep');
  log('warn', 'what happened', fields);
  expect(written).toHaveLength(1);
  const [text = ''] = written;
  expect(text.endsWith('\n')).toBe(true);
  return JSON.parse(text) as Record<string, unknown>;
}

const own = {
  level: 'WARN',
  message: 'what happened',
  timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
  service: 'baton',
  function_name: 'baton-dev-sweep',
};

describe('a log line', () => {
  test('has its own members and the given fields', () => {
    expect(lineOf({ run: 'stores-1', rows: 3, last: undefined })).toEqual({
      ...own,
      run: 'stores-1',
      rows: 3,
    });
  });

  test.each([
    ...Object.keys(own),
    'cold_start',
    'function_request_id',
    'xray_trace_id',
    'time',
    '_aws',
    'toJSON',
  ])('keeps a field named %s with another name', (name) => {
    expect(lineOf({ [name]: 'of the field' })).toEqual({ ...own, [`field_${name}`]: 'of the field' });
  });

  test('keeps its own members despite a field without a value', () => {
    expect(lineOf(Object.fromEntries(Object.keys(own).map((name) => [name, undefined])))).toEqual(own);
  });

  test('is not replaced by a field named toJSON', () => {
    expect(lineOf({ toJSON: () => 'nothing of the line', run: 'r' })).toEqual({ ...own, run: 'r' });
  });

  test('keeps a field whose name a renamed field would take', () => {
    const fields = { message: 'a', field_message: 'b', field_field_message: 'c' };
    expect(lineOf(fields)).toEqual({
      ...own,
      field_message: 'b',
      field_field_message: 'c',
      field_field_field_message: 'a',
    });
  });
});

describe('an error on a log line', () => {
  const shown = (error: unknown): unknown => lineOf({ error })['error'];

  test('has its name, message, stack and cause', () => {
    class FolderError extends Error {
      override name = 'FolderError';
    }
    const error = new FolderError('no folder', { cause: new TypeError('no text') });
    expect(shown(error)).toEqual({
      name: 'FolderError',
      message: 'no folder',
      stack: expect.stringContaining('log.test.ts'),
      cause: { name: 'TypeError', message: 'no text', stack: expect.any(String) },
    });
  });

  test('is an object with a message if it is only text', () => {
    expect(shown('relation "x" does not exist')).toEqual({ message: 'relation "x" does not exist' });
  });

  test('ends although it causes itself', () => {
    const error = new Error('a circle');
    error.cause = error;
    expect(JSON.stringify(shown(error)).match(/a circle"/g)).toHaveLength(4);
  });

  test.each([undefined, null])('is left out if there is none: %s', (none) => {
    expect(lineOf({ error: none })).toEqual(own);
  });
});

describe('the lines of an invocation', () => {
  test('name its request and its trace; the first invocation is a cold start', () => {
    const trace = '1-6926f8f0-4f2b1c3d5e6f708192a3b4c5';
    vi.stubEnv('_X_AMZN_TRACE_ID', `Root=${trace};Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a87bd80c:0`);
    beginInvocation('first');
    log('info', 'a', {});
    log('info', 'b', {});
    beginInvocation('second');
    log('info', 'c', {});
    const lines = written.map((text) => JSON.parse(text) as Record<string, unknown>);
    const of = { xray_trace_id: trace, service: 'baton' };
    expect(lines).toMatchObject([
      { ...of, message: 'a', function_request_id: 'first', cold_start: true },
      { ...of, message: 'b', function_request_id: 'first', cold_start: true },
      { ...of, message: 'c', function_request_id: 'second', cold_start: false },
    ]);
  });
});
