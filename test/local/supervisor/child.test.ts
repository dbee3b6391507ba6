import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Child, type ChildOptions } from '../../../local/supervisor/child.ts';
import { HomeInUse, lockHome } from '../../../local/supervisor/lock.ts';
import { storedClock } from '../../../local/supervisor/stored-clock.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-supervisor-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it did not come to pass in 10 s');
    await new Promise((done) => setTimeout(done, 10));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a child process', () => {
  const lines: string[] = [];
  let child: Child;

  function start(program: string, more: Partial<ChildOptions> = {}): Child {
    const file = join(folder, 'sample.mjs');
    writeFileSync(file, program);
    child = new Child({
      name: 'sample',
      program: file,
      logFile: join(folder, 'sample.log'),
      environment: () => ({ BATON_TEST: 'given' }),
      log: (line) => {
        lines.push(line);
      },
      ...more,
    });
    return child;
  }

  const program = `
    process.on('disconnect', () => process.exit(0));
    process.send({ kind: 'ready', port: process.pid });
    console.log(process.env.BATON_TEST, process.env.AWS_PROFILE);
  `;

  beforeEach(() => {
    lines.length = 0;
  });
  afterEach(async () => {
    await child.stop();
  });

  test('is ready with its port after it was prepared, and prints into its log', async () => {
    const prepared: number[] = [];
    const port = await start(program, {
      prepare: async (given) => {
        prepared.push(given);
      },
    }).port();
    expect(prepared).toEqual([port]);
    await until(() => readFileSync(join(folder, 'sample.log'), 'utf8') === 'given undefined\n');
  });

  test('is restarted when it is killed; callers wait for the new one', async () => {
    const first = await start(program).port();
    process.kill(first, 'SIGKILL');
    await until(() => child.status().restarts === 1);
    const second = await child.port();
    expect(second).not.toBe(first);
    expect(lines).toEqual([
      'sample: the process ended (SIGKILL); restarting in 100 ms',
      'sample: running again',
    ]);
  });

  test('that ends before it is ready is reported with its last output', async () => {
    await expect(start(`console.error('the folder is damaged'); process.exit(3);`).port()).rejects.toThrow(
      'sample: the process ended (code 3) before it was ready. the folder is damaged',
    );
  });

  test('ends with its channel, and is killed if it does not', async () => {
    const port = await start(
      `process.send({ kind: 'ready', port: process.pid }); setInterval(() => 0, 1000);`,
      {
        endWithinMs: 50,
      },
    ).port();
    await child.stop();
    expect(isAlive(port)).toBe(false);
  });
});

describe('the lock of a home', () => {
  test('admits one supervisor; the second gets an error with what to do', async () => {
    const lock = await lockHome(folder);
    await expect(lockHome(folder)).rejects.toThrow(HomeInUse);
    await expect(lockHome(folder)).rejects.toThrow(/another `baton up` is using .* stop it first/);
    await lock.release();
    await (await lockHome(folder)).release();
  });

  test('left by a killed process, is taken over', async () => {
    writeFileSync(join(folder, 'up.sock'), '');
    const lock = await lockHome(folder);
    await expect(lockHome(folder)).rejects.toThrow(HomeInUse);
    await lock.release();
  });

  test('works in a folder whose name is longer than a socket may have', async () => {
    const long = join(folder, 'x'.repeat(150));
    mkdirSync(long);
    const lock = await lockHome(long);
    await expect(lockHome(long)).rejects.toThrow(HomeInUse);
    await lock.release();
  });
});

describe('the stored clock', () => {
  test('keeps its advance after a restart', () => {
    const file = join(folder, 'state', 'clock.json');
    storedClock(file).advance(5000);
    expect(storedClock(file).offsetMs).toBe(5000);
  });

  test('is the real time if its file is damaged', () => {
    const file = join(folder, 'clock.json');
    writeFileSync(file, '{"offs');
    expect(storedClock(file).offsetMs).toBe(0);
  });
});
