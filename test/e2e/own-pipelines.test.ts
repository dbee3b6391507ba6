/** What people put into sql/ beside the samples: odd, broken and hungry pipelines, and setup files that cannot be applied twice. */
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { isLong } from '../long.ts';
import { eventually, Stack } from './stack.ts';

const FILES = {
  'setup/50_daily.sql': `
    CREATE TABLE IF NOT EXISTS mart.visits (day DATE, n INTEGER);
    CREATE MATERIALIZED VIEW mart.daily_visits AS SELECT day, SUM(n) AS n FROM mart.visits GROUP BY day;
    CREATE TABLE IF NOT EXISTS mart.behind_the_view (n INTEGER);`,
  'setup/60_bad.sql':
    'CREATE TABLE IF NOT EXISTS mart.never (n INTEGER); CREATE TABEL mart.worse (n INTEGER);',
  'setup/70_twice.sql': 'CREATE TABLE mart.once (n INTEGER);',
  'setup/80_last.sql': 'CREATE TABLE IF NOT EXISTS mart.last (n INTEGER);',
};

function write(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const stacks: Stack[] = [];
afterAll(async () => {
  for (const stack of stacks) await stack.stop();
});

it.runIf(isLong)(
  'a failing setup file is reported, the others are applied, and a second start does the same',
  async () => {
    const own = mkdtempSync(join(tmpdir(), 'baton-own-'));
    const pipelines = { setup: join(write(own, FILES), 'setup') };
    const first = await Stack.start({ pipelines });
    const told = (stack: Stack): string[] =>
      stack.output
        .join('')
        .split('\n')
        .filter((line) => line.includes('not applied'));
    expect(told(first)).toEqual([expect.stringContaining('setup/60_bad.sql: ')]);
    await first.stop({ keep: true });

    const second = await Stack.start({ pipelines, home: first.home });
    stacks.push(second);
    expect(told(second)).toEqual([
      expect.stringContaining('setup/60_bad.sql: '),
      expect.stringMatching(/setup\/70_twice\.sql: .*already exists.*IF NOT EXISTS/),
    ]);
    const tables =
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'mart' AND table_name IN ('visits', 'behind_the_view', 'never', 'once', 'last') ORDER BY 1";
    expect((await second.query(tables)).flat()).toEqual(['behind_the_view', 'last', 'once', 'visits']);
    expect(await second.query('SELECT * FROM mart.daily_visits')).toEqual([]);

    const applied = await second.baton('setup', '--json');
    expect(applied.code).toBe(1);
    expect(
      (JSON.parse(applied.stdout) as { failed: { name: string }[] }).failed.map(({ name }) => name),
    ).toEqual(['setup/60_bad.sql', 'setup/70_twice.sql']);
    expect(applied.stderr).toContain('setup/50_daily.sql  (mart.daily_visits: already exists');

    // A file that is repaired while it runs is applied at once.
    write(second.sql, { 'setup/60_bad.sql': 'CREATE TABLE IF NOT EXISTS mart.better (n INTEGER);' });
    await eventually('the repaired file', async () =>
      (await second.count("SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'better'")) === 1
        ? true
        : undefined,
    );
  },
);
