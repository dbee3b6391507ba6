/** The real handlers over fake ports, with the real log: what a function writes when something goes wrong. */
import process from 'node:process';

import type { Context } from 'aws-lambda';
import { vi } from 'vitest';

import { PlanCache } from '../../shared/engine/plan-cache.ts';
import type { Config } from '../../shared/middleware/config.ts';
import { log } from '../../shared/middleware/log.ts';
import type { Wiring } from '../../shared/middleware/wiring.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { planOf, World } from '../fakes/world.ts';

export type Line = Readonly<Record<string, unknown>>;

/** What the mocked wiring and plans of a test file give to the handlers. */
export interface Held {
  wiring: Wiring | undefined;
  plans: readonly Plan[];
}

export interface Stage {
  readonly world: World;
  /** Every JSON line that was written. */
  readonly lines: readonly Line[];
}

/** A stage with the pipeline `orders`, which loads files below `orders/`. */
export function stageFor(held: Held): Stage {
  const world = new World();
  const lines: Line[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(JSON.parse(String(text)) as Line);
    return true;
  });
  held.plans = [planOf([{}])];
  held.wiring = {
    config: { ...world.ports.settings, roleName: 'baton-test-functions' } as Config,
    ports: { ...world.ports, log },
    plans: new PlanCache(world.store, () => held.plans),
  };
  return { world, lines };
}

/** Replaces ports of the stage: a service that fails. */
export function breakPorts(held: Held, broken: Partial<Wiring['ports']>): void {
  if (held.wiring === undefined) throw new Error('no stage was made');
  held.wiring = { ...held.wiring, ports: { ...held.wiring.ports, ...broken } };
}

type Handler = (event: unknown, context: Context) => Promise<unknown>;

export async function invoke(handler: unknown, event: unknown): Promise<unknown> {
  const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 60_000 } as Context;
  return (handler as Handler)(event, context);
}

/** A batch of the arrivals queue. */
export function batchOf(...bodies: readonly unknown[]): unknown {
  return { Records: bodies.map((body, i) => ({ messageId: `m${i + 1}`, body: JSON.stringify(body) })) };
}

/** S3's event for a file. */
export function arrivalOf(key: string): unknown {
  return {
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: '2026-11-24T08:00:00Z',
    detail: { bucket: { name: 'landing' }, object: { key, size: 3, etag: 'e', sequencer: '01' } },
  };
}
