import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { BusEvent } from '../../../local/bus-event.ts';
import { temporaryHome, until } from './harness.ts';

describe('S3, bus and queue, killed at any moment', () => {
  let home: string;
  let remove: () => Promise<void>;
  let child: ChildProcess | undefined;

  beforeAll(async () => {
    ({ home, remove } = await temporaryHome());
  });

  afterAll(async () => {
    child?.kill('SIGKILL');
    await remove();
  });

  async function start(): Promise<string> {
    child = spawn(process.execPath, [join(import.meta.dirname, 'killed-process.ts'), home], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    return `http://127.0.0.1:${line.toString().trim()}/landing`;
  }

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** The events in the queue, by key. */
  async function arrived(): Promise<Map<string, BusEvent[]>> {
    const events = new Map<string, BusEvent[]>();
    const queue = join(home, 'state/queues/arrivals');
    for (const name of await readdir(queue)) {
      if (!name.endsWith('.json')) continue;
      const { body } = JSON.parse(await readFile(join(queue, name), 'utf8')) as { body: string };
      const event = JSON.parse(body) as BusEvent;
      const { key } = event.detail['object'] as { key: string };
      events.set(key, [...(events.get(key) ?? []), event]);
    }
    return events;
  }

  it('lose no upload, and send no upload with two sequencers', async () => {
    const answered: string[] = [];
    const copied: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const bucket = await start();
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let turn = 0; ; turn += 1) {
          const key = `put-${String(round)}-${String(writer)}-${String(turn)}`;
          try {
            const { ok } = await fetch(`${bucket}/${key}`, { method: 'PUT', body: key });
            if (ok) answered.push(key);
          } catch {
            return;
          }
        }
      });
      for (let turn = 0; turn < 5; turn += 1) {
        const key = `copied-${String(round)}-${String(turn)}`;
        await writeFile(join(home, 's3/landing', key), key);
        copied.push(key);
      }
      // A different moment each round, counted in finished uploads.
      const enough = answered.length + 10 + round * 7;
      await until(() => answered.length >= enough);
      await kill();
      await Promise.all(writers);
    }
    await start();
    // Also what was put in place for a client that never heard of it.
    const files = await readdir(join(home, 's3/landing'));
    expect(files).toEqual(expect.arrayContaining([...answered, ...copied]));
    let events = await arrived();
    await until(async () => {
      events = await arrived();
      return files.every((key) => events.has(key));
    });
    for (const ofKey of events.values()) {
      const sequencers = ofKey.map(({ detail }) => (detail['object'] as { sequencer: string }).sequencer);
      expect(new Set(sequencers).size).toBe(1);
    }
    expect([...events.keys()].sort()).toEqual(files.sort());
  });
});
