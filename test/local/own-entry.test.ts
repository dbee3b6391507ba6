/** Names that every object inherits, wherever a name from outside is looked up: each is unknown there, as any other. */
import { describe, expect, test } from 'vitest';

import { Pattern } from '../../shared/pipeline/event-pattern/pattern.ts';
import { ownEntry } from '../../local/own-entry.ts';
import { translate } from '../../local/redshift/dialect/translate.ts';
import { startChecksum } from '../../local/s3/checksums.ts';
import { readXml } from '../../local/s3/xml.ts';

const INHERITED = [...Object.getOwnPropertyNames(Object.prototype), 'x'];

describe.each(INHERITED)('%s', (name) => {
  test('is no entry of a table that does not have it', () => {
    expect(ownEntry({ a: 1 }, name)).toBeUndefined();
    expect(startChecksum(name)).toBeUndefined();
  });

  test.each([
    [`${name} t`, `syntax error at or near "${name}"`],
    [`SET ${name} TO 1`, `SET ${name.toLowerCase()} is not supported`],
    [`RESET ${name}`, `RESET ${name.toLowerCase()} is not supported`],
    [`COPY t FROM 's3://b/k' IAM_ROLE default ${name}`, `COPY … ${name.toUpperCase()} is not supported`],
    [`SELECT CAST(1 AS ${name})`, `the type ${name.toUpperCase()} is not supported`],
    [`SELECT DATEADD(${name}, 1, d) FROM t`, `the date part ${name} of DATEADD is not supported`],
  ])('in SQL, %s, it is refused by its name', (sql, message) => {
    expect(() => translate(sql)).toThrow(message);
  });

  test('is a function of the user in SQL', () => {
    expect(translate(`SELECT ${name}(1)`)).toMatchObject({ statements: [`select ${name}(1)`] });
  });

  test('is no test of an event pattern', () => {
    const pattern = JSON.stringify({
      a: [{ 'anything-but': JSON.parse(`{${JSON.stringify(name)}: "x"}`) as unknown }],
    });
    expect(() => new Pattern(pattern)).toThrow(`Unsupported anything-but pattern: ${name}`);
  });

  test('is no entity of XML', () => {
    expect(readXml(`<a>&${name};</a>`).text).toBe(`&${name};`);
  });
});
