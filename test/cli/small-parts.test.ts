import { describe, expect, it } from 'vitest';

import { didYouMean } from '../../cli/arguments.ts';
import { endingOf } from '../../cli/errors.ts';
import { usageError } from '../../cli/exit.ts';
import { withPages } from '../../cli/named-pages.ts';
import { createOutput, printable } from '../../cli/output.ts';
import { resultJson, resultTable } from '../../cli/query/show-result.ts';
import { splitSql } from '../../cli/query/split-sql.ts';
import { count, countOf, duration } from '../../cli/runs/units.ts';
import { formatTable } from '../../cli/table.ts';

describe('an unknown word', () => {
  it('is answered with the nearest known word, a word that begins with it, or nothing', () => {
    const verbs = ['drop', 'resume', 'validate', 'run', 'runs'];
    expect(didYouMean('dorp', verbs)).toBe('did you mean drop?');
    expect(didYouMean('resmue', verbs)).toBe('did you mean resume?');
    expect(didYouMean('valid', verbs)).toBe('did you mean validate?');
    expect(didYouMean('elephant', verbs)).toBeUndefined();
  });
});

describe('a page that a message names', () => {
  it('is named where it lies', () => {
    const folder = 'node_modules/baton/docs';
    expect(withPages('denied: docs/deployment.md, "Warehouse"\ndocs/operations.md says more', folder)).toBe(
      'denied: node_modules/baton/docs/deployment.md, "Warehouse"\nnode_modules/baton/docs/operations.md says more',
    );
    const others = 's3://landing/docs/a.md docs/a.csv my-docs/b.md';
    expect(withPages(others, folder)).toBe(others);
    expect(withPages('see docs/local.md')).toBe('see docs/local.md');
  });
});

describe('units', () => {
  it('are formatted for people', () => {
    expect(count(5000)).toBe('5,000');
    expect(countOf(1, 'row')).toBe('1 row');
    expect(countOf(0, 'row')).toBe('0 rows');
    expect(duration(412)).toBe('0.4 s');
    expect(duration(9999)).toBe('10 s');
    expect(duration(200_000)).toBe('3 min 20 s');
    expect(duration(7_500_000)).toBe('2 h 5 min');
    expect(duration(-5)).toBe('0.0 s');
  });
});

describe('a table', () => {
  it('aligns columns, also with wide letters, and shows line ends', () => {
    const text = formatTable(
      [{ title: 'name' }, { title: 'n', right: true }],
      [
        ['東京', '1'],
        ['a\nb', '20'],
      ],
    );
    expect(text.split('\n')).toEqual(['name   n', '東京   1', String.raw`a\nb  20`]);
  });
});

describe('text from outside', () => {
  it('cannot control the terminal', () => {
    expect(printable('a\u001B[2Jb\u0007')).toBe(String.raw`a\x1b[2Jb\x07`);
  });
});

describe('output', () => {
  const stream = (isTTY: boolean) => {
    const written: string[] = [];
    return { write: (text: string) => written.push(text), isTTY, written };
  };

  it('writes data to stdout and messages to stderr', () => {
    const stdout = stream(false);
    const stderr = stream(false);
    const out = createOutput(stdout, stderr, {});
    out.data('row');
    out.json({ a: 1 });
    out.say('word');
    expect(stdout.written.join('')).toBe('row\n{\n  "a": 1\n}\n');
    expect(stderr.written).toEqual(['word\n']);
  });

  it('shows what is being done only on a terminal, in one short line that the next text replaces', () => {
    const [stdout, stderr, file] = [stream(true), stream(true), stream(false)];
    const out = createOutput(stdout, stderr, {});
    out.status('one');
    out.status('x'.repeat(200));
    out.data('row');
    out.say('word');
    createOutput(stdout, file, {}).status('one');
    createOutput(stdout, file, { TERM: 'dumb' }).status('one');
    const clear = '\r\u001B[2K';
    expect(stderr.written).toEqual([`${clear}one`, `${clear}${'x'.repeat(79)}`, clear, 'word\n']);
    expect(file.written).toEqual([]);
  });

  it('has colors only on a terminal, and none with NO_COLOR', () => {
    expect(createOutput(stream(true), stream(true), {}).style.good('ok')).toContain('\u001B');
    expect(createOutput(stream(true), stream(false), {}).style.good('ok')).toBe('ok');
    expect(createOutput(stream(true), stream(true), { NO_COLOR: '1' }).style.good('ok')).toBe('ok');
  });
});

describe('a query result', () => {
  const result = {
    columns: [
      { name: 'id', type: 'int8' },
      { name: 'id', type: 'varchar' },
    ],
    rows: [
      [1, 'x'],
      [20, null],
    ],
  };

  it('is an aligned table, numbers to the right, NULL as empty', () => {
    expect(resultTable(result)?.split('\n')).toEqual(['id  id', ' 1  x', '20']);
  });

  it('is an array of objects in JSON, with a key for every column', () => {
    expect(resultJson(result)).toEqual([
      { id: 1, id_2: 'x' },
      { id: 20, id_2: null },
    ]);
  });

  it('without a result set has the number of changed rows', () => {
    expect(resultTable({ rows: [], affected: 3 })).toBeUndefined();
    expect(resultJson({ rows: [], affected: 3 })).toEqual({ rowsAffected: 3 });
  });
});

describe('SQL text', () => {
  it('is split into statements at the semicolons between them', () => {
    expect(splitSql("select ';' ; -- a; b\n select $$;$$;", 'SQL')).toEqual([
      "select ';'",
      '-- a; b\n select $$;$$',
    ]);
  });

  it('with an unclosed string is refused with its line', () => {
    expect(() => splitSql("select 1;\nselect 'a", 'setup/x.sql')).toThrow('setup/x.sql:2: unclosed string');
  });
});

describe('an error', () => {
  it('of the connection suggests to start the local AWS', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:4566'), { code: 'ECONNREFUSED' });
    const error = new Error('', { cause: new AggregateError([refused]) });
    expect(endingOf(error, { endpoint: 'http://127.0.0.1:4566', local: true })).toEqual({
      code: 3,
      message: 'cannot connect to http://127.0.0.1:4566: ECONNREFUSED',
      hint: 'start the local AWS with: npm start',
    });
  });

  it.each([
    ['ResourceNotFoundException', 400, 'check that the stage exists'],
    ['AccessDeniedException', 400, 'for the permissions of each verb'],
    ['Forbidden', 403, 'for the permissions of each verb'],
    ['ExpiredTokenException', 403, 'log in again'],
    ['ThrottlingException', 400, undefined],
  ])('of AWS (%s) is one line, with what to do', (name, httpStatusCode, hint) => {
    const error = Object.assign(new Error('no such\n  table'), { name, $metadata: { httpStatusCode } });
    const ending = endingOf(error, { local: false });
    expect(ending).toMatchObject({ code: 3, message: `${name}: no such table` });
    expect(ending.hint?.slice(0, hint?.length)).toBe(hint);
    expect(endingOf(error, { local: true }).hint).toBeUndefined();
  });

  it('of wrong usage keeps its code and hint', () => {
    expect(endingOf(usageError('no', 'do this'), { local: true })).toEqual({
      code: 2,
      message: 'no',
      hint: 'do this',
    });
  });
});
