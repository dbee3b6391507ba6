import { expect, test } from 'vitest';

import { isSame, readExamples } from './examples.ts';

const PAGE = `
# A page

\`\`\`
select a, b from t order by a;
\`\`\`

The result:

\`\`\`
 a |  b
---+-----
 1 | x
 2 |
(2 rows)
\`\`\`

\`\`\`
create table t (a int);
insert into t values (1); select a
from t;

 a
---
 1
\`\`\`

\`\`\`
aws s3 ls
\`\`\`
`;

test('examples are read in order, each with the result that is printed below it', () => {
  expect(readExamples(PAGE)).toEqual([
    {
      sql: 'select a, b from t order by a',
      rows: [
        ['1', 'x'],
        ['2', ''],
      ],
    },
    { sql: 'create table t (a int)' },
    { sql: 'insert into t values (1)' },
    { sql: 'select a\nfrom t', rows: [['1']] },
  ]);
});

test.each([
  [[['1', 'x']], [['1', 'x']], true],
  [[['1.50', 't', '']], [['1.5', 'true', null]], true],
  [[['2001-01-01']], [['2001-01-01 00:00:00']], false],
  [[['2001-01-01 00:00:00+00']], [['2001-01-01 00:00:00']], true],
  [[['1'], ['2']], [['2'], ['1']], true],
  [[['1']], [['1'], ['2']], false],
  [[['1']], [['2']], false],
])('%j is compared with %j', (printed, here, same) => {
  expect(isSame(printed, here, false)).toBe(same);
});

test('an ORDER BY makes the order count', () => {
  expect(isSame([['1'], ['2']], [['2'], ['1']], true)).toBe(false);
});
