/** One state of everything: three files that wait, their runs and batches, the warehouse, and the drivers that are at work. */
import { createHash } from 'node:crypto';

import type { FoundFile } from '../../../../shared/engine/ports.ts';
import type { Run } from '../../../../shared/run/run.ts';
import type { RunFile } from '../../../../shared/run/trigger.ts';
import { storedRun } from '../../../../shared/store/stored-run.ts';
import { MemoryRunStore } from '../../../fakes/memory-run-store.ts';
import { fileOf } from '../../../fakes/world.ts';
import { tokenOf } from '../snapshot.ts';
import { SmallWarehouse } from './small-warehouse.ts';
import type { Budgets } from './configurations.ts';

const START = Date.parse('2026-11-24T08:00:00.000Z');
export const STEP_MS = 100_000;

/** What a driver was started for. */
export type Job =
  | { readonly kind: 'woken'; readonly runId: string }
  | { readonly kind: 'event'; readonly runId: string; readonly statementId: string; readonly status: string }
  | { readonly kind: 'tend' }
  | { readonly kind: 'cancel' | 'resume' | 'without'; readonly runId: string };

/** An answer that a driver has had. */
export interface Entry {
  readonly call: number;
  readonly name: string;
  readonly answer: unknown;
  readonly now: number;
  /** What the driver draws after it. */
  readonly token: string;
  /** Of all of this, for comparing states. */
  readonly text: string;
}

export interface Call {
  readonly number: number;
  readonly name: string;
  readonly parameters: readonly unknown[];
}

export interface DriverState {
  /** 1 or 2: the writer id. */
  readonly number: number;
  readonly job: Job;
  readonly entries: readonly Entry[];
  /** Without an answer yet. */
  readonly calls: readonly Call[];
}

/** The files, oldest first: `c` is a newer upload of the key of `a`, `b` has a bad row where the configuration says so. */
export const FILES = ['a 1', 'b 1', 'a 2'] as const;

export function fileNamed(name: string): RunFile {
  const [key = '', upload = ''] = name.split(' ');
  return fileOf(`orders/${key}.csv`, { etag: `etag-${name}`, sequencer: `000${upload}` });
}

export class State {
  readonly store = new MemoryRunStore();
  readonly artifacts: Map<string, string>;
  readonly objects: Map<string, FoundFile>;
  readonly warehouse: SmallWarehouse;
  time: number;
  /** Uploads whose event is not delivered yet. */
  arriving: readonly string[];
  /** Run ids of the files, by upload. */
  readonly runIds: Map<string, string>;
  drivers: readonly DriverState[];
  /** The number of the driver that made the last move; 0: none, or it has ended. */
  current: number;
  left: Budgets;
  tokens: number;

  constructor(from?: State) {
    this.artifacts = new Map(from?.artifacts);
    this.objects = new Map(from?.objects);
    this.warehouse = new SmallWarehouse(from?.warehouse);
    this.time = from?.time ?? START;
    this.arriving = from?.arriving ?? [];
    this.runIds = new Map(from?.runIds);
    this.drivers = from?.drivers ?? [];
    this.current = from?.current ?? 0;
    this.left = from?.left ?? NONE_LEFT;
    this.tokens = from?.tokens ?? 0;
    if (from === undefined) return;
    const { runs, rows, plans, pools, keys } = from.store;
    for (const [id, run] of runs) this.store.runs.set(id, run);
    for (const [id, of] of rows) this.store.rows.set(id, new Map(of));
    for (const [hash, plan] of plans) this.store.plans.set(hash, plan);
    for (const [name, pool] of pools) this.store.pools.set(name, pool);
    for (const [name, key] of keys) this.store.keys.set(name, key);
  }

  put(name: string): void {
    const file = fileNamed(name);
    const modified = new Date(this.time + this.objects.size).toISOString();
    this.objects.set(`${file.bucket}/${file.key}`, { ...file, modified });
    this.arriving = [...this.arriving, name];
  }

  nextToken(): string {
    this.tokens += 1;
    return tokenOf(this.tokens);
  }

  /** Equal for all states that no driver can tell apart, but for the drivers. */
  worldKey(): string {
    return digest(renamed(this.#worldText()));
  }

  key(): string {
    const drivers = this.drivers
      .map(
        ({ number, job, entries }) =>
          `${number}${JSON.stringify(job)}${entries.map(({ text }) => text).join('')}`,
      )
      .join('|');
    return digest(renamed(`${this.#worldText()}${this.current}${JSON.stringify(this.left)}${drivers}`));
  }

  #worldText(): string {
    const { store, warehouse } = this;
    const runs = [...store.runs.values()].map(textOf).sort();
    const rows = [...store.rows.values()].map((of) => [...of.keys()].join());
    return JSON.stringify([
      runs,
      rows,
      [...store.pools.values()],
      [...store.keys.values()],
      [...this.artifacts.keys()],
      [...this.objects.values()],
      warehouse.statements,
      warehouse.sessions,
      warehouse.commits,
      this.time,
      this.arriving,
    ]);
  }
}

const NONE_LEFT: Budgets = {
  switches: 0,
  kills: 0,
  cancelFile: 0,
  cancelBatch: 0,
  resumes: 0,
  overwrites: 0,
  waits: 0,
};

const texts = new WeakMap<Run, string>();

function textOf(run: Run): string {
  let text = texts.get(run);
  if (text === undefined) {
    text = JSON.stringify(storedRun(run));
    texts.set(run, text);
  }
  return text;
}

/** Tokens are random: they are numbered in the order in which they appear. */
function renamed(text: string): string {
  const names = new Map<string, number>();
  return text.replaceAll(/zz[a-j]{8}/g, (token) => {
    const known = names.get(token) ?? names.size;
    names.set(token, known);
    return `token ${known}`;
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64').slice(0, 22);
}
