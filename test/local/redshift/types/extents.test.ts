import type { Node } from 'libpg-query';
import { beforeAll, expect, test } from 'vitest';

import { translate } from '../../../../local/redshift/dialect/translate.ts';
import { loadParser, parseTree } from '../../../../local/redshift/tree/parse.ts';
import { Extents, NoExtentError } from '../../../../local/redshift/types/extents.ts';
import { DATES, NUMBERS, STRINGS } from '../dialect/cases/functions.ts';
import { QUERIES } from '../dialect/cases/queries.ts';

beforeAll(loadParser);

const EXPRESSIONS = new Set([
  'A_Expr',
  'BoolExpr',
  'NullTest',
  'BooleanTest',
  'FuncCall',
  'TypeCast',
  'CaseExpr',
  'CoalesceExpr',
  'MinMaxExpr',
  'SubLink',
  'A_Const',
  'ColumnRef',
  'SQLValueFunction',
]);

/** Select items, conditions and everything in them. */
function expressionsIn(value: unknown, found: Node[] = []): Node[] {
  if (typeof value !== 'object' || value === null) return found;
  // Precision and length of a type, and words that grammar makes constants of, have no text of their own.
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'typeName') continue;
    if (EXPRESSIONS.has(key)) found.push({ [key]: inner } as unknown as Node);
    expressionsIn(inner, found);
  }
  return found;
}

function withoutPlaces(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      key === 'location' || key === 'rexpr_list_start' || key === 'rexpr_list_end' ? undefined : inner,
    ),
  );
}

/** NOT IN holds `= ANY` without its NOT; SIMILAR TO holds a call that stands nowhere; EXTRACT makes a string of a word. */
const WITHOUT_TEXT = /similar_to_escape|like_escape|"ANY_SUBLINK"|AEXPR_NOT|A_Star/;

const MORE = [
  "select a/-1.5, - (b), (a) + (b * 2), date '2020-01-01' - 1, x::varchar(3), cast(b as int) from t",
  'select a from t where a not in (1, 2) and b between 1 and (2) and exists (select 1) and x is not true and y isnull',
  "select sum(a) over (partition by b order by c rows unbounded preceding), case when a = 1 then 'é' else 'ü' end || 'ß'",
  "select interval '30' day + ts, ts::timestamp with time zone, d::double precision, e::character varying(5) || 'x'",
  "select listagg(a, ',') within group (order by a / b), nullif(a, b), coalesce(a, (b)), greatest(1, 2) from s.t",
];

test('the text of an expression, cut out, is that expression', () => {
  const cases = [...DATES, ...STRINGS, ...NUMBERS, ...QUERIES].map(([sql]) => sql);
  let compared = 0;
  for (const statement of [...cases, ...MORE]) {
    const translated = translate(statement);
    const [sql = ''] = translated.kind === 'sql' ? translated.statements : [];
    const extents = new Extents(sql);
    for (const node of expressionsIn(parseTree(sql))) {
      if (WITHOUT_TEXT.test(JSON.stringify(node))) continue;
      let extent;
      try {
        extent = extents.of(node);
      } catch (error) {
        if (error instanceof NoExtentError) continue;
        throw error;
      }
      const text = Buffer.from(sql).toString('utf8', extent.start, extent.end);
      const again = expressionsIn(parseTree(`select ${text}`));
      expect({ text, tree: withoutPlaces(again[0]) }).toEqual({ text, tree: withoutPlaces(node) });
      compared += 1;
    }
  }
  expect(compared).toBeGreaterThan(1300);
});
