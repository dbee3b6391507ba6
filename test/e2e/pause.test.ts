/** A paused pipeline on the local AWS, as a person sees it: files wait in order, and all are loaded after the pause. */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { eventually, Stack } from './stack.ts';
import { isLong } from '../long.ts';

const HEADER = 'store_id,name,city,country,opened_on\n';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(async () => {
  await stack.stop();
});

it.runIf(isLong)(
  'a file of a paused pipeline waits until baton unpause, and the sweep does not start it',
  async () => {
    const paused = await stack.baton('pause', 'stores', '--reason', 'schema change');
    expect(paused).toMatchObject({ code: 0, stdout: expect.stringContaining('paused stores') });
    for (const id of [1, 2])
      await stack.put(`stores/${id}.csv`, `${HEADER}${id},Store ${id},Lyon,FR,2020-01-01\n`);
    await eventually('two runs', async () => ((await stack.runs('stores')).length === 2 ? true : undefined));
    await stack.sweep();
    expect((await stack.runs('stores')).map(({ state }) => state)).toEqual(['QUEUED', 'QUEUED']);

    const again = await stack.baton('pause', 'stores');
    expect(again.stdout).toMatch(/stores is already paused by \S+ since \S+: schema change; 2 waiting/);
    const listed = await stack.baton('runs');
    expect(`${listed.stdout}${listed.stderr}`).toMatch(
      /stores is paused by \S+ since \S+ \(schema change\); 2 runs waiting/,
    );
    const { code, stdout } = await stack.baton('doctor');
    expect(code).not.toBe(0);
    expect(stdout).toMatch(/stores is paused by/);

    const ended = await stack.baton('unpause', 'stores');
    expect(ended.stdout).toMatch(/^unpaused stores \(it was paused by .*\); 1 started; /);
    for (const { id } of await stack.runs('stores'))
      expect(await stack.atRest(id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(await stack.count('SELECT COUNT(*) FROM mart.stores')).toBe(2);
  },
);
