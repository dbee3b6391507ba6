import { describe, expect, it } from 'vitest';

import { readArguments } from '../../cli/arguments.ts';
import { CommandError, EXIT } from '../../cli/exit.ts';
import { verbHelp } from '../../cli/help.ts';
import type { Verb } from '../../cli/verb.ts';

const verb: Verb = {
  name: 'carry',
  summary: '',
  description: '',
  positionals: [
    { name: 'FILE', help: 'what' },
    { name: 'PLACE', optional: true, help: 'where' },
  ],
  options: {
    to: { value: 'PREFIX', help: '' },
    param: { value: 'NAME=VALUE', many: true, help: '' },
    'no-wait': { help: '' },
    limit: { value: 'N', help: '' },
  },
  examples: [],
  run: () => Promise.resolve(EXIT.done),
};

function refusal(words: string[]): { message: string; hint: string | undefined; code: number } {
  try {
    readArguments(verb, words);
  } catch (error) {
    if (error instanceof CommandError) return { message: error.message, hint: error.hint, code: error.code };
  }
  throw new Error('was not refused');
}

describe('the arguments of a verb', () => {
  it('are parsed with the options in any position', () => {
    const args = readArguments(verb, ['--to', 'in/', 'a.csv', '--no-wait', '--stage=prod', 'there']);
    expect(args.text('to')).toBe('in/');
    expect(args.required('FILE')).toBe('a.csv');
    expect(args.positional('PLACE')).toBe('there');
    expect(args.flag('no-wait')).toBe(true);
    expect(args.text('stage')).toBe('prod');
  });

  it('keep the last value of an option given twice, and all values of a repeatable option', () => {
    const args = readArguments(verb, ['f', '--to', 'a', '--to', 'b', '--param', 'x=1', '--param=y=2=3']);
    expect(args.text('to')).toBe('b');
    expect(args.pairs('param')).toEqual({ x: '1', y: '2=3' });
  });

  it('pass anything after -- as positionals', () => {
    expect(readArguments(verb, ['--', '--to']).required('FILE')).toBe('--to');
  });

  it('are as many words as are given where the last may stand for several', () => {
    const many = { ...verb, positionals: [{ name: 'NAME', optional: true, many: true, help: '' }] } as const;
    expect(readArguments(many, ['a', '--no-wait', 'b', 'c']).positionals('NAME')).toEqual(['a', 'b', 'c']);
    expect(readArguments(many, []).positionals('NAME')).toEqual([]);
    expect(verbHelp(many)).toMatch(/^usage: baton carry \[NAME \.\.\.\] /);
  });

  it('are refused with the nearest known option for an unknown one', () => {
    expect(refusal(['f', '--no-wiat'])).toEqual({
      message: 'unknown option --no-wiat',
      hint: 'did you mean --no-wait?',
      code: 2,
    });
    expect(refusal(['f', '-x']).message).toBe('unknown option -x');
  });

  it('are refused if an option lacks its value, or if a flag is given one', () => {
    expect(refusal(['f', '--to']).message).toBe('--to needs a value: --to PREFIX');
    expect(refusal(['f', '--to', '--json']).message).toBe('--to needs a value: --to PREFIX');
    expect(refusal(['f', '--no-wait=yes']).message).toBe('--no-wait takes no value');
  });

  it('are refused if a positional is missing, or if there are too many', () => {
    expect(refusal([]).message).toBe('FILE is missing: what');
    expect(refusal(['a', 'b', 'c']).message).toBe('unexpected argument c');
  });

  it('need no positional with --help', () => {
    expect(readArguments(verb, ['--help']).flag('help')).toBe(true);
    expect(readArguments(verb, ['-h']).flag('help')).toBe(true);
  });

  it('are checked for numbers, allowed values and pairs', () => {
    const args = readArguments(verb, ['f', '--limit', '12', '--to', 'failed', '--param', '=1']);
    expect(args.integer('limit', { min: 1, max: 100 })).toBe(12);
    expect(() => args.integer('limit', { min: 20, max: 100 })).toThrow(
      '--limit 12: must be a whole number from 20 to 100',
    );
    expect(() => readArguments(verb, ['f', '--limit', '1e3']).integer('limit', { min: 1, max: 9 })).toThrow(
      'whole number',
    );
    expect(args.choice('to', ['FAILED', 'RUNNING'])).toBe('FAILED');
    expect(() => args.choice('to', ['A', 'B'])).toThrow('must be one of A, B');
    expect(() => args.pairs('param')).toThrow('--param =1: must be NAME=VALUE');
  });
});
