/** Batches as the command shows them: the files of a batch run, those that left it, and the state of a file's run in every list. */
import { describe, expect, it } from 'vitest';

import { readArguments } from '../../cli/arguments.ts';
import type { Connection } from '../../cli/aws/connection.ts';
import type { SqlClient } from '../../cli/aws/sql-client.ts';
import { createOutput } from '../../cli/output.ts';
import type { ArtifactReader } from '../../cli/runs/batch-files.ts';
import type { FileJson } from '../../cli/runs/file-line.ts';
import type { RunJson } from '../../cli/runs/run-json.ts';
import { watchRun } from '../../cli/runs/watch-run.ts';
import type { Verb } from '../../cli/verb.ts';
import { files } from '../../cli/verbs/files.ts';
import { run as runVerb } from '../../cli/verbs/run.ts';
import { runs } from '../../cli/verbs/runs.ts';
import { listedFileOf, putList } from '../../shared/engine/batch/list.ts';
import type { FileStore } from '../../shared/engine/ports.ts';
import type { Run } from '../../shared/run/run.ts';
import { fileOf as fileOfTrigger } from '../../shared/run/trigger.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { MemoryRunStore } from '../fakes/memory-run-store.ts';
import { changed, runOf } from '../fakes/run-of.ts';
import { fileOf, planOf } from '../fakes/world.ts';

const AT = '2026-01-01T00:00:00.000Z';
const BATCH = 'stores-batch';
const PLAN = planOf([
  { name: '20_load.sql', usesFile: true, statements: [{ parts: ['COPY t FROM ', { param: 'manifest' }] }] },
]);

class Artifacts implements ArtifactReader, Pick<FileStore, 'putArtifact'> {
  readonly objects = new Map<string, string>();
  getArtifact(key: string): Promise<string | undefined> {
    return Promise.resolve(this.objects.get(key));
  }
  putArtifact(key: string, body: string): Promise<void> {
    this.objects.set(key, body);
    return Promise.resolve();
  }
  listArtifacts(prefix: string): Promise<readonly string[]> {
    return Promise.resolve([...this.objects.keys()].filter((key) => key.startsWith(prefix)));
  }
}

interface World {
  readonly store: MemoryRunStore;
  readonly artifacts: Artifacts;
  readonly batch: Run;
  readonly members: readonly Run[];
}

function memberOf(n: number, more: Partial<StoredRun> = {}): Run {
  return runOf({
    id: `stores-${String(n).padStart(2, '0')}`,
    pipeline: 'stores',
    trigger: { kind: 's3', time: AT, file: fileOf(`in/${String(n).padStart(2, '0')}.csv`, { size: 1_000 }) },
    createdAt: AT,
    state: 'ABSORBED',
    into: BATCH,
    absorbedAt: AT,
    ...more,
  });
}

/** A batch of `count` files, of which those of `left` were taken out again. */
async function worldOf(
  count: number,
  batchIs: Partial<StoredRun> = { state: 'SUCCEEDED' },
  left: readonly Run[] = [],
): Promise<World> {
  const store = new MemoryRunStore();
  const artifacts = new Artifacts();
  const members = Array.from({ length: count }, (_, i) => memberOf(i + 1));
  const listed = (of: readonly Run[]) =>
    of.map((each) => listedFileOf(fileOfTrigger(each.trigger) ?? fileOf(''), each));
  const files = artifacts as unknown as FileStore;
  if (left.length > 0) await putList(BATCH, listed([...members, ...left]), files);
  const list = await putList(BATCH, listed(members), files);
  if (list === undefined) throw new Error('a batch has files');
  const seal = left.length > 0 ? 2 : 1;
  const batch = runOf({
    id: BATCH,
    pipeline: 'stores',
    planHash: PLAN.hash,
    trigger: { kind: 'batch', time: AT, head: { runId: 'stores-01', version: 1 } },
    createdAt: '2026-01-01T00:00:01.000Z',
    batch: { phase: 'SEALED', ...list, seal, leaving: [], isolated: left.length },
    ...batchIs,
  });
  for (const each of [batch, ...members, ...left]) await store.create(each);
  await store.putPlan(PLAN);
  return { store, artifacts, batch, members };
}

async function baton(
  verb: Verb,
  { store, artifacts }: Pick<World, 'store'> & { readonly artifacts: ArtifactReader },
  words: readonly string[],
  sql?: SqlClient,
): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const connection = {
    runs: () => Promise.resolve(store),
    artifacts: () => Promise.resolve(artifacts),
    sql: () => Promise.resolve(sql),
  } as unknown as Connection;
  const out = createOutput(
    { write: (text) => (stdout += text) },
    { write: (text) => (stderr += text) },
    { NO_COLOR: '1' },
  );
  const code = await verb.run({
    args: readArguments(verb, words),
    out,
    env: {},
    stage: 'local',
    json: words.includes('--json'),
    connect: () => Promise.resolve(connection),
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr };
}

const failed = { error: { class: 'data', message: 'line 3, column price: not a number\nmore' } } as const;

describe('baton runs with batches', () => {
  it('lists batch runs with their number of files, leaves the runs of their files out, and says how many', async () => {
    const world = await worldOf(30);
    const told = await baton(runs, world, ['--pipeline', 'stores', '--limit', '2']);
    const lines = told.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^stores-batch +SUCCEEDED .*\(30 files, 30,000 bytes\)$/);
    expect(told.stderr).toBe('30 runs of files in batches not shown: add --files, or see: baton files\n');
  });

  it('finds runs of their own past the files of batches', async () => {
    const world = await worldOf(30);
    await world.store.create(
      runOf({ id: 'stores-old', pipeline: 'stores', createdAt: '2025-01-01T00:00:00.000Z' }),
    );
    const { stdout } = await baton(runs, world, ['--pipeline', 'stores', '--limit', '2', '--json']);
    expect((JSON.parse(stdout) as RunJson[]).map(({ id }) => id)).toEqual([BATCH, 'stores-old']);
  });

  it('with --files shows them in the state of their batch, in the table and in JSON, and selects by it', async () => {
    const world = await worldOf(2, { state: 'FAILED', ...failed });
    const all = ['--pipeline', 'stores', '--files'];
    const { stdout, stderr } = await baton(runs, world, all);
    expect(stdout).toMatch(/^stores-01 +FAILED in stores-batch /m);
    expect(stderr).toBe('');
    const json = JSON.parse(
      (await baton(runs, world, [...all, '--state', 'failed', '--json'])).stdout,
    ) as RunJson[];
    expect(json.map(({ id, state, batch, files: of }) => [id, state, batch, of?.files])).toEqual([
      [BATCH, 'FAILED', null, 2],
      ['stores-01', 'FAILED', BATCH, undefined],
      ['stores-02', 'FAILED', BATCH, undefined],
    ]);
    expect((await baton(runs, world, [...all, '--state', 'succeeded'])).stdout).toBe('');
  });

  it('shows a file whose batch is no longer stored as not known', async () => {
    const store = new MemoryRunStore();
    await store.create(memberOf(1));
    const { stdout } = await baton(runs, { store, artifacts: new Artifacts() }, [
      '--pipeline',
      'stores',
      '--files',
    ]);
    expect(stdout).toMatch(/^stores-01 +not known /m);
  });
});

describe('baton run of a batch', () => {
  it('shows how many files it has, the first of them, and how to see all', async () => {
    const world = await worldOf(12);
    const { stdout } = await baton(runVerb, world, [BATCH]);
    expect(stdout).toContain('  files      12 files, 12,000 bytes\n');
    expect(stdout).toMatch(/^ {2}in\/01\.csv +1,000 {2}stores-01$/m);
    expect(stdout).toContain('in/10.csv');
    expect(stdout).not.toContain('in/11.csv');
    expect(stdout).toContain('  and 2 more files: npx baton run stores-batch --files');
    const all = await baton(runVerb, world, [BATCH, '--files']);
    expect(all.stdout).toContain('in/12.csv');
    expect(all.stdout).not.toContain('more file');
  });

  it('shows which files left it, with their run, its state and the first line of its error', async () => {
    const isolated = memberOf(8, { state: 'FAILED', ...failed, endedAt: AT });
    const superseded = memberOf(9, { state: 'SUPERSEDED', endedAt: AT });
    const again = memberOf(7, { into: 'stores-later' });
    const world = await worldOf(2, { state: 'SUCCEEDED' }, [again, isolated, superseded]);
    await world.store.create(runOf({ id: 'stores-later', state: 'RUNNING' }));
    const { stdout } = await baton(runVerb, world, [BATCH]);
    expect(stdout).toContain('2 files, 2,000 bytes; 3 set aside');
    expect(stdout).toContain(
      [
        '  no longer in it:',
        '  in/07.csv  stores-07  RUNNING in stores-later',
        '  in/08.csv  stores-08  FAILED: line 3, column price: not a number',
        '  in/09.csv  stores-09  SUPERSEDED',
      ].join('\n'),
    );
    const json = JSON.parse((await baton(runVerb, world, [BATCH, '--json'])).stdout) as RunJson;
    expect(json.files).toMatchObject({ phase: 'SEALED', files: 2, bytes: 2_000, isolated: 3 });
    expect(json.files?.list?.map(({ key }) => key)).toEqual(['in/01.csv', 'in/02.csv']);
    expect(json.files?.left?.map(({ file, state }) => [file.run, state])).toEqual([
      ['stores-07', 'RUNNING'],
      ['stores-08', 'FAILED'],
      ['stores-09', 'SUPERSEDED'],
    ]);
  });

  it('is shown without its files where they are not collected yet, or cannot be read, with the reason', async () => {
    const gathering = await worldOf(1, { batch: { phase: 'GATHER' } });
    expect((await baton(runVerb, gathering, [BATCH])).stdout).toContain('  files      being collected\n');
    const world = await worldOf(1);
    const none = { ...world, artifacts: new Artifacts() };
    const gone = await baton(runVerb, none, [BATCH]);
    expect(gone.stdout).toContain(
      'the files cannot be shown: the list of files of run stores-batch is no longer',
    );
    expect(gone.stdout).toContain('1 file, 1,000 bytes');
    const json = await baton(runVerb, none, [BATCH, '--json']);
    expect((JSON.parse(json.stdout) as RunJson).files).toMatchObject({ files: 1, list: null, left: null });
    expect(json.stderr).toContain('warning: the files cannot be shown');
  });

  it('with --rows shows the rows of each file, as the warehouse has them', async () => {
    const world = await worldOf(2);
    await world.store.putHistory(BATCH, {
      index: 0,
      name: '20_load.sql',
      kind: 'session',
      statementHash: '',
      generation: 1,
      attempt: 1,
      status: 'FINISHED',
      startedAt: AT,
      endedAt: AT,
    });
    const { bucket } = fileOf('');
    const answer = { columns: [], rows: [[`s3://${bucket}/in/01.csv`, null, 1_234]] };
    const sql = { run: () => Promise.resolve([answer]) } as unknown as SqlClient;
    const { stdout } = await baton(runVerb, world, [BATCH, '--rows'], sql);
    expect(stdout).toMatch(/in\/01\.csv +1,000 +1,234 {2}stores-01$/m);
    expect(stdout).toMatch(/in\/02\.csv +1,000 +not known {2}stores-02$/m);
  });
});

describe('the run of a file that a batch loads', () => {
  it('is shown in the state of its batch, which is named', async () => {
    const world = await worldOf(1, { state: 'RUNNING' });
    const { stdout } = await baton(runVerb, world, ['stores-01']);
    expect(stdout).toContain('  state      RUNNING\n');
    expect(stdout).toContain('  batch      loaded by stores-batch\n');
    const json = JSON.parse((await baton(runVerb, world, ['stores-01', '--json'])).stdout) as RunJson;
    expect(json).toMatchObject({ state: 'RUNNING', batch: BATCH, files: null });
  });

  it('is in the list of files with its batch, whose state selects it', async () => {
    const world = await worldOf(2, { state: 'FAILED', ...failed });
    const list = async (...words: string[]) =>
      (JSON.parse((await baton(files, world, [...words, '--json'])).stdout) as FileJson[]).map(
        ({ key, run: id, batch, state }) => [key, id, batch, state],
      );
    const both = [
      ['in/02.csv', 'stores-02', BATCH, 'FAILED'],
      ['in/01.csv', 'stores-01', BATCH, 'FAILED'],
    ];
    expect(await list('--pipeline', 'stores')).toEqual(both);
    expect(await list('--pipeline', 'stores', '--state', 'failed')).toEqual(both);
    expect(await list('--pipeline', 'stores', '--state', 'succeeded')).toEqual([]);
  });

  it('is watched through its batch, and alone again if its file leaves the batch', async () => {
    const world = await worldOf(1);
    const [member] = world.members;
    if (member === undefined) throw new Error('no member');
    let stderr = '';
    const out = createOutput({ write: () => 0 }, { write: (text) => (stderr += text) }, { NO_COLOR: '1' });
    const pause = { pause: () => Promise.resolve(), now: () => 0 };
    expect((await watchRun(world.store, member.id, out, pause)).id).toBe(BATCH);
    expect(stderr).toContain('its file is loaded by the batch run stores-batch');
    // While the batch is watched, the file is set aside.
    const load = world.store.load.bind(world.store);
    world.store.load = async (id) => {
      if (id === BATCH)
        await world.store.save(changed(member, { state: 'FAILED', ...failed, endedAt: AT }), 1, 'x');
      return load(id);
    };
    const ended = await watchRun(world.store, member.id, out, pause);
    expect([ended.id, ended.life.state]).toEqual([member.id, 'FAILED']);
    expect(stderr).toContain('the file left the batch: stores-01');
  });
});
