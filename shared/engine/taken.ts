/** Runs that got a slot through this invocation, which drives them itself when its own work is done: no event is needed. */
import type { Durations, Run } from '../run/run.ts';
import { drive } from './drive.ts';
import type { Engine } from './ports.ts';
import { slotTaken } from './slots.ts';

/** A run as it waited, and its slot. */
export interface Taken {
  readonly run: Run;
  readonly epoch: number;
  /** As in the pool. */
  readonly took?: Durations;
}

/** What fails here is left to the sweep: the run is stored, and the pool lists it. */
export async function driveTaken(engine: Engine): Promise<void> {
  for (let next = engine.taken?.shift(); next !== undefined; next = engine.taken?.shift()) {
    const { run, ...slot } = next;
    try {
      await drive(run.id, await slotTaken(run, slot, engine), engine, run);
    } catch (error) {
      engine.log('error', 'the run could not be driven; the sweep does', { run: run.id, error });
    }
  }
}
