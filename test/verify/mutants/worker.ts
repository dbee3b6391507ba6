/** A thread that switches one mutant on after the other and lets the suites run against it. */
import { parentPort, workerData } from 'node:worker_threads';

import type { Switch } from './instrument.ts';
import type { Item } from './suites.ts';

export interface Start {
  readonly schedules: number;
  /** On from the start: for what is evaluated when the core is loaded. */
  readonly active: number;
}

export type Job =
  /** Every item without a mutant: which mutants does each come upon? */
  | { readonly kind: 'survey' }
  | { readonly kind: 'hunt'; readonly mutant: number; readonly items: readonly string[] };

export type Report =
  | { readonly kind: 'alive' }
  | {
      readonly kind: 'met';
      readonly item: string;
      readonly itemKind: string;
      readonly mutants: readonly number[];
    }
  | { readonly kind: 'wrong'; readonly item: string; readonly message: string }
  | { readonly kind: 'surveyed' }
  | { readonly kind: 'killed'; readonly by: string; readonly message: string }
  | { readonly kind: 'survived' };

const ALIVE_EVERY_MS = 300;

Error.stackTraceLimit = 0;
const { schedules, active } = workerData as Start;
const mutantSwitch: Switch = { active };
(globalThis as { $mutants?: Switch }).$mutants = mutantSwitch;
const port = parentPort;
if (port === null) throw new Error('this is the program of a worker thread');
// Loaded now that the switch is set.
const { items } = await import('./suites.ts');
const known = new Map((await itemsWithoutMutant()).map((item) => [`${item.kind} ${item.name}`, item]));

port.on('message', (job: Job) => void (job.kind === 'survey' ? survey() : hunt(job.mutant, job.items)));
tell({ kind: 'alive' });

/** The number of crash points is found out by a run: of the untouched core, where that is possible. */
async function itemsWithoutMutant(): Promise<Item[]> {
  mutantSwitch.active = -1;
  const found = await items(schedules);
  mutantSwitch.active = active;
  return found;
}

async function survey(): Promise<void> {
  for (const [name, item] of known) {
    const met = new Set<number>();
    mutantSwitch.met = met;
    try {
      await item.run();
    } catch (error) {
      tell({ kind: 'wrong', item: name, message: String(error) });
    }
    tell({ kind: 'met', item: name, itemKind: item.kind, mutants: [...met] });
  }
  delete mutantSwitch.met;
  tell({ kind: 'surveyed' });
}

async function hunt(mutant: number, names: readonly string[]): Promise<void> {
  mutantSwitch.active = mutant;
  let told = performance.now();
  for (const name of names) {
    try {
      await known.get(name)?.run();
    } catch (error) {
      mutantSwitch.active = -1;
      tell({ kind: 'killed', by: name, message: error instanceof Error ? error.message : String(error) });
      return;
    }
    if (performance.now() - told > ALIVE_EVERY_MS) {
      told = performance.now();
      tell({ kind: 'alive' });
    }
  }
  mutantSwitch.active = -1;
  tell({ kind: 'survived' });
}

function tell(report: Report): void {
  port?.postMessage(report);
}
