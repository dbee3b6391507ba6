import { describe, expect, it } from 'vitest';

import {
  EventFields,
  InvalidEventPatternError,
  Pattern,
} from '../../shared/pipeline/event-pattern/pattern.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

function text(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function matches(pattern: Json, event: Json): boolean {
  return new Pattern(text(pattern)).matches(new EventFields(text(event)));
}

describe('an event pattern of one field', () => {
  // Matchers of the field `f`, events' values of it that fit, and values that do not; undefined: no such field.
  const table: readonly (readonly [Json, readonly (Json | undefined)[], readonly (Json | undefined)[]])[] = [
    [['a'], ['a', ['x', 'a']], ['A', 'aa', '', 1, null, [], {}, undefined]],
    [['a', 'b'], ['a', 'b'], ['c']],
    [[''], [''], ['a', null, undefined]],
    [[null], [null, [1, null]], ['null', '', 0, false, undefined]],
    [[true], [true], [false, 'true', 1]],
    [[false], [false], [true, 'false', null, undefined]],
    [[300], [300], ['300', 301]],
    [[{ exactly: 'a' }], ['a'], ['b']],
    [[{ prefix: 'ab' }], ['ab', 'abc', ['x', 'abc']], ['aB', 'xab', 1]],
    [[{ prefix: '' }], ['', 'abc'], [1, null, undefined]],
    [[{ prefix: { 'equals-ignore-case': 'Ab' } }], ['aBc', 'AB'], ['xab']],
    [[{ suffix: '.csv' }], ['a.csv', '.csv'], ['a.CSV', 'a.csv.gz', 7]],
    [[{ suffix: { 'equals-ignore-case': '.CSV' } }], ['a.csv', 'a.CsV'], ['a.csv ']],
    [[{ 'equals-ignore-case': 'Alice' }], ['alice', 'ALICE'], ['alic', 'alice ']],
    [[{ wildcard: '*.csv' }], ['.csv', 'a/b.csv'], ['a.csv.gz', 'csv']],
    [[{ wildcard: 'a*b*c' }], ['abc', 'aXbYc', 'abbcc'], ['ab', 'acb', 'xabc']],
    [[{ wildcard: 'a*a' }], ['aa', 'aba'], ['a']],
    [[{ wildcard: 'plain' }], ['plain'], ['plain!', '']],
    [[{ wildcard: '*' }], ['', 'x'], [1, undefined]],
    [[{ wildcard: 'a\\*b' }], ['a*b'], ['aXb']],
    [[{ wildcard: 'a\\\\*' }], ['a\\', 'a\\b'], ['a']],
    [[{ wildcard: 'incoming/*/a*.csv' }], ['incoming/x/a1.csv'], ['incoming/a1.csv']],
    [[{ numeric: ['=', 5] }], [5, [1, 5]], [4, '5', null]],
    [[{ numeric: ['>', 0] }], [1, 0.5], [0, -1]],
    [[{ numeric: ['>=', 0] }], [0, 1], [-0.001]],
    [[{ numeric: ['<', 0] }], [-1], [0]],
    [[{ numeric: ['<=', 0] }], [0], [0.1]],
    [[{ numeric: ['>', 0, '<=', 5] }], [1, 5], [0, 6]],
    [[{ numeric: ['>=', -5, '<', 5] }], [-5, 4.999], [5, -5.1]],
    [[{ exists: true }], ['', null, 0, ['x'], [{}, 1]], [undefined, [], {}, { deeper: 1 }]],
    [[{ exists: false }], [undefined, [], {}, { deeper: 1 }], ['', null, 0]],
    [['a', { exists: false }], ['a', undefined], ['b']],
    [[{ 'anything-but': 'a' }], ['b', 'A', 1, null, ['a', 'b']], ['a', ['a'], undefined]],
    [[{ 'anything-but': ['a', 'b'] }], ['c', 5], ['a', 'b', undefined]],
    [[{ 'anything-but': 5 }], [4, '5'], [5, undefined]],
    [[{ 'anything-but': [1, 2] }], [3, 'x'], [1, 2]],
    [[{ 'anything-but': { prefix: 'tmp/' } }], ['data/x', 'TMP/', 1], ['tmp/x', undefined]],
    [[{ 'anything-but': { prefix: ['a', 'b'] } }], ['c'], ['ax', 'bx']],
    [[{ 'anything-but': { suffix: '.bak' } }], ['x.csv'], ['x.bak']],
    [[{ 'anything-but': { suffix: ['.bak', '.tmp'] } }], ['x'], ['x.bak', 'x.tmp']],
    [[{ 'anything-but': { 'equals-ignore-case': 'No' } }], ['yes'], ['no', 'NO']],
    [[{ 'anything-but': { 'equals-ignore-case': ['a', 'b'] } }], ['c'], ['A', 'B']],
    [[{ 'anything-but': { wildcard: 'a*z' } }], ['ab'], ['az', 'a-z']],
    [[{ 'anything-but': { wildcard: ['a*', '*z'] } }], ['b'], ['ab', 'bz']],
    [[{ cidr: '10.0.0.0/24' }], ['10.0.0.0', '10.0.0.255'], ['10.0.1.0', '9.255.255.255', 'host', 10]],
    [[{ cidr: '10.1.2.3/0' }], ['255.255.255.255'], ['::1']],
    [[{ cidr: '192.168.7.9/31' }], ['192.168.7.8', '192.168.7.9'], ['192.168.7.10']],
    [[{ cidr: '2001:db8::/32' }], ['2001:db8:ffff::1', '2001:0DB8::'], ['2001:db9::', '10.0.0.1']],
    [[{ cidr: '::ffff:1.2.3.4/120' }], ['::ffff:1.2.3.255', '::ffff:102:304'], ['::ffff:1.2.4.1']],
    [
      [{ prefix: 'a' }, { suffix: 'z' }, 7],
      ['ab', 'yz', 7],
      ['ba', 8],
    ],
  ];
  for (const [pattern, fitting, others] of table) {
    const name = JSON.stringify(pattern);
    for (const value of fitting) {
      it(`${name} matches ${JSON.stringify(value) ?? 'no field'}`, () => {
        expect(matches({ f: pattern }, value === undefined ? {} : { f: value })).toBe(true);
      });
    }
    for (const value of others) {
      it(`${name} does not match ${JSON.stringify(value) ?? 'no field'}`, () => {
        expect(matches({ f: pattern }, value === undefined ? {} : { f: value })).toBe(false);
      });
    }
  }
});

describe('an event pattern', () => {
  it('compares numbers by their text', () => {
    expect(matches('{"f":[300]}', '{"f":300.0}')).toBe(false);
    expect(matches('{"f":[300.0]}', '{"f":300.0}')).toBe(true);
    expect(matches('{"f":[3.0e2]}', '{"f":300}')).toBe(false);
    expect(matches('{"f":[{"numeric":["=",3.0e2]}]}', '{"f":300}')).toBe(true);
    expect(matches('{"f":[123456789012345678901]}', '{"f":123456789012345678901}')).toBe(true);
    expect(matches('{"f":[123456789012345678901]}', '{"f":123456789012345678900}')).toBe(false);
  });

  it('needs all of its fields', () => {
    const pattern = { source: ['s'], detail: { a: ['1'], b: { c: ['2'] } } };
    expect(matches(pattern, { source: 's', detail: { a: '1', b: { c: '2' }, more: 3 } })).toBe(true);
    expect(matches(pattern, { source: 's', detail: { a: '1' } })).toBe(false);
    expect(matches(pattern, { source: 't', detail: { a: '1', b: { c: '2' } } })).toBe(false);
  });

  it('uses the last of a repeated name, in pattern and event', () => {
    expect(matches('{"f":["a"],"f":["b"]}', '{"f":"b"}')).toBe(true);
    expect(matches('{"f":["a"],"f":["b"]}', '{"f":"a"}')).toBe(false);
    expect(matches('{"f":["a"]}', '{"f":"a","f":"b"}')).toBe(false);
  });

  it('treats dots in names as nesting', () => {
    expect(matches({ 'a.b': ['x'] }, { a: { b: 'x' } })).toBe(true);
    expect(matches({ a: { b: ['x'] } }, { 'a.b': 'x' })).toBe(true);
  });

  it('finds two fields only in one element of an array', () => {
    const pattern = { d: { a: ['1'], b: ['2'] } };
    expect(matches(pattern, { d: [{ a: '1', b: '2' }] })).toBe(true);
    expect(matches(pattern, { d: [{ a: '1' }, { b: '2' }] })).toBe(false);
    expect(matches(pattern, { d: [{ a: '1' }, { b: '2' }, { a: '1', b: '2' }] })).toBe(true);
    expect(
      matches({ d: { e: { a: ['1'] }, f: { b: ['2'] } } }, { d: [{ e: [{ a: '1' }], f: [{ b: '2' }] }] }),
    ).toBe(true);
    expect(
      matches({ d: { e: { a: ['1'], b: ['2'] } } }, { d: [{ e: [{ a: '1' }] }, { e: [{ b: '2' }] }] }),
    ).toBe(false);
  });

  it('looks into arrays of arrays and mixed ones', () => {
    expect(matches({ d: ['x'] }, { d: [['y', ['x']]] })).toBe(true);
    expect(matches({ d: { a: ['1'] } }, { d: ['x', { a: '1' }] })).toBe(true);
    expect(matches({ d: { a: ['1', '2'], b: ['z'] } }, { d: { a: ['2', '3'], b: ['z'] } })).toBe(true);
  });

  it('checks the absence of a field in the chosen element', () => {
    const pattern = { d: { a: ['1'], b: [{ exists: false }] } };
    expect(matches(pattern, { d: [{ a: '1' }, { b: '2' }] })).toBe(true);
    expect(matches(pattern, { d: [{ a: '1', b: '2' }] })).toBe(false);
    expect(matches({ d: { b: [{ exists: false }] } }, { d: [{ a: '1' }, { b: '2' }] })).toBe(false);
  });

  it('supports $or, with other fields and nested', () => {
    const pattern = { source: ['s'], detail: { $or: [{ a: ['1'] }, { b: ['2'], c: ['3'] }] } };
    expect(matches(pattern, { source: 's', detail: { a: '1' } })).toBe(true);
    expect(matches(pattern, { source: 's', detail: { b: '2', c: '3' } })).toBe(true);
    expect(matches(pattern, { source: 's', detail: { b: '2' } })).toBe(false);
    expect(matches(pattern, { source: 't', detail: { a: '1' } })).toBe(false);
    const nested = {
      $or: [{ x: ['1'] }, { y: { $or: [{ a: ['1'] }, { b: [{ numeric: ['>', 5] }] }] } }],
      z: ['z'],
    };
    expect(matches(nested, { y: { b: 6 }, z: 'z' })).toBe(true);
    expect(matches(nested, { y: { b: 5 }, z: 'z' })).toBe(false);
    expect(matches(nested, { x: '1' })).toBe(false);
    const two = { $or: [{ a: ['1'] }, { b: ['1'] }], d: { $or: [{ e: ['1'] }, { f: ['1'] }] } };
    expect(matches(two, { b: '1', d: { f: '1' } })).toBe(true);
    expect(matches(two, { b: '1', d: {} })).toBe(false);
  });

  it('has 1,000 combinations at most', () => {
    const ten = (name: string): Json =>
      Array.from({ length: 10 }, (_, index) => ({ [name]: [String(index)] }));
    const deep = (names: readonly string[]): Json =>
      Object.fromEntries(names.map((name) => [name, { $or: ten('v') }]));
    expect(matches(deep(['a', 'b', 'c']), { a: { v: '1' }, b: { v: '2' }, c: { v: '3' } })).toBe(true);
    expect(() => new Pattern(text(deep(['a', 'b', 'c', 'd'])))).toThrow('10000 combinations');
  });
});

describe('an invalid event pattern', () => {
  const table: readonly (readonly [string, string])[] = [
    ['[]', 'Filter is not an object'],
    ['"x"', 'Filter is not an object'],
    ['{}', 'Empty objects are not allowed'],
    ['{"a":{}}', 'Empty objects are not allowed'],
    ['{"a":[]}', 'Empty arrays are not allowed'],
    ['{"a":"x"}', '"a" must be an object or an array'],
    ['{"a":[["x"]]}', 'Match value must be String, number, true, false, or null'],
    ['{"a":[{}]}', 'Match expression name not found'],
    ['{"a":[{"perfix":"x"}]}', 'Unrecognized match type perfix'],
    ['{"a":[{"prefix":"x","suffix":"y"}]}', 'Only one key allowed in match expression'],
    ['{"a":[{"prefix":5}]}', 'prefix match pattern must be a string'],
    ['{"a":[{"prefix":{"wildcard":"x"}}]}', 'Unsupported prefix pattern: wildcard'],
    ['{"a":[{"suffix":null}]}', 'suffix match pattern must be a string'],
    ['{"a":[{"exists":"yes"}]}', 'exists match pattern must be either true or false.'],
    ['{"a":[{"wildcard":"a**b"}]}', 'Consecutive wildcard characters at pos 1'],
    ['{"a":[{"wildcard":"a\\\\b"}]}', 'Invalid escape character at pos 1'],
    ['{"a":[{"equals-ignore-case":[]}]}', 'equals-ignore-case match pattern must be a string'],
    ['{"a":[{"numeric":"x"}]}', 'Value of numeric must be an array.'],
    ['{"a":[{"numeric":["!=",5]}]}', 'Unrecognized numeric range operator: !='],
    ['{"a":[{"numeric":[">","x"]}]}', 'Value of > must be numeric'],
    ['{"a":[{"numeric":[">",5,"<",1]}]}', 'Bottom must be less than top'],
    ['{"a":[{"numeric":[">",5,">",6]}]}', 'Bad numeric range operator: >'],
    ['{"a":[{"numeric":[">",0,"<",5,"<",6]}]}', 'Too many terms in numeric range expression'],
    ['{"a":[{"numeric":["<",5,">",1]}]}', 'Too many elements in numeric expression'],
    ['{"a":[{"numeric":["=",5000000001]}]}', 'Value must be between -5.0E9 and 5.0E9, inclusive'],
    ['{"a":[{"cidr":"10.0.0.0"}]}', "Malformed CIDR, one '/' required"],
    ['{"a":[{"cidr":"10.0.0.0/x"}]}', 'Malformed CIDR, mask bits must be an integer'],
    ['{"a":[{"cidr":"10.0.0.0/32"}]}', 'IPv4 mask bits must be < 32'],
    ['{"a":[{"cidr":"host/8"}]}', 'Nonstandard IP address: host'],
    ['{"a":[{"anything-but":[1,"x"]}]}', 'either all values are number or string'],
    ['{"a":[{"anything-but":[null]}]}', 'start|null|boolean is not supported'],
    ['{"a":[{"anything-but":true}]}', 'must be an array or single string/number value'],
    ['{"a":[{"anything-but":[]}]}', 'mixed type is not supported'],
    ['{"a":[{"anything-but":{"prefix":""}}]}', 'Null prefix/suffix not allowed'],
    ['{"a":[{"anything-but":{"numeric":["=",1]}}]}', 'Unsupported anything-but pattern: numeric'],
    ['{"$or":{"a":["x"]}}', 'It must be an Array followed with $or.'],
    ['{"$or":[{"a":["x"]}]}', 'There must have at least 2 Objects in $or relationship.'],
    ['{"$or":["a","b"]}', 'Only JSON object is allowed in array of $or relationship.'],
    [
      '{"$or":[{"prefix":["x"]},{"b":["x"]}]}',
      'prefix is Ruler reserved fieldName which cannot be used inside $or.',
    ],
    ['{"a":["x"]', "Unexpected end of input, '}' was expected"],
    ['{"a":["x"]} y', "Unexpected character 'y'"],
    ['{a:["x"]}', "Unexpected character 'a'"],
    ['', 'Unexpected end of input'],
  ];
  it.each(table)('%s is refused with its reason', (pattern, reason) => {
    expect(() => new Pattern(pattern)).toThrow(InvalidEventPatternError);
    expect(() => new Pattern(pattern)).toThrow(`Event pattern is not valid. Reason: `);
    expect(() => new Pattern(pattern)).toThrow(reason);
  });

  it('is refused with the place', () => {
    expect(() => new Pattern('{\n  "source": "x"\n}')).toThrow('line: 2, column: 13');
  });

  it('is refused when it has more than 4,096 characters', () => {
    expect(() => new Pattern(JSON.stringify({ a: ['x'.repeat(4090)] }))).toThrow('4096 are allowed');
  });
});

describe('the patterns of Baton', () => {
  const created: Json = {
    version: '0',
    id: 'f5f1e65c-dc3a-93ca-6c1e-b1647eac7963',
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: '123456789012',
    time: '2023-03-08T17:50:14Z',
    region: 'eu-west-1',
    resources: ['arn:aws:s3:::example-bucket'],
    detail: {
      version: '0',
      bucket: { name: 'example-bucket' },
      object: { key: 'products/IMG_m7fzo3.jpg', size: 184662, etag: '4e68', sequencer: '006408CAD69598B05E' },
      'request-id': '57H08PA84AB1JZW0',
      requester: '123456789012',
      reason: 'PutObject',
    },
  };
  const ended: Json = {
    version: '0',
    id: 'b0a1c2d3-0000-4000-8000-000000000001',
    'detail-type': 'Redshift Data Statement Status Change',
    source: 'aws.redshift-data',
    resources: [],
    detail: {
      statementName: 'baton:local:r:1:20_load.sql:1:abc:def;',
      statementId: 'x',
      state: 'FINISHED',
      rows: 42,
    },
  };

  it('match a created object by bucket and prefix', () => {
    const pattern = {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: {
        bucket: { name: ['example-bucket'] },
        object: { key: [{ prefix: 'stores/' }, { prefix: 'products/' }] },
      },
    };
    expect(matches(pattern, created)).toBe(true);
    expect(matches({ ...pattern, source: ['aws.ec2'] }, created)).toBe(false);
    expect(matches({ resources: ['arn:aws:s3:::example-bucket'] }, created)).toBe(true);
    expect(matches({ 'replay-name': [{ exists: false }] }, created)).toBe(true);
    expect(
      matches({ 'replay-name': [{ exists: false }] }, { ...(created as object), 'replay-name': 'r' }),
    ).toBe(false);
  });

  it('match an ended statement by the stage in its name', () => {
    const pattern = (prefix: string): Json => ({
      source: ['aws.redshift-data'],
      'detail-type': ['Redshift Data Statement Status Change'],
      detail: { statementName: [{ prefix }] },
    });
    expect(matches(pattern('baton:local:'), ended)).toBe(true);
    expect(matches(pattern('baton:prod:'), ended)).toBe(false);
  });
});
