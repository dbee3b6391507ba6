/** A night of failed runs is resumed by one command, when its cause is repaired: however old they are, oldest first. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { ResumedRun } from '../../cli/runs/resume-runs.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { runOf } from '../fakes/run-of.ts';
import { Stack } from './stack.ts';
import { isLong } from '../long.ts';

const FAILED = 4;
/** More than one page of runs. */
const NEWER = 120;

let folder: string;
let stack: Stack;
let failed: readonly StoredRun[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-resume-all-'));
  const night = join(folder, 'night');
  mkdirSync(night);
  writeFileSync(join(night, 'pipeline.yml'), 'on:\n  - s3: { prefix: night/ }\nonFailure: continue\n');
  writeFileSync(join(night, '10_keep.sql'), 'INSERT INTO mart.night SELECT :key;\n');
  stack = await Stack.start({ pipelines: { night } });
  // The table is missing: each run fails and gives its slot to the next.
  const runs: StoredRun[] = [];
  for (let i = 1; i <= FAILED; i += 1) {
    await stack.put(`night/${i}.csv`, `${i}\n`);
    runs.push(await stack.runFor('night', `night/${i}.csv`));
  }
  failed = runs;
  const [model] = runs;
  if (model === undefined) throw new Error('no run');
  // What came later went well.
  const later = Array.from({ length: NEWER }, async (_, i) =>
    stack.store.create(
      runOf({
        ...model,
        id: `night-newer-${i}`,
        state: 'SUCCEEDED',
        createdAt: new Date(Date.parse(model.createdAt) + 3_600_000 + i).toISOString(),
      }),
    ),
  );
  await Promise.all(later);
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

it.runIf(isLong)(
  'resume --all lists the failed runs, requires --yes, resumes them in the order of their files, and each finishes',
  async () => {
    expect(failed.map(({ state, error }) => [state, error?.class])).toEqual(
      failed.map(() => ['FAILED', 'sql']),
    );
    const ids = failed.map(({ id }) => id);

    const asked = await stack.baton('resume', '--all');
    expect(asked).toMatchObject({ code: 2, stdout: '' });
    expect(asked.stderr).toMatch(
      /^4 failed runs, oldest first:\nRUNS {2}PIPELINE.*\n +4 {2}night +sql +10_keep\.sql +2/,
    );
    expect(asked.stderr).toContain('add --yes');

    const dry = await stack.baton('resume', '--all', '--pipeline', 'night', '--class', 'sql', '--dry-run');
    expect(dry).toMatchObject({ code: 0, stdout: `${ids.join('\n')}\n` });
    expect(await stack.baton('resume', '--all', '--class', 'data', '--yes')).toMatchObject({
      code: 0,
      stdout: '',
    });
    for (const id of ids) expect((await stack.run(id))?.state).toBe('FAILED');

    await stack.query('CREATE TABLE mart.night (name VARCHAR(100))');
    const resumed = await stack.baton('resume', '--all', '--yes', '--json', '--reason', 'the table is there');
    expect(resumed.code).toBe(0);
    const { runs } = JSON.parse(resumed.stdout) as { runs: ResumedRun[] };
    expect(runs.map(({ id, outcome }) => [id, outcome])).toEqual(ids.map((id) => [id, 'resumed']));
    const ended: StoredRun[] = [];
    for (const id of ids) ended.push(await stack.atRest(id));
    expect(ended.map(({ state }) => state)).toEqual(ids.map(() => 'SUCCEEDED'));
    const order = [...ended].sort((a, b) => (a.endedAt ?? '').localeCompare(b.endedAt ?? ''));
    expect(order.map(({ id }) => id)).toEqual(ids);
    expect(await stack.count('SELECT COUNT(*) FROM mart.night')).toBe(FAILED);

    expect((await stack.baton('resume', '--all', '--yes')).stderr).toContain('no failed run of ');
  },
);
