import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { versionsAfter } from '../../cli/demo/expected.ts';
import { factLine } from '../../cli/demo/facts.ts';
import { firstExtract, nextExtract, price, toCsv } from '../../cli/demo/products.ts';

const first = firstExtract(5000);
const second = nextExtract(first, 2, { changed: 150, added: 120 });
const third = nextExtract(second, 3, { changed: 100, added: 80 });

describe('the extracts of the demo', () => {
  it('are the same on every machine', () => {
    const hash = createHash('sha256').update(toCsv(third.products)).digest('hex');
    expect(toCsv(firstExtract(5000).products)).toBe(toCsv(first.products));
    expect(hash).toBe('1cf247c783eb01edcdb08eab94576fa3a67ed0a4e8a2aac5775d7f357f192588');
  });

  it('have as many changed and new products as reported', () => {
    const changed = second.products.filter(
      (product, i) => first.products[i] !== undefined && product !== first.products[i],
    );
    expect(changed).toHaveLength(150);
    expect(second.products).toHaveLength(5120);
    expect(third.products).toHaveLength(5200);
    expect(new Set(third.products.map((product) => product.id)).size).toBe(5200);
  });

  it('contain values that break a careless loader', () => {
    const text = toCsv(first.products);
    for (const mark of ["O'Hara", 'Smith, Sons', '東京', '""Best""', String.raw`A\B`]) {
      expect(text).toContain(mark);
    }
    expect(text.startsWith('product_id,name,category,price\n')).toBe(true);
    expect(price(100)).toBe('1.00');
    expect(price(12_305)).toBe('123.05');
  });
});

describe('the expected dimension', () => {
  it('has every version, and one current version of each product', () => {
    const versions = versionsAfter([first, second, third]);
    expect(versions).toHaveLength(5000 + 150 + 120 + 100 + 80);
    expect(versions.filter((version) => version.isCurrent)).toHaveLength(5200);
    expect(versionsAfter([first, first])).toHaveLength(5000);
  });
});

describe('the line of a demo check', () => {
  it('fits 80 columns, whatever the value', () => {
    const fact = { act: '', fact: 'every row of the dimension is correct', ok: true, ms: 8300 };
    expect(factLine({ ...fact, seen: '5,270 rows, 5,120 current' })).toBe(
      '  ok   every row of the dimension is correct   5,270 rows, 5,120 current   8.3 s',
    );
    expect(factLine({ ...fact, seen: 'y'.repeat(200) })).toHaveLength(80);
    expect(factLine({ act: '', fact: 'x', ok: false, seen: 'y'.repeat(200) })).toHaveLength(80);
  });
});
