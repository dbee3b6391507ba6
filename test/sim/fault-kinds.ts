/** Everything that can go wrong in a schedule, by name, and how often it did. */

/** Calls of the ports, as the engine makes them. */
export const CALLS = {
  store: [
    'load',
    'create',
    'save',
    'record',
    'absorb',
    'loadAll',
    'loadKeys',
    'putHistory',
    'history',
    'putPlan',
    'loadPlan',
    'findDue',
    'findWaitingPipelines',
    'countQueued',
    'findQueued',
    'loadPool',
    'firstRunAt',
    'takeSlot',
    'releaseSlot',
    'handSlot',
    'pausePool',
    'unpausePool',
    'admitKey',
    'loadKey',
    'changeKey',
  ],
  warehouse: ['open', 'submit', 'describe', 'result', 'findByName', 'session', 'cancel', 'ask', 'runSmall'],
  files: ['find', 'list', 'getArtifact', 'putArtifact'],
  publisher: ['publish'],
} as const;

export type PortName = keyof typeof CALLS;

/** Writes that the SDK sends again by itself when their reply was lost. */
export const SENT_AGAIN = [
  'create',
  'save',
  'record',
  'absorb',
  'putHistory',
  'putPlan',
  'takeSlot',
  'releaseSlot',
  'handSlot',
  'pausePool',
  'unpausePool',
  'admitKey',
  'changeKey',
  'submit',
  'publish',
] as const;

const lostReplies = Object.entries(CALLS).flatMap(([port, methods]) =>
  methods.map((method) => `lost reply: ${port}.${method}`),
);

export const FAULT_KINDS: readonly string[] = [
  // Events
  'file event doubled',
  'file event lost',
  'completion event lost',
  'completion event doubled',
  'completion event out of order',
  'completion event minutes late',
  'completion event of an old attempt',
  'completion event of an old generation',
  'forged: another token',
  'forged: another principal',
  'forged: another statement',
  'wake-up lost',
  'wake-up doubled',
  // Drivers
  'driver killed',
  'driver out of time',
  'two drivers at once',
  'three drivers at once',
  'zombie: 45 seconds',
  'zombie: minutes',
  'clock off by more than a minute',
  // Calls
  ...lostReplies,
  ...SENT_AGAIN.map((method) => `sent again: ${method}`),
  'throttled: warehouse',
  'throttled: store',
  'error that names its statement',
  'refusal that used the token up',
  'index read out of date',
  'look-up by name too early',
  'description out of date',
  // Warehouse
  'statement failed',
  'check failed',
  'statement stopped outside Baton',
  'reported failed, was applied',
  'reported failed, applied later',
  'session step reported failed, was done',
  'session died',
  'session died under a commit: lost',
  'session died under a commit: committed',
  'session died under a commit: lands later',
  'session ended by its keep-alive',
  'statement forgotten',
  'warehouse paused',
  'opener slow',
  'call refused in a pause',
  'hours without anybody',
  'tokens forgotten',
  'history of 24 hours gone',
  // Batches
  'batch formed',
  'bad file',
  'file set aside',
  'file left its batch: newer upload',
  'file left its batch: overwritten',
  'file superseded while it waited',
  'file refused its batch',
  'batch cancelled: GATHER',
  'batch cancelled: MARK',
  'batch cancelled: SEALED',
  'listed file cancelled',
  'cancel of a file in a batch',
  'resume without a file',
  // By hand
  'file overwritten',
  'file put back',
  'file deleted',
  'deploy in mid-run',
  'run deleted',
  'pool deleted',
  'history deleted',
  'key deleted',
  'request doubled',
  'cancel',
  'resume',
  'resume from an earlier step',
  'resolve',
  'replay',
  'start by request',
  'start until a step',
  'resume until a step',
  'run paused after its step',
  'group ends at the step to pause after',
  'resume of a paused run',
  'backfill',
  'pause',
  'unpause',
  // Waits in the call
  'wait ended',
  'wait ran out',
  'wait refused',
  'wait ended, another driver went on',
  // Groups of steps
  'group sent',
  'group finished',
  'group rolled back',
  'group committed, a check failed',
  'group committed, its file was wrong',
  // What is done about it
  'attempt repeated',
  'session rebuilt',
  'token replaced',
  'decision needed',
  'slot given and run driven at once',
  'run created beside the queue',
  'run put into the queue later',
  'slot handed on',
  'run passed on to a driver that waits',
];

export type Tally = Record<string, number>;

export function count(tally: Tally, kind: string, times = 1): void {
  tally[kind] = (tally[kind] ?? 0) + times;
}

export function addTally(total: Tally, more: Tally): void {
  for (const [kind, times] of Object.entries(more)) count(total, kind, times);
}
