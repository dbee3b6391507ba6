/** What a schedule is made of, drawn from its seed: its pipeline, and which faults may happen, how often. */
import { FAULT_KINDS } from './fault-kinds.ts';
import type { Shaped } from './plans.ts';
import { drawShape } from './plans.ts';
import type { Random } from './random.ts';

const RATES = {
  /** A driver dies at a gate. */
  kill: 0.06,
  /** A completion event, a wake-up never comes. */
  lose: 0.9,
  /** An event comes again. */
  double: 0.3,
  /** A statement fails. */
  fail: 0.25,
  /** A call goes wrong. */
  call: 0.08,
  /** An index answers from the past. */
  stale: 0.5,
  /** A person acts without need. */
  person: 1,
  /** The warehouse, or somebody by hand, does something unusual. */
  trouble: 1,
} as const;

type Rate = keyof typeof RATES;

/** How far a driver's clock is off at most, before or behind, in ms. */
export const MOST_SKEW_MS = 120_000;

export interface Swarm {
  readonly shaped: Shaped;
  readonly files: number;
  /** Drivers at once, at most. */
  readonly drivers: number;
  /** Up to which average duration `handoff: auto` waits. */
  readonly autoWaitMs: number;
  /** A driver lives so long, in ms. */
  readonly lifeMs: number;
  readonly skewed: boolean;
  /** How likely each is in this schedule: some schedules have none of a kind, some many. */
  readonly rates: Readonly<Record<Rate, number>>;
  /** The rare kinds that may happen in this schedule. */
  readonly kinds: ReadonlySet<string>;
  /** Nothing goes wrong at all. */
  readonly calm: boolean;
}

export function swarmOf(random: Random): Swarm {
  const calm = random.chance(0.03);
  const rate = (most: number): number => (calm || random.chance(0.4) ? 0 : random.next() * most);
  const rates = Object.fromEntries(Object.entries(RATES).map(([name, most]) => [name, rate(most)])) as Record<
    Rate,
    number
  >;
  const share = calm ? 0 : random.chance(0.2) ? 1 : random.next();
  const concurrency = random.chance(0.6) ? 1 : random.between(2, 3);
  const batches = random.chance(0.4);
  return {
    shaped: {
      shape: drawShape(random),
      concurrency,
      onFailure: random.chance(0.5) ? 'hold' : 'continue',
      onReplay: (['resume', 'rerun', 'skip'] as const)[random.below(3)] ?? 'resume',
      ...(batches ? { batch: drawBatch(random) } : {}),
      fuses: random.chance(0.75),
      handoff: (['auto', 'auto', 'wait', 'event'] as const)[random.below(4)] ?? 'auto',
    },
    files: batches ? random.between(2, 7) : random.between(1, concurrency === 1 ? 3 : 5),
    drivers: calm ? 1 : random.between(1, 4),
    autoWaitMs: random.pick([0, 250, 1_000]) ?? 0,
    lifeMs: !calm && random.chance(0.15) ? 14 * 60_000 : 60_000,
    skewed: !calm && random.chance(0.3),
    rates,
    kinds: new Set(FAULT_KINDS.filter(() => random.chance(share))),
    calm,
  };
}

function drawBatch(random: Random): NonNullable<Shaped['batch']> {
  return {
    files: random.between(2, 6),
    waitSeconds: random.chance(0.2) ? 90 : 0,
    isolates: random.chance(0.6),
  };
}
