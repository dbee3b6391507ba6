import { describe, expect, it } from 'vitest';

import { CommandError } from '../../cli/exit.ts';
import { destinationOf, pipelinesFor } from '../../cli/drop/key-of.ts';

const plans = [
  {
    pipeline: 'product_dimension',
    triggers: [{ kind: 's3' as const, prefix: 'products/', suffix: '.csv' }],
  },
  { pipeline: 'audit', triggers: [{ kind: 's3' as const, prefix: '', suffix: '.csv' }] },
  { pipeline: 'elsewhere', triggers: [{ kind: 's3' as const, bucket: 'other', prefix: 'x/', suffix: '' }] },
  { pipeline: 'stores', triggers: [{ kind: 's3' as const, prefix: 'stores/', suffix: '.txt' }] },
];
const landing = 'baton-local-landing';

describe('the key of a dropped file', () => {
  it('matches prefix and suffix of every pipeline that it starts', () => {
    expect(pipelinesFor('products/a.csv', plans, landing)).toEqual(['product_dimension', 'audit']);
    expect(pipelinesFor('x/a', plans, landing)).toEqual([]);
    expect(pipelinesFor('x/a', plans, 'other')).toEqual(['elsewhere']);
  });

  it('has the given prefix, with or without its slash', () => {
    expect(destinationOf('a.csv', 'products/', plans, landing).key).toBe('products/a.csv');
    expect(destinationOf('a.csv', '/products', plans, landing).key).toBe('products/a.csv');
  });

  it('has the only prefix that would start a run if none is given', () => {
    expect(destinationOf('a.txt', undefined, plans, landing)).toEqual({
      key: 'stores/a.txt',
      pipelines: ['stores'],
    });
    expect(() => destinationOf('a.csv', undefined, plans, landing)).toThrow('choose one with --to PREFIX');
  });

  it('starts no run as part of a folder, which its marker file starts', () => {
    const folder = {
      pipeline: 'job',
      triggers: [{ kind: 's3' as const, prefix: 'job/', suffix: '', marker: '_SUCCESS' }],
    };
    expect(destinationOf('part-0.csv', 'job/day1/', [folder], landing)).toEqual({
      key: 'job/day1/part-0.csv',
      pipelines: [],
      marker: '_SUCCESS',
    });
    expect(destinationOf('_SUCCESS', 'job/day1/', [folder], landing)).toEqual({
      key: 'job/day1/_SUCCESS',
      pipelines: ['job'],
    });
    expect(() => destinationOf('part-0.csv', 'other/', [folder], landing)).toThrow(
      'no pipeline starts for other/',
    );
    expect(() => destinationOf('part-0.csv', undefined, [folder], landing)).toThrow('no pipeline starts');
  });

  it('is refused with the list of prefixes if no run would start', () => {
    let error: unknown;
    try {
      destinationOf('a.json', 'product', plans, landing);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(CommandError);
    const { code, message, hint } = error as CommandError;
    expect(code).toBe(2);
    expect(message).toBe('no pipeline starts for product/a.json');
    expect(hint).toContain('products/  *.csv  product_dimension');
    expect(hint).toContain('stores/  *.txt  stores');
    expect(hint).not.toContain('elsewhere');
  });
});
