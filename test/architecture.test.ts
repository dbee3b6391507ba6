import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

function sourcesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

/** What a file imports: packages by name, files by their path from the root. Types count too. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  return [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name = '']) =>
    name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : name,
  );
}

function offences(folder: string, allowed: (name: string) => boolean): string[] {
  return sourcesOf(folder).flatMap((file) =>
    importsOf(file)
      .filter((name) => !allowed(name))
      .map((name) => `${file} -> ${name}`),
  );
}

const isIn = (name: string, ...folders: string[]): boolean =>
  folders.some((folder) => name.startsWith(`${folder}/`));

it('the core imports nothing outside itself', () => {
  expect(sourcesOf('shared/run').length).toBeGreaterThan(5);
  expect(offences('shared/run', (name) => isIn(name, 'shared/run'))).toEqual([]);
});

it('the core has as many levels of imports as ARCHITECTURE.md says: a file imports only from lower ones', () => {
  const levels = new Map<string, number>();
  const levelOf = (file: string, above: readonly string[] = []): number => {
    expect(above, `imports in a circle: ${[...above, file].join(' -> ')}`).not.toContain(file);
    const known = levels.get(file);
    if (known !== undefined) return known;
    const level = 1 + Math.max(0, ...importsOf(file).map((name) => levelOf(name, [...above, file])));
    levels.set(file, level);
    return level;
  };
  const files = sourcesOf('shared/run');
  const highest = Math.max(...files.map((file) => levelOf(file)));
  expect(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')).toContain(
    `${files.length} files in ${highest} levels`,
  );
});

it('the pipeline compiler knows no AWS and no run', () => {
  expect(
    offences(
      'shared/pipeline',
      (name) =>
        name === 'yaml' ||
        name.startsWith('node:') ||
        name === 'shared/run/defined.ts' ||
        isIn(name, 'shared/pipeline'),
    ),
  ).toEqual([]);
});

it('the engine knows ports, not clients', () => {
  expect(
    offences('shared/engine', (name) => !name.startsWith('@aws-sdk/') && !isIn(name, 'shared/middleware')),
  ).toEqual([]);
});

it('functions and shared import no development-only code', () => {
  const guests = (name: string): boolean => !isIn(name, 'local', 'cli', 'test', 'bench');
  expect([...offences('functions', guests), ...offences('shared', guests)]).toEqual([]);
});

/**
 * The folders of `local/`, and of its Redshift, from the lowest up: a file imports from its own folder and from lower ones.
 * `.` stands for the files beside the folders.
 */
const LOCAL_ORDER: Readonly<Record<string, readonly string[]>> = {
  local: [
    '.',
    'template',
    's3',
    'dynamodb',
    'queues',
    'topics',
    'lambda',
    'events',
    'redshift',
    'faults',
    'gateway',
    'supervisor',
  ],
  'local/redshift': [
    'model',
    'protocol',
    'postgres',
    'dialect',
    'types',
    'tree',
    'statements',
    'sessions',
    'execute',
    'copy',
    'unload',
    'data-api',
    '.',
  ],
};

it.each(Object.entries(LOCAL_ORDER))('in %s no folder imports from a higher one', (parent, order) => {
  const folderOf = (file: string): string => /^([^/]+)\//.exec(file.slice(parent.length + 1))?.[1] ?? '.';
  const heightOf = (file: string): number => order.indexOf(folderOf(file));

  expect(
    sourcesOf(parent).filter((file) => heightOf(file) < 0),
    `a folder is missing in the order of ${parent}`,
  ).toEqual([]);
  expect(
    sourcesOf(parent).flatMap((file) =>
      importsOf(file)
        .filter((name) => isIn(name, parent) && heightOf(name) > heightOf(file))
        .map((name) => `${file} -> ${name}: ${folderOf(file)} is lower than ${folderOf(name)}`),
    ),
  ).toEqual([]);
});

it('the step function loads no compiler and no YAML parser', () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const name of importsOf(file)) if (name.endsWith('.ts')) visit(name);
  };
  visit('functions/run-step.ts');
  const pipeline = [...seen].filter((file) => isIn(file, 'shared/pipeline'));
  expect(pipeline.sort()).toEqual([
    'shared/pipeline/plan.ts',
    // Knows lineage, not SQL; loaded only when a session is lost.
    'shared/pipeline/rebuild.ts',
    'shared/pipeline/render.ts',
    'shared/pipeline/table-name.ts',
  ]);
});
