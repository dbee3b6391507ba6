/** The only way from a stored item to a run: total, and the only place that refuses a combination that means nothing. */
import { defined } from '../run/defined.ts';
import type {
  Batch,
  FailureClass,
  Life,
  Run,
  RunState,
  Session,
  Slot,
  StepStatus,
  Underway,
  Work,
} from '../run/run.ts';
import type { RunTrigger } from '../run/trigger.ts';
import type { Read, Shape } from './shape.ts';
import { count, flag, instant, list, map, one, optional, record, text, truth } from './shape.ts';

/** Attributes that schema 1 called otherwise. */
const RENAMED: Readonly<Record<string, string>> = {
  birth: 'incarnationId',
  by: 'writerId',
  next: 'nextCheckAt',
  last: 'lastStep',
  owed: 'pendingActions',
  troubles: 'failedDrives',
  doubtSince: 'outcomeUnknownSince',
  inputSeen: 'fileAtClaim',
  countsFrom: 'timeoutFrom',
  proveSession: 'verifySession',
};

/** A class that a newer version made is kept as it is: it is only shown. */
const failureClass = text as Shape<FailureClass>;

const place = { place: optional(text), rolledBack: flag };

const outcome = map({ is: one('applied', 'unknown'), because: text });

const failure = map({
  class: failureClass,
  message: text,
  step: optional(text),
  statementId: optional(text),
  ...place,
  group: optional(count),
  outcome: optional(outcome),
});

/** The steps that were sent together with the one of a history row. */
const fused = map({
  first: count,
  status: one('FINISHED', 'ROLLED_BACK'),
  counts: optional(list(map({ rows: optional(count), ms: optional(count) }))),
});

const finishedStep = map({
  index: count,
  name: text,
  generation: count,
  attempt: count,
  status: one<StepStatus>('FINISHED', 'FAILED', 'ABORTED'),
  startedAt: instant,
  endedAt: instant,
  statementId: optional(text),
  rows: optional(count),
  error: optional(text),
  errorClass: optional(failureClass),
  seal: optional(count),
  fused: optional(fused),
  ...place,
});

const rebuild = map({
  resumeAt: count,
  attempt: count,
  firstAttempt: count,
  todo: list(map({ index: count, compare: truth, rows: optional(count) })),
});

const lastRequest = map({
  requestId: text,
  verb: one('resume', 'cancel', 'resolve', 'start'),
  actor: text,
  at: text,
  answer: text,
});

const file = map({
  bucket: text,
  key: text,
  size: count,
  etag: text,
  versionId: optional(text),
  sequencer: optional(text),
});

const common = { time: instant, replayName: optional(text) };

const triggers = {
  s3: map({ kind: one('s3'), ...common, file, backfill: flag }),
  batch: map({ kind: one('batch'), ...common, head: map({ runId: text, version: count }) }),
  request: map({ kind: one('request'), ...common, requestId: text, actor: text, file: optional(file) }),
  schedule: map({ kind: one('schedule'), ...common, schedule: text }),
  event: map({
    kind: one('event'),
    ...common,
    event: map({ id: text, source: text, detailType: text, json: text }),
  }),
  pipeline: map({ kind: one('pipeline'), ...common, upstream: map({ pipeline: text, runId: text }) }),
};

const trigger: Shape<RunTrigger> = (value, at) => {
  const { kind } = map({ kind: one(...(Object.keys(triggers) as RunTrigger['kind'][])) })(value, at);
  return triggers[kind](value, at);
};

const leaving = map({ runId: text, error: optional(failure) });

const phaseOfBatch = map({ phase: one('GATHER', 'MARK', 'SEALED') });
const listed = map({
  phase: one('MARK', 'SEALED'),
  list: text,
  seal: count,
  files: count,
  bytes: count,
  leaving: optional(list(leaving)),
  isolated: optional(count),
});

/** The files of a batch. */
const batch: Shape<Batch> = (value, at) => {
  const { phase: is } = phaseOfBatch(value, at);
  return is === 'GATHER' ? { phase: is } : { leaving: [], isolated: 0, ...listed(value, at) };
};

/** What stands in every item. */
const always = map({
  id: text,
  pipeline: text,
  planHash: text,
  steps: count,
  incarnationId: text,
  parameters: record(text),
  trigger,
  triggerApart: flag,
  batch: optional(batch),
  cursor: count,
  attempt: count,
  firstAttempt: count,
  generation: count,
  rebuild: optional(rebuild),
  checkMarkerOf: optional(count),
  handoff: optional(text),
  took: optional(list(count)),
  until: optional(text),
  lastStep: optional(finishedStep),
  lastRequest: optional(lastRequest),
  createdAt: instant,
  startedAt: optional(instant),
  version: count,
  writerId: text,
});

const counted = map({
  rebuilds: optional(count),
  failedDrives: optional(count),
  failures: optional(count),
  replays: optional(list(text)),
  timeoutFrom: optional(instant),
});

const session = map({
  sessionId: optional(text),
  pid: optional(count),
  verifySession: flag,
  rebuildFrom: optional(count),
});

/** Absent when all steps are done. */
const step = map({ step: text });

const slot = map({ slot: flag, epoch: optional(count) });
const heldSlot = map({ epoch: count });

const claim = {
  token: text,
  claimedAt: instant,
  refusedSince: optional(instant),
  fileAtClaim: optional(
    map({ modified: optional(text), versionId: optional(text), snapshot: optional(text) }),
  ),
  outcomeUnknownSince: optional(instant),
  group: optional(count),
};

const claimed = map({ phase: one('CLAIMED'), ...claim });
const submitted = map({
  phase: one('SUBMITTED'),
  ...claim,
  statementId: text,
  submittedAt: instant,
  timedOut: flag,
});
const nonce = map({ nonce: optional(count) });

const state = map({
  state: one<RunState>(
    'QUEUED',
    'RUNNING',
    'WAITING',
    'CANCELLING',
    'FAILED',
    'NEEDS_DECISION',
    'PAUSED',
    'SUCCEEDED',
    'CANCELLED',
    'SUPERSEDED',
    'ABSORBED',
  ),
});
const phase = map({ phase: one('READY', 'CLAIMED', 'SUBMITTED') });
const looked = map({ nextCheckAt: count });
const maybeLooked = map({ nextCheckAt: optional(count) });
const waiting = map({ waitingFor: optional(text) });
const ended = map({
  endedAt: instant,
  nextCheckAt: optional(count),
  pendingActions: optional(list(one('members', 'history', 'release', 'wake', 'publish', 'close'))),
});
const absorbed = map({ into: text, absorbedAt: instant });
const failed = map({ error: failure });
const remedy = map({
  resumeWith: optional(map({ command: text, event: text })),
  card: optional(map({ text, waiting: optional(count) })),
});

/** @throws MalformedItemError where the item is none that a run is stored as. */
export function parseRun(item: Readonly<Record<string, unknown>>): Run {
  const older: [string, unknown][] = Object.entries(RENAMED).map(([before, name]) => [name, item[before]]);
  const renamed = { ...Object.fromEntries(older), ...item };
  const read = <T>(shape: Shape<T>): T => shape(renamed, `run ${String(item['id'])} in the table: `);
  const run = read(always);
  const { rebuilds = 0, failedDrives = 0, failures = 0, replays = [], timeoutFrom } = read(counted);
  return {
    ...run,
    life: lifeOf(read),
    session: sessionOf(read(session)),
    step: run.cursor < run.steps ? read(step).step : '',
    rebuilds,
    failedDrives,
    failures,
    replays,
    ...defined({ slot: slotOf(read), timeoutFrom: timeoutFrom ?? run.startedAt }),
  };
}

type Reader = <T>(shape: Shape<T>) => T;

function lifeOf(read: Reader): Life {
  const { state: is } = read(state);
  switch (is) {
    case 'QUEUED':
      return { state: is, ...defined(read(maybeLooked)) };
    case 'RUNNING':
      return { state: is, work: workOf(read), ...read(looked) };
    case 'WAITING':
      return { state: is, work: workOf(read), ...read(looked), waitingFor: read(waiting).waitingFor ?? '' };
    case 'CANCELLING':
      return { state: is, work: underwayOf(read), ...read(looked) };
    case 'FAILED':
    case 'NEEDS_DECISION':
      return { state: is, ...read(failed), ...read(remedy), ...endOf(read) };
    case 'PAUSED':
    case 'SUCCEEDED':
      return { state: is, ...endOf(read) };
    case 'CANCELLED':
      return { state: is, ...read(failed), ...endOf(read) };
    case 'SUPERSEDED':
      return { state: is, endedAt: read(ended).endedAt, pendingActions: [] };
    case 'ABSORBED':
      return { state: is, ...read(absorbed), pendingActions: [] };
    default:
      return is satisfies never;
  }
}

function endOf(read: Reader) {
  const { endedAt, nextCheckAt, pendingActions = [] } = read(ended);
  const isKept = pendingActions.length > 0 && nextCheckAt !== Math.floor(Date.parse(endedAt) / 1000);
  return { endedAt, pendingActions, ...(isKept && defined({ nextCheckAt })) };
}

function workOf(read: Reader): Work {
  return read(phase).phase === 'READY' ? { phase: 'READY' } : underwayOf(read);
}

function underwayOf(read: Reader): Underway {
  const work = read(phase).phase === 'SUBMITTED' ? read(submitted) : read(claimed);
  return { ...work, nonce: read(nonce).nonce ?? 1 };
}

function sessionOf({ sessionId, pid, verifySession, rebuildFrom }: Read<typeof session>): Session {
  if (rebuildFrom !== undefined) return { state: 'lost', rebuildFrom, ...defined({ id: sessionId, pid }) };
  return sessionId === undefined
    ? { state: 'none' }
    : { state: 'open', id: sessionId, ...defined({ pid, mustVerify: verifySession }) };
}

function slotOf(read: Reader): Slot | undefined {
  if (read(slot).slot === true) return { held: true, ...read(heldSlot) };
  const { epoch } = read(slot);
  if (epoch !== undefined) return { held: false, epoch };
  return undefined;
}
