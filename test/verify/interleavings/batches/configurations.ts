/**
 * Small configurations of batches: two files and a newer upload of the first one's key wait; one of them may be bad. Two drivers
 * stand between any two calls, and one may be killed; how often one takes over while the other is in the middle of its work
 * (`switches`) bounds the states, which are then explored completely.
 */
import type { Plan } from '../../../../shared/pipeline/plan.ts';
import { lineageOf, planOf } from '../../../fakes/world.ts';
import { commit, load } from '../../../sim/sample-steps.ts';

/** What may happen so many times in all. */
export interface Budgets {
  /** A driver takes over while another stands in the middle of its work. */
  readonly switches: number;
  readonly kills: number;
  readonly cancelFile: number;
  readonly cancelBatch: number;
  /** A person resumes a file that was set aside, or a batch without its bad file. */
  readonly resumes: number;
  /** A file is uploaded again. */
  readonly overwrites: number;
  /** 100 s pass, while drivers may stand still. */
  readonly waits: number;
}

export interface BatchConfiguration {
  readonly name: string;
  readonly plan: Plan;
  /** A driver is about to absorb the files: what comes before is in the other configurations. */
  readonly beginsInMark: boolean;
  /** File `b` cannot be loaded. */
  readonly hasBadFile: boolean;
  readonly budgets: Budgets;
  /** Only so many states, about: it is too large to be explored completely. */
  readonly most: number;
}

/** Some minutes on one core. */
const MOST = 1_500_000;

const creates = { lineage: lineageOf({ createsTemp: ['stage'] }) };

const unlimited = { timeoutSeconds: 1_000_000_000 };

function configuration(
  concurrency: 1 | 2,
  badFile: 'isolate' | 'fail' | 'none',
  budgets: Partial<Budgets>,
  beginsInMark = false,
): BatchConfiguration {
  const words = Object.entries(budgets).map(([kind, count]) => `${count} ${kind}`);
  const batch = { files: 500, bytes: 1_000_000, waitSeconds: 0 };
  return {
    name: [
      `batch of 3 files, concurrency ${concurrency}, bad file: ${badFile}`,
      ...(beginsInMark ? ['from MARK'] : []),
      ...words,
    ].join(', '),
    plan: planOf(
      [
        { ...load, ...creates, ...unlimited },
        { ...commit('20_commit.sql', 'dim', 'stage'), ...unlimited },
      ],
      {
        concurrency,
        triggers: [{ kind: 's3', prefix: 'orders/', suffix: '.csv', batch }],
        ...unlimited,
        ...(badFile === 'isolate' ? { isolateFiles: 10 } : {}),
      },
    ),
    beginsInMark,
    hasBadFile: badFile !== 'none',
    most: MOST,
    budgets: {
      switches: 0,
      kills: 0,
      cancelFile: 0,
      cancelBatch: 0,
      resumes: 0,
      overwrites: 0,
      waits: 0,
      ...budgets,
    },
  };
}

/** Explored by `npm test`. */
export const smallestBatch = configuration(1, 'none', { kills: 1 });

export const batchConfigurations: readonly BatchConfiguration[] = [
  smallestBatch,
  configuration(1, 'isolate', { switches: 1, kills: 1, resumes: 1 }),
  configuration(2, 'isolate', { switches: 1, kills: 1 }),
  configuration(1, 'isolate', { kills: 1, resumes: 1, cancelFile: 1, cancelBatch: 1 }),
  configuration(1, 'none', { switches: 1, cancelFile: 1 }),
  configuration(1, 'isolate', { switches: 1, cancelBatch: 1 }),
  configuration(1, 'none', { switches: 1, overwrites: 1 }),
  configuration(2, 'isolate', { kills: 1, overwrites: 1, resumes: 1 }),
  configuration(1, 'fail', { switches: 1, kills: 1, resumes: 1 }),
  configuration(2, 'none', { switches: 2 }),
  configuration(1, 'isolate', { switches: 1, kills: 1, waits: 1 }),
  configuration(1, 'isolate', { switches: 1, resumes: 1 }, true),
  configuration(1, 'isolate', { switches: 1, kills: 1, resumes: 1, cancelFile: 1 }, true),
  configuration(1, 'isolate', { switches: 1, cancelBatch: 1, overwrites: 1 }, true),
];
