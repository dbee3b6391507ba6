/** Golden files: what a version of Baton stored and was told, kept for ever; later code must read it and bring it to its end. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** `<schema><letter>`: a letter for each change of the stored shape that older code can read. */
const VERSION = /^(\d+[a-z])\.(runs|events)\.jsonl$/;

export type StoredItem = Record<string, AttributeValue>;

interface StoredSession {
  readonly id: string;
  readonly status: 'AVAILABLE' | 'BUSY' | 'CLOSED';
}

interface StoredStatement {
  readonly id: string;
  readonly name?: string;
  readonly token?: string;
  readonly sessionId: string;
  readonly sqls: readonly string[];
  readonly status: 'RUNNING' | 'FINISHED' | 'FAILED' | 'ABORTED';
  readonly error?: string;
  readonly committed?: boolean;
  readonly forgotten?: boolean;
}

/** The whole table just behind a write of the run, and the warehouse at that moment. One line of a file. */
export interface Golden {
  /** What kind of moment it is: `RUNNING-CLAIMED-durable`. */
  readonly name: string;
  readonly runId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Where it must come to. `ABSORBED`: its batch succeeds. */
  readonly end: 'SUCCEEDED' | 'CANCELLED' | 'SUPERSEDED' | 'ABSORBED';
  readonly items: readonly StoredItem[];
  /** Of a batch: the texts in the artifacts bucket, by key. Versions before batches have none. */
  readonly artifacts?: Readonly<Record<string, string>>;
  readonly warehouse: {
    readonly sessions: readonly StoredSession[];
    readonly statements: readonly StoredStatement[];
  };
}

export interface GoldenEvent {
  readonly name: string;
  readonly reader: 'object-created' | 'wake-up' | 'request';
  /** Name of the golden run that it is about. */
  readonly of?: string;
  readonly event: unknown;
  /** What the code of that version read in it. */
  readonly read: unknown;
}

/** Newest last. */
export function versionsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const versions = readdirSync(folder).flatMap((file) => VERSION.exec(file)?.[1] ?? []);
  return [...new Set(versions)].sort(
    (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || a.localeCompare(b),
  );
}

export function readGoldens(folder: string, version: string): Golden[] {
  return linesOf(join(folder, `${version}.runs.jsonl`)).map((line) => JSON.parse(line, revived) as Golden);
}

export function readGoldenEvents(folder: string, version: string): GoldenEvent[] {
  return linesOf(join(folder, `${version}.events.jsonl`)).map((line) => JSON.parse(line) as GoldenEvent);
}

/** A binary value is base64 in the file. */
export function lineOf(golden: Golden | GoldenEvent): string {
  return JSON.stringify(golden, (_, value: unknown) =>
    value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value,
  );
}

function revived(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('base64' in value)) return value;
  return typeof value.base64 === 'string' ? new Uint8Array(Buffer.from(value.base64, 'base64')) : value;
}

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** Names and types of all attributes of all items of a kind, nested ones by their path. */
export function shapeOf(goldens: readonly Golden[]): Record<string, string[]> {
  const shapes = new Map<string, Set<string>>();
  for (const item of goldens.flatMap(({ items }) => items)) {
    const kind = (item['sk']?.S ?? '').split('#')[0] ?? '';
    const shape = shapes.get(kind) ?? new Set<string>();
    shapes.set(kind, shape);
    for (const [name, value] of Object.entries(item)) add(shape, name, value);
  }
  return Object.fromEntries(
    [...shapes]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([kind, shape]) => [kind, [...shape].sort((a, b) => a.localeCompare(b))]),
  );
}

/** Maps whose names are data. */
const OPEN_MAPS = new Set(['holders', 'parameters']);

function add(shape: Set<string>, path: string, value: AttributeValue): void {
  const type = Object.keys(value).find((name) => name !== '$unknown') ?? '?';
  shape.add(`${path}: ${type}`);
  if (value.M !== undefined && !OPEN_MAPS.has(path))
    for (const [name, part] of Object.entries(value.M)) add(shape, `${path}.${name}`, part);
  for (const part of value.L ?? []) add(shape, `${path}[]`, part);
}
