/** A line's own members are never those of a field: people and queries find lines by them. */
import process from 'node:process';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { log } from '../../shared/middleware/log.ts';

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
  function: 'baton-dev-sweep',
};

describe('a log line', () => {
  test('has its own members and the given fields', () => {
    expect(lineOf({ run: 'stores-1', rows: 3, last: undefined })).toEqual({
      ...own,
      run: 'stores-1',
      rows: 3,
    });
  });

  test.each([...Object.keys(own), 'time', '_aws', 'toJSON'])(
    'keeps a field named %s with another name',
    (name) => {
      expect(lineOf({ [name]: 'of the field' })).toEqual({ ...own, [`field_${name}`]: 'of the field' });
    },
  );

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
