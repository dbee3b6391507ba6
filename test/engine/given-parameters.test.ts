import { describe, expect, it } from 'vitest';

import { unsuitableParameters } from '../../shared/engine/given-parameters.ts';
import { checkParameters } from '../../shared/pipeline/parameters.ts';
import type { ParameterType } from '../../shared/pipeline/plan.ts';

const VALUES = [
  '',
  'text',
  "l'été \\",
  'a\0b',
  'a\nb',
  '7',
  '+7',
  '-.5e3',
  '7,5',
  'true',
  'TRUE',
  '2026-01-31',
  '2026-1-31',
  '2026-01-31 23:59',
  '2026-01-31T23:59:00.123456',
  '2026-01-31 23:59:00Z',
  '2026-01-31T23:59:00+01:00',
  '2026-01-31 23:59:00 +0100',
  '2026-01-31 23:59:00 CET',
];

const TYPES: readonly ParameterType[] = ['string', 'number', 'boolean', 'date', 'timestamp'];

describe('a parameter value given at start', () => {
  it.each(TYPES)('of type %s is valid exactly if it is valid as a default', (type) => {
    for (const value of VALUES) {
      const { problems } = checkParameters({ day: { type, default: value } });
      const asDefault = problems.length === 0;
      const given = unsuitableParameters([{ name: 'day', type }], { day: value });
      expect([value, given === undefined]).toEqual([value, asDefault]);
    }
  });

  it('may be a timestamp with a zone', () => {
    const declared = [{ name: 'until', type: 'timestamp' as const }];
    expect(unsuitableParameters(declared, { until: '2026-01-31T23:59:00+01:00' })).toBeUndefined();
    expect(unsuitableParameters(declared, { until: 'soon' })).toBe(
      'parameter until must be a timestamp like 2026-01-31 23:59:00; it is "soon"',
    );
  });
});
