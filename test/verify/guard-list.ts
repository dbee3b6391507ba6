/** The guards of the protocol, each as the change that removes it. */
export interface Edit {
  readonly file: string;
  /** Exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export interface Guard {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** What holds when this guard alone is gone: the schedules need not notice it. The pair must be noticed. */
  readonly backedBy?: string;
  /** Why the simulator cannot meet what this guard is for: it has to be held by tests of its own. */
  readonly outOfReach?: string;
}

const lookUp: Edit = {
  file: 'shared/run/decide.ts',
  find: `return ask(run, { kind: 'LookUpName', why: 'old-claim' });`,
  replace: `return ask(run, { kind: 'Submit', tries: 0 });`,
};
const sameToken: Edit = {
  file: 'shared/engine/perform.ts',
  find: 'token,\n    sqls,',
  replace: 'token: ports.randomToken(),\n    sqls,',
};
const twoProbes: Edit = {
  file: 'shared/run/probe.ts',
  find: 'since !== undefined && context.now - Date.parse(since) >= BETWEEN_PROBES_MS',
  replace: 'since === undefined || since !== undefined',
};
const openTransactions: Edit = {
  file: 'shared/run/probe.ts',
  find: `if (event.open === 'some') return askAgain(run, context);`,
  replace: '',
};
const eventToken: Edit = {
  file: 'shared/run/decide.ts',
  find: 'run.token === undefined || !run.token.startsWith(event.tokenStart) || event.tokenStart.length < 10',
  replace: 'run.token === undefined',
};
const eventStatement: Edit = {
  file: 'shared/run/decide.ts',
  find: '!event.trusted || run.statementId !== event.statementId',
  replace: '!event.trusted',
};
const engineLimit: Edit = {
  file: 'shared/engine/slots.ts',
  find: '>= plan.concurrency) {',
  replace: '>= plan.concurrency + 9) {',
};
// The store's conditions are those of DynamoDB's expressions; one contract suite holds the two stores to the same.
const storeLimit: Edit = {
  file: 'test/fakes/memory-run-store.ts',
  find: 'Object.keys(there.holders).length >= limit ||',
  replace: '',
};
const storeEpoch: Edit = {
  file: 'test/fakes/memory-run-store.ts',
  find: 'there.epoch !== pool.epoch ||',
  replace: '',
};
const oldestFirst: Edit = {
  file: 'shared/engine/slots.ts',
  find: 'if (head !== undefined && head !== run.id && (await isOlder(head, run, ports))) {',
  replace: `if (head === '') {`,
};
const releaseEpoch: Edit = {
  file: 'test/fakes/memory-run-store.ts',
  find: 'if (there?.holders[runId] === epoch) delete',
  replace: 'if (there !== undefined) delete',
};

export const guards: readonly Guard[] = [
  {
    name: 'an old claim: the name is looked up before it is submitted again',
    edits: [lookUp],
  },
  {
    name: 'an old claim is submitted again under the same token',
    edits: [sameToken],
    backedBy: 'the look-up by name',
  },
  { name: 'pair: look-up by name, and same token', edits: [lookUp, sameToken] },
  {
    name: 'an old claim is not submitted again once its token may be forgotten',
    backedBy: 'the look-up by name',
    edits: [
      {
        file: 'shared/run/submission.ts',
        find: 'if (age < TOKEN_WINDOW_MS) return ask',
        replace: 'return ask',
      },
    ],
  },
  {
    name: 'the look-up by name before a lost session is concluded',
    edits: [
      {
        file: 'shared/run/submission.ts',
        find: `if (gone) return ask(run, { kind: 'LookUpName', why: 'session-gone' });`,
        replace: `if (gone) return onNameNotFound(run, context, 'session-gone');`,
      },
    ],
    backedBy: 'the marker',
  },
  {
    name: 'the marker is probed before a durable step is run again',
    edits: [
      {
        file: 'shared/run/doubt.ts',
        find: `return ask(run, { kind: 'ProbeMarker', failure, ...(end === undefined ? {} : { end }) });`,
        replace: 'return onSessionLost(run, context, failure);',
      },
    ],
  },
  {
    name: 'the marker is inserted with the step',
    edits: [
      {
        file: 'shared/engine/statements.ts',
        find: 'return [...sqls, comment + marker];',
        replace: 'return sqls.concat(marker.slice(0, 0));',
      },
    ],
  },
  {
    name: 'two probes a minute apart',
    edits: [twoProbes],
    backedBy: 'the look at open transactions',
  },
  {
    name: 'the look at open transactions',
    edits: [openTransactions],
    backedBy: 'two probes a minute apart',
  },
  { name: 'pair: two probes a minute apart, and open transactions', edits: [twoProbes, openTransactions] },
  {
    name: 'an unknown end is doubted',
    edits: [
      {
        file: 'shared/run/step-end.ts',
        find: `if (failure.class === 'unknown' || failure.class === 'session-lost')`,
        replace: `if (failure.class === 'cancelled')`,
      },
    ],
  },
  {
    name: 'the version condition on save',
    edits: [
      {
        file: 'test/fakes/memory-run-store.ts',
        find: `if (this.runs.get(run.id)?.version !== version) return 'conflict';`,
        replace: '',
      },
    ],
  },
  {
    name: 'the token condition on record',
    edits: [
      {
        file: 'test/fakes/memory-run-store.ts',
        find: ' || there.token !== run.token) return',
        replace: ') return',
      },
    ],
  },
  {
    name: 'the phase condition on record',
    edits: [
      {
        file: 'test/fakes/memory-run-store.ts',
        find: `there.phase !== 'CLAIMED' || there.token`,
        replace: 'there.token',
      },
    ],
    backedBy: 'the token: a second record under the same token writes the same statement',
  },
  {
    name: 'a run is created once',
    edits: [
      {
        file: 'test/fakes/memory-run-store.ts',
        find: `if (there !== undefined) return { outcome: 'exists', run: copy(there) };`,
        replace: '',
      },
    ],
  },
  { name: 'the token of a completion event', edits: [eventToken] },
  {
    name: 'the statement of a completion event',
    edits: [eventStatement],
    backedBy: 'its token',
  },
  { name: 'pair: token and statement of a completion event', edits: [eventToken, eventStatement] },
  {
    name: 'attempt + 1 on a retry',
    edits: [
      {
        file: 'shared/run/step-end.ts',
        find: 'attempt: run.attempt + 1,',
        replace: 'attempt: run.attempt,',
      },
    ],
  },
  {
    name: 'generation + 1 on a rebuild',
    edits: [
      {
        file: 'shared/run/rebuild.ts',
        find: 'generation: run.generation + 1,',
        replace: 'generation: run.generation,',
      },
    ],
  },
  {
    name: 'the claim is stored before the submission',
    edits: [
      {
        file: 'shared/run/claim.ts',
        find: `  return store(\n    claimed,`,
        replace: `  return ask(\n    claimed,`,
      },
    ],
  },
  {
    name: 'a young claim is left to its claimer',
    edits: [
      {
        file: 'shared/run/decision.ts',
        find: 'CLAIM_IS_YOUNG_MS = 90_000',
        replace: 'CLAIM_IS_YOUNG_MS = 0',
      },
    ],
    backedBy: 'the same token, and the look-up by name',
  },
  {
    name: 'the row of the step before is written before the next one ends',
    edits: [
      {
        file: 'shared/run/step-end.ts',
        find: `  if (run.last !== undefined) return ask(run, { kind: 'WriteHistory', row: run.last, afterwards: event });\n  const row = finishedStep(run, end);`,
        replace: '  const row = finishedStep(run, end);',
      },
    ],
  },
  {
    name: 'the sweep drives holders that do not know their slot',
    edits: [{ file: 'shared/engine/sweep.ts', find: ', ...unaware.flat()', replace: '' }],
  },
  {
    name: 'the sweep drives the heads of the queues',
    edits: [
      {
        file: 'shared/engine/sweep.ts',
        find: '...heads.map((head) => head.runId), ',
        replace: '',
      },
    ],
  },
  {
    name: 'the slot limit, as the engine reads it',
    edits: [engineLimit],
    backedBy: 'the condition of the write',
  },
  {
    name: 'the slot limit, as a condition of the write',
    edits: [storeLimit],
    backedBy: 'the epoch condition of the same write',
  },
  {
    name: 'the pool epoch, as a condition of the write',
    edits: [storeEpoch],
    backedBy: 'the limit condition of the same write',
  },
  { name: 'pair: slot limit in the engine and in the write', edits: [engineLimit, storeLimit] },
  {
    name: 'pair: slot limit and pool epoch in the write',
    edits: [storeLimit, storeEpoch],
    backedBy: 'the look at the pool just before, and the order of the queue',
  },
  {
    name: 'all three: slot limit and pool epoch in the write, and oldest first',
    edits: [storeLimit, storeEpoch, oldestFirst],
  },
  {
    name: 'a slot is released only under its own epoch',
    edits: [releaseEpoch],
    outOfReach: 'the simulated pipeline holds its slot when it fails, so no run ever has a slot twice',
  },
  {
    name: 'an ended run gives its slot back',
    edits: [
      {
        file: 'shared/run/stop.ts',
        find: `cursor: run.steps,\n    last: row,\n    owed: ['history', 'release', 'wake', 'publish', 'close'],`,
        replace: `cursor: run.steps,\n    last: row,\n    owed: ['history', 'wake', 'publish', 'close'],`,
      },
    ],
  },
  {
    name: 'a cancel waits for the end of what is under way',
    edits: [
      {
        file: 'shared/run/cancel.ts',
        find: `  if (run.phase === 'READY') {\n    const message`,
        replace: `  if (run.phase !== undefined) {\n    const message`,
      },
    ],
  },
  {
    name: 'a stale session is known by the epoch of its slot',
    edits: [
      {
        file: 'shared/run/decide.ts',
        find: 'run.epoch !== undefined && epoch !== run.epoch + 1',
        replace: 'run.epoch !== undefined && epoch < run.epoch',
      },
    ],
    outOfReach: 'the simulated pipeline holds its slot when it fails, so no other run comes between',
  },
];
