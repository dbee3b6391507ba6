/**
 * A run as it lies in its item: flat, with plain names, for people who read it in the DynamoDB console. Which attributes
 * stand together is said by the union (shared/run/run.ts); here each that may be absent is optional.
 */
import { defined } from '../run/defined.ts';
import type {
  Batch,
  Claim,
  Failure,
  FailureCard,
  FinishedStep,
  Listed,
  PendingAction,
  LastRequest,
  Rebuilding,
  Run,
  RunState,
  Stopped,
  Work,
} from '../run/run.ts';
import { isAtRest, underwayOf } from '../run/run.ts';
import type { RunTrigger } from '../run/trigger.ts';

export interface StoredRun extends Partial<Claim> {
  readonly id: string;
  readonly pipeline: string;
  readonly planHash: string;
  readonly steps: number;
  readonly incarnationId: string;
  readonly trigger: RunTrigger;
  readonly triggerApart?: true;
  readonly batch?: StoredBatch;
  readonly parameters: Readonly<Record<string, string>>;
  readonly state: RunState;
  readonly phase: Work['phase'];
  readonly cursor: number;
  readonly step?: string;
  readonly attempt: number;
  readonly firstAttempt: number;
  readonly generation: number;
  readonly statementId?: string;
  readonly submittedAt?: string;
  readonly timedOut?: true;
  readonly nextCheckAt?: number;
  readonly waitingFor?: string;
  readonly sessionId?: string;
  readonly pid?: number;
  readonly verifySession?: true;
  readonly rebuildFrom?: number;
  readonly rebuild?: Rebuilding;
  readonly rebuilds?: number;
  readonly checkMarkerOf?: number;
  readonly handoff?: string;
  readonly took?: readonly number[];
  readonly slot?: true;
  readonly epoch?: number;
  readonly until?: string;
  readonly lastStep?: FinishedStep;
  readonly pendingActions?: readonly PendingAction[];
  readonly error?: Failure;
  readonly resumeWith?: Stopped['resumeWith'];
  readonly card?: FailureCard;
  readonly failedDrives?: number;
  readonly failures?: number;
  readonly lastRequest?: LastRequest;
  readonly replays?: readonly string[];
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly timeoutFrom?: string;
  readonly endedAt?: string;
  /** Of an absorbed run: the batch run. */
  readonly into?: string;
  readonly absorbedAt?: string;
  readonly version: number;
  readonly writerId: string;
}

/** `leaving`, `isolated`: absent if nothing. */
type StoredBatch = Pick<Batch, 'phase'> & Partial<Omit<Listed, 'phase'>>;

export function storedRun(run: Run): StoredRun {
  const { life: _, session: __, batch, slot, step, rebuilds, failedDrives, failures, replays, ...rest } = run;
  return defined({
    ...rest,
    ...storedLife(run),
    batch: batch && storedBatch(batch),
    step: step === '' ? undefined : step,
    ...storedSession(run),
    epoch: slot?.epoch,
    slot: slot?.held === true ? true : undefined,
    timeoutFrom: run.timeoutFrom === run.startedAt ? undefined : run.timeoutFrom,
    rebuilds: rebuilds === 0 ? undefined : rebuilds,
    failedDrives: failedDrives === 0 ? undefined : failedDrives,
    failures: failures === 0 ? undefined : failures,
    replays: replays.length === 0 ? undefined : replays,
  });
}

function storedBatch(batch: Batch): StoredBatch {
  if (batch.phase === 'GATHER') return batch;
  const { leaving, isolated, ...rest } = batch;
  return { ...rest, ...(leaving.length > 0 && { leaving }), ...(isolated > 0 && { isolated }) };
}

function storedLife(run: Run): Pick<StoredRun, 'state' | 'phase'> & Partial<StoredRun> {
  const { life } = run;
  if (isAtRest(run)) {
    const { pendingActions, nextCheckAt, ...rest } = { nextCheckAt: undefined, ...run.life };
    // Until all is done for it, the run is in the sweep's index.
    const endedAt = Date.parse('endedAt' in rest ? rest.endedAt : '');
    const pending =
      pendingActions.length === 0
        ? {}
        : { pendingActions, nextCheckAt: nextCheckAt ?? Math.floor(endedAt / 1000) };
    return { phase: 'READY', ...rest, ...pending };
  }
  if (!('work' in life)) return { phase: 'READY', ...life };
  const { work, ...rest } = life;
  const { nonce, ...claim } = { nonce: undefined, ...underwayOf(run) };
  return defined({
    ...rest,
    phase: work.phase,
    ...claim,
    nonce: nonce === 1 ? undefined : nonce,
    waitingFor: life.state === 'WAITING' && life.waitingFor !== '' ? life.waitingFor : undefined,
  });
}

function storedSession({ session }: Run): Partial<StoredRun> {
  switch (session.state) {
    case 'none':
      return {};
    case 'open':
      return defined({ sessionId: session.id, pid: session.pid, verifySession: session.mustVerify });
    case 'lost':
      return defined({ sessionId: session.id, pid: session.pid, rebuildFrom: session.rebuildFrom });
    default:
      return session satisfies never;
  }
}
