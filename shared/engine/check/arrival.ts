/**
 * How a check learns that an event arrives at `run-step`: the event carries a name of the check's own, `run-step` writes
 * what it saw over a note in the artifacts bucket, and the check reads it there. Needs no permission beyond those of runs.
 */
import type { StatementStatus } from '../../warehouse/warehouse.ts';
import type { Engine } from '../ports.ts';

/** What run-step saw. */
export interface Arrival {
  /** On the clock of run-step, in ms. */
  readonly receivedAt: number;
  /** `time` of the event, in ms. */
  readonly eventAt?: number;
  readonly statementId?: string;
  readonly state?: string;
  readonly rows?: number;
  readonly principal?: string;
  /** The statement's status by DescribeStatement, at that moment. */
  readonly described?: StatementStatus['status'] | 'NOT_FOUND';
}

/** As many random characters as guessing takes too long for; of a-z2-7. */
const ID_LENGTH = 10;
const ID = /^[a-z2-7]{10}$/;
const POLL_MS = 100;

export function arrivalId(engine: Pick<Engine, 'randomToken'>): string {
  return engine.randomToken().slice(0, ID_LENGTH);
}

/** The name of a statement whose completion event is awaited; no run has such a name (shared/warehouse/statement-name.ts). */
export function checkedName(stage: string, id: string): string {
  return `baton:${stage}:check:${id};`;
}

/** The id in a name that `checkedName` made for this stage; undefined for any other. */
export function idInName(name: string, stage: string): string | undefined {
  const id = name.slice(`baton:${stage}:check:`.length, -1);
  return isArrivalId(id) && name === checkedName(stage, id) ? id : undefined;
}

export function isArrivalId(id: unknown): id is string {
  return typeof id === 'string' && ID.test(id);
}

function keyOf(id: string): string {
  return `manifests/baton-check/event-${id}.json`;
}

/** Before the event is caused. */
export async function expectArrival(id: string, engine: Engine): Promise<void> {
  await engine.files.putArtifact(keyOf(id), '{}');
}

export async function noteArrival(id: string, arrival: Arrival, engine: Engine): Promise<void> {
  await engine.files.putArtifact(keyOf(id), JSON.stringify(arrival));
}

/** Waits for it; undefined: it did not arrive in `waitMs`. */
export async function arrivalOf(id: string, waitMs: number, engine: Engine): Promise<Arrival | undefined> {
  for (let waited = 0; ; waited += POLL_MS) {
    const found = JSON.parse((await engine.files.getArtifact(keyOf(id))) ?? '{}') as Partial<Arrival>;
    const { receivedAt } = found;
    if (receivedAt !== undefined) return { ...found, receivedAt };
    if (waited >= waitMs) return undefined;
    await engine.pause(POLL_MS);
  }
}
