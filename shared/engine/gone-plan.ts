/** A stand-in for the plan of a run that is not in the table. Loaded only then. */
import type { Plan } from '../pipeline/plan.ts';
import type { Run } from '../run/run.ts';
import { isAtRest } from '../run/run.ts';

/**
 * Ending a run and performing the follow-ups of an ended one need no plan; today's says whether later files wait.
 * @throws Error for every other event
 */
export function planThatIsGone(run: Run, event: string, today: Plan | undefined): Plan {
  const { planHash: hash, pipeline } = run;
  const hasFollowUps = isAtRest(run) && run.life.pendingActions.length > 0;
  if (!hasFollowUps && event !== 'DriveFailed' && event !== 'cancel')
    throw new Error(`plan ${hash} is not in the table: was it deleted? The run cannot continue without it`);
  return {
    schema: 1,
    hash,
    pipeline,
    description: '',
    triggers: [],
    steps: [],
    session: { keepAliveSeconds: 0, set: {} },
    parameters: [],
    concurrency: 1,
    onFailure: today?.onFailure ?? 'hold',
    onReplay: 'skip',
    timeoutSeconds: 0,
    grade: 'D',
  };
}
