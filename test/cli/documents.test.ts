/** What the documents say of the command, and what the command says of the documents, is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { runCommand } from '../../cli/command.ts';
import { testShape } from '../../cli/testing/test-shape.ts';
import { compilePipeline } from '../../shared/pipeline/compile.ts';
import { readSettings } from '../../shared/pipeline/read-settings.ts';
import { readYaml } from '../../shared/pipeline/read-yaml.ts';
import type { Shape } from '../../shared/pipeline/shape.ts';

const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

/** As the anchors of headings are made: lower case, no marks, blanks become dashes. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function headingsOf(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
}

/** Commands in code blocks and between back ticks: `npx baton ...` up to a comment, a pipe or a redirection. */
function commandsOf(path: string): string[][] {
  return [...read(path).matchAll(/npx baton ([^`\n#|<>&]*)/g)]
    .map(
      ([, words = '']): string[] =>
        // A line of a message ends with a quotation mark.
        words.replace(/^([^"]*)"$/, '$1').match(/"[^"]*"|'[^']*'|\S+/g) ?? [],
    )
    .filter((words) => words.length > 0 && !words.includes('VERB') && !words.includes('...'));
}

/** Links within the project, as they stand. */
function linksOf(path: string): string[] {
  return [...read(path).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => link);
}

describe('the documents', () => {
  it('are all in the index', () => {
    const linked = new Set(linksOf('docs/README.md').map((link) => join('docs', link.replace(/#.*/, ''))));
    const missing = documents.filter((path) => path.startsWith('docs/') && !linked.has(path));
    expect(missing).toEqual(['docs/README.md']);
  });

  it.each(documents)('have no broken link within the project: %s', (path) => {
    const broken = linksOf(path).filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !headingsOf(target).some((heading) => anchorOf(heading) === anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each(documents)('quote only commands that the parser accepts: %s', async (path) => {
    for (const words of commandsOf(path)) {
      let stdout = '';
      const code = await runCommand([...words, '--help'], {
        stdout: { write: (text) => (stdout += text) },
        stderr: { write: () => undefined },
        env: {},
        signal: new AbortController().signal,
      });
      expect({ words, code, help: stdout.startsWith('usage: baton ') }).toEqual({
        words,
        code: 0,
        help: true,
      });
    }
  });

  it('have the chapters that remedies of the command refer to', () => {
    const sources = readdirSync('cli/doctor').map((name) => join('cli/doctor', name));
    const text = [...sources, 'cli/errors.ts'].map(read).join('\n');
    const sent = [...text.matchAll(/(docs\/[\w-]+\.md), "([^"]+)"/g)];
    expect(sent.length).toBeGreaterThan(8);
    for (const [, path = '', heading = ''] of sent) expect(headingsOf(path)).toContain(heading);
  });

  it('have a chapter for every alarm, and for no other', () => {
    const parameters = read('docs/deployment-parameters.md');
    const [, table = ''] = /goes off when \|\n\| --- \| --- \|\n((?:\|.*\n)+)/.exec(parameters) ?? [];
    const alarms = [...table.matchAll(/^\|([^|]+)\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    );
    expect(alarms.length).toBeGreaterThan(10);
    const operations = read('docs/operations.md');
    for (const alarm of alarms) expect(operations).toContain(`\`${alarm}\``);
  });
});

describe('the example pipelines in the documents', () => {
  /** Blocks of code of a language, in order. */
  const blocks = (path: string, language: string): string[] =>
    [...read(path).matchAll(/^```(\w*)\n([^]*?)^```/gm)].flatMap(([, is, text = '']) =>
      is === language ? [text] : [],
    );
  const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

  it('are identical to sql/stores in the README', () => {
    const shown = ['yaml', 'sql'].flatMap((language) => blocks('README.md', language)).join('\n');
    const files = [...shown.matchAll(/^(?:#|--) (sql\/stores\/\S+)\n([^]*?)(?=^(?:#|--) sql\/|$(?![^]))/gm)];
    expect(files.map(([, path]) => path)).toEqual(
      ['pipeline.yml', '10_stage.sql', '20_load.sql', '30_merge.sql'].map((name) => `sql/stores/${name}`),
    );
    for (const [, path = '', text = ''] of files)
      expect(oneLine(text)).toBe(oneLine(read(path).replace(/^# yaml-language-server.*\n/, '')));
  });

  it('have the test of sql/stores as it is', () => {
    const title = '# sql/stores/tests/upsert.yml\n';
    const shown = blocks('docs/testing.md', 'yaml').find((text) => text.startsWith(title));
    expect(shown).toBe(title + read('sql/stores/tests/upsert.yml'));
  });

  it('have the shape of tests in the page on testing, which shows every key', () => {
    const page = blocks('docs/testing.md', 'yaml');
    const problems = page.flatMap((text) => {
      const whole = /^when:/m.test(text) ? text : `${text}when: []\n`;
      return readYaml(whole, testShape, 'testing.md').problems.map(({ message }) => message);
    });
    expect(problems).toEqual([]);
    const keysOf = (shape: Shape): string[] => {
      if (shape.kind === 'map' || shape.kind === 'list' || shape.kind === 'short') return keysOf(shape.of);
      if (shape.kind !== 'object' && shape.kind !== 'one-of') return [];
      return Object.entries(shape.keys).flatMap(([name, key]) => [name].concat(keysOf(key.shape)));
    };
    const text = read('docs/testing.md');
    const missing = keysOf(testShape).filter((key) => !new RegExp(`[\`{ ]${key}[\`:,]`).test(text));
    expect([...new Set(missing)]).toEqual([]);
  });

  it('compile without problems in the chapter on many files', () => {
    const shown = ['yaml', 'sql'].flatMap((language) =>
      blocks('docs/pipelines.md', language).filter((text) => text.includes(' sql/clicks/')),
    );
    const parts = shown
      .join('')
      .split(/^(?:#|--) sql\/clicks\//m)
      .slice(1);
    const files = parts.map((part) => /^(\S+)\n([^]*)$/.exec(part) ?? []);
    expect(files).toHaveLength(4);
    const { plan, problems } = compilePipeline({
      name: 'clicks',
      files: new Map(files.map(([, name = '', text = '']) => [name, text])),
    });
    expect(problems).toEqual([]);
    expect(plan).toMatchObject({ grade: 'A', isolateFiles: 10 });
  });

  it('have sample files with the columns of the tables in sql/setup', () => {
    const columnsOf = (setup: string): (string | undefined)[] => {
      const [create = ''] = /CREATE TABLE[^]*?\n\)/.exec(read(join('sql/setup', setup))) ?? [];
      return [...create.matchAll(/^ {2}([a-z_]+) [A-Z]/gm)].map(([, name]) => name);
    };
    const tables: Record<string, string> = { products: '20_product_dimension.sql', stores: '30_stores.sql' };
    const samples = [...read('README.md').matchAll(/samples\/(?:[a-z]+-)?([a-z]+)\.csv/g)];
    expect(samples.length).toBeGreaterThan(3);
    for (const [path, table = ''] of samples)
      expect(read(path).split('\n')[0]?.split(',')).toEqual(columnsOf(tables[table] ?? ''));
  });

  it.each(['README.md', 'docs/pipelines.md'])('have valid examples of pipeline.yml: %s', (path) => {
    const examples = blocks(path, 'yaml').filter((text) => /^on:/m.test(text));
    expect(examples.length).toBeGreaterThan(0);
    for (const text of examples) expect(readSettings(text, path).problems).toEqual([]);
  });
});
