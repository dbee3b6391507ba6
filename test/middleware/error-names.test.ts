/** The functions are minified, which renames classes: an error's name in the log is the one that its class sets as text. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { packageRoot as root } from '../../build/project.ts';

const sources = ['functions', 'shared'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
);

/** Classes of errors without a name of their own, in the text of a module. */
function unnamed(source: string): readonly string[] {
  const classes = source.split(/^(?:export )?class /m).slice(1);
  return classes.flatMap((text) => {
    const [, name = '', parent = ''] = /^(\w+) extends (\w+)/.exec(text) ?? [];
    const [body = ''] = text.split(/^\}|\{\}$/m);
    return parent === 'Error' && !/\bname = '\w+(?:Error|Exception)'/.test(body) ? [name] : [];
  });
}

test('every class of errors sets its name', () => {
  expect(sources.join('\n').match(/ extends Error \{/g)?.length).toBeGreaterThan(8);
  expect(sources.flatMap(unnamed)).toEqual([]);
});

test('the check finds a class that does not', () => {
  expect(unnamed("class A extends Error {}\nclass B extends Error {\n  name = 'BError';\n}\n")).toEqual([
    'A',
  ]);
});
