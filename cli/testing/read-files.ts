/** Reads which files a test expects in buckets. */
import { defined } from '../../shared/run/defined.ts';
import { readColumns, readCsv } from './read-rows.ts';
import { LANDING } from './started-by.ts';
import type { ExpectedFiles } from './test-case.ts';
import type { WrittenFiles } from './test-shape.ts';
import type { TestSource } from './test-source.ts';

export function readFiles(
  source: TestSource,
  written: Readonly<Record<string, WrittenFiles>> = {},
): ExpectedFiles[] {
  return Object.entries(written).flatMap(([name, one]): ExpectedFiles[] => {
    const path = ['expect', 'files', name];
    if (!source.hasOne(one, ['csv', 'content', 'file'], path)) return [];
    const [, bucket = LANDING, key = name] = /^s3:\/\/([^/]+)\/(.*)$/s.exec(name) ?? [];
    const isRows = one.csv !== undefined || one.file?.toLowerCase().endsWith('.csv') === true;
    const found = source.textOf(one, isRows ? 'csv' : 'content', path);
    if (found === undefined) return [];
    const origin = {
      form: isRows ? ('csv' as const) : ('content' as const),
      ...defined({ file: found.file, path: found.path }),
    };
    if (!isRows) {
      const other = (['header', 'delimiter', 'columns'] as const).find((option) => one[option] !== undefined);
      if (other !== undefined)
        source.say([...path, other], `${other} is for rows: write csv, or a file that ends in .csv`);
      return [{ bucket, key, expected: { kind: 'content', content: found.text, origin } }];
    }
    const rows = readCsv(source, found, path, `the rows of ${name}`);
    const settings = readColumns(source, one.columns, [...path, 'columns'], rows?.columns);
    if (rows === undefined) return [];
    const { header = false, delimiter = ',' } = one;
    if (!header && settings.matches.size > 0)
      source.say(
        [...path, 'columns'],
        'matches describes a column by its name: the files must have a line of names (header: true)',
      );
    return [{ bucket, key, expected: { kind: 'rows', ...rows, ...settings, header, delimiter, origin } }];
  });
}
