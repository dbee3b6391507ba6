import { describe, expect, it } from 'vitest';

import { readArguments } from '../../cli/arguments.ts';
import { parseDuration } from '../../cli/local/duration.ts';
import { faultRequest } from '../../cli/local/fault-request.ts';
import { fault } from '../../cli/verbs/local.ts';

const requestOf = (...words: string[]): Record<string, unknown> =>
  faultRequest(words[0] ?? '', readArguments(fault, words));

describe('a fault given on the command line', () => {
  it.each<[string, Record<string, unknown>]>([
    ['drop', { target: 'event', match: {}, effect: { kind: 'drop' }, count: 1 }],
    [
      'drop --source aws.redshift-data --times always',
      { target: 'event', match: { source: 'aws.redshift-data' }, effect: { kind: 'drop' } },
    ],
    [
      'delay --by 10s --to baton-local-run-step --times 3',
      {
        target: 'event',
        match: { target: 'baton-local-run-step' },
        effect: { kind: 'delay', ms: 10_000 },
        count: 3,
      },
    ],
    [
      'duplicate --copies 5',
      { target: 'event', match: {}, effect: { kind: 'duplicate', copies: 4 }, count: 1 },
    ],
    ['fail', { target: 'call', how: 'error' }],
    [
      'fail --service dynamodb --operation GetItem --after --skip 2 --error Oops',
      {
        target: 'call',
        how: 'error',
        when: 'after',
        service: 'dynamodb',
        operation: 'GetItem',
        skip: 2,
        errorType: 'Oops',
      },
    ],
    ['reset --caller me', { target: 'call', how: 'reset', caller: 'me' }],
    [
      'session-ends-during --statement baton:local:*:*:3:*',
      { target: 'call', how: 'session-ends-during', statement: 'baton:local:*:*:3:*' },
    ],
    [
      'kill --caller baton-local-run-step --after --skip 3',
      { target: 'call', how: 'kill', caller: 'baton-local-run-step', when: 'after', skip: 3 },
    ],
    ['throttle --times always', { target: 'call', how: 'throttle', times: null }],
    ['slow --by 50ms --probability 0.5', { target: 'call', how: 'none', delayMs: 50, probability: 0.5 }],
  ])('%s', (words, request) => {
    expect(requestOf(...words.split(' '))).toEqual(request);
  });

  it.each([
    ['dorp', 'unknown fault dorp'],
    ['slow', 'slow needs --by'],
    ['delay', 'delay needs --by'],
    ['drop --service s3', '--service does not apply to event faults'],
    ['fail --source x', '--source does not apply to call faults'],
    ['statement-fails --after', '--after does not apply to statements (statement-fails)'],
    ['fail --probability 2', 'must be a number from 0 to 1'],
    ['fail --times never', 'must be a whole number'],
  ])('%s is refused', (words, message) => {
    expect(() => requestOf(...words.split(' '))).toThrow(message);
  });
});

describe('a duration on the command line', () => {
  it('is parsed to milliseconds', () => {
    expect(['500ms', '90s', '10m', '2h', '1d'].map((text) => parseDuration(text, 'D'))).toEqual([
      500, 90_000, 600_000, 7_200_000, 86_400_000,
    ]);
  });

  it.each(['', '10', 's', '1.5h', '-1h', '2 h'])('is refused: %j', (text) => {
    expect(() => parseDuration(text, 'D')).toThrow('must be a duration such as 90s');
  });
});
