/** The guards of the protocol, each as the change that removes it. */
import { backfillGuards } from './guard-list-of-backfills.ts';
import { storeGuards } from './guard-list-of-stores.ts';
import { batchGuards } from './guard-list-of-batches.ts';
import { groupGuards } from './guard-list-of-groups.ts';
import { queryGuards } from './guard-list-of-queries.ts';
import { untilGuards } from './guard-list-of-until.ts';
import { waitGuards } from './guard-list-of-waits.ts';

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
/** Neither the name nor the age of the token is asked for: an old claim goes straight to the question for its session. */
const lookUpAndAge: Edit = {
  file: 'shared/run/decide.ts',
  find: `return ask(run, { kind: 'LookUpName', why: 'old-claim' });`,
  replace: `return ask(run, { kind: 'LookUpSession', why: 'old-claim' });`,
};
const sendersAreGone: Edit = {
  file: 'shared/run/old-claim.ts',
  find: `  if (!isPastUse(run.life.work, context))
    return waitWithClaim(
      run,
      context,
      lastSent + DRIVER_LIFE_MS - context.now + 1_000,
      \`\${unseen(run)}; it may still arrive\`,
    );
`,
  replace: '',
};
const sendersAreGoneBehindMarker: Edit = {
  file: 'shared/run/judge.ts',
  find: `return work.phase === 'SUBMITTED' || isPastUse(work, context) ? 'not-applied' : 'ask-again';`,
  replace: `return 'not-applied';`,
};
const busySession: Edit = {
  file: 'shared/run/submission.ts',
  find: `      return event.status === 'BUSY'
        ? waitWithClaim(notRefused(run), context, 60_000, BUSY)
        : onOldClaimInIdleSession(run, context);`,
  replace: '      return onOldClaimInIdleSession(run, context);',
};
const nonce: Edit = {
  file: 'shared/run/claim.ts',
  find: 'run.life.work.nonce + 1',
  replace: 'run.life.work.nonce',
};
const tokenInName: Edit = {
  file: 'shared/warehouse/statement-name.ts',
  find: '${token.slice(0, TOKEN_START)};`;',
  replace: '${token.slice(0, 0)}aaaaaaaaaa;`;',
};
const freshToken: Edit = {
  file: 'shared/run/claim.ts',
  find: 'token: context.chance.token,',
  replace: 'token: nonce === 1 ? context.chance.token : run.life.work.token,',
};
const markerOfOldClaim: Edit = {
  file: 'shared/run/old-claim.ts',
  find: `      return ask(run, { kind: 'ProbeMarker', about: unseen });`,
  replace: '      return claimAnew(run, context);',
};
const sessionGoneLookUp: Edit = {
  file: 'shared/run/submission.ts',
  find: `if (gone) return ask(run, { kind: 'LookUpName', why: 'session-gone' });`,
  replace: `if (gone) return onNameNotFound(run, context, 'session-gone');`,
};
const markerBehindLostSession: Edit = {
  file: 'shared/run/unknown-outcome.ts',
  find: `return ask(run, { kind: 'ProbeMarker', about: problem });`,
  replace: 'return onSessionLost(run, context, problem);',
};
const adoption: Edit = {
  file: 'shared/run/completion.ts',
  find: `  if (!event.trusted) return { ignored: 'ignored an event of another principal' };`,
  replace: `  if (event.trusted || !event.trusted) return { ignored: 'an event' };`,
};
const sameToken: Edit = {
  file: 'shared/engine/perform.ts',
  find: 'token,\n    sqls,',
  replace: 'token: engine.randomToken(),\n    sqls,',
};
const twoProbes: Edit = {
  file: 'shared/run/judge.ts',
  find: `  if (since === undefined) return 'look-again';
  return context.now - Date.parse(since) >= BETWEEN_PROBES_MS ? 'not-applied' : 'looked-just-now';`,
  replace: `  return 'not-applied';`,
};
const openTransactions: Edit = {
  file: 'shared/run/judge.ts',
  find: `\n  if (open === 'some') return 'ask-again';`,
  replace: '',
};
const eventToken: Edit = {
  file: 'shared/run/completion.ts',
  find: 'work === undefined || event.tokenStart.length < 10 || !work.token.startsWith(event.tokenStart)',
  replace: 'work === undefined',
};
const eventStatement: Edit = {
  file: 'shared/run/completion.ts',
  find: 'event.trusted && statementId === event.statementId',
  replace: 'event.trusted',
};
const engineLimit: readonly Edit[] = [
  {
    file: 'shared/engine/slots.ts',
    find: 'if (taken >= places) break;',
    replace: 'if (taken >= places + 9) break;',
  },
  {
    file: 'shared/engine/slots.ts',
    find: 'if (known !== undefined && taken >= ((await planFor(known, engine))?.concurrency ?? 1)) break;',
    replace: '',
  },
];
// The store's conditions are those of DynamoDB's expressions; one contract suite holds the two stores to the same.
const storeLimit: Edit = {
  file: 'test/fakes/memory-run-store.ts',
  find: 'Object.keys(there.holders).length >= limit ||',
  replace: '',
};
const storeEpoch: Edit = {
  file: 'test/fakes/memory-run-store.ts',
  find: '(seen !== undefined && there.epoch !== seen) ||',
  replace: '',
};
const handLimit: Edit = {
  file: 'test/fakes/memory-run-store.ts',
  find: 'Object.keys(there.holders).length > limit ||',
  replace: '',
};
const oldestFirst: Edit = {
  file: 'shared/engine/slots.ts',
  find: 'return known !== undefined && queueOrder(known) < queueOrder(other) ? known : other;',
  replace: 'return known ?? other;',
};
const enginePause: Edit = {
  file: 'shared/engine/slots.ts',
  find: 'if (pool?.paused !== undefined) break;',
  replace: '',
};
const storePause: Edit = {
  file: 'test/fakes/memory-run-store.ts',
  find: `there.holders[runId] !== undefined ||
      there.paused !== undefined`,
  replace: 'there.holders[runId] !== undefined',
};
const handPause: Edit = {
  file: 'test/fakes/memory-run-store.ts',
  find: `there.holders[to] !== undefined ||
      there.paused !== undefined`,
  replace: 'there.holders[to] !== undefined',
};
const releaseEpoch: Edit = {
  file: 'test/fakes/memory-run-store.ts',
  find: 'if (there?.holders[runId] !== epoch) return undefined;',
  replace: 'if (there === undefined) return undefined;',
};

const durableReported = `  if (step.kind === 'durable') return ask(run, { kind: 'ProbeMarker', about: failed });\n`;

const guardsOfRuns: readonly Guard[] = [
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
        file: 'shared/run/old-claim.ts',
        find: 'if (context.now < lastSent) {',
        replace: 'if (context.now < Infinity) {',
      },
    ],
  },
  {
    name: 'an old claim is stored before its token is sent by somebody else',
    edits: [
      {
        file: 'shared/run/old-claim.ts',
        find: "return store(takenUp, { kind: 'Submit', tries: 0 });",
        replace: "return ask(run, { kind: 'Submit', tries: 0 });",
      },
    ],
  },
  {
    name: 'the look-up by name before a lost session is concluded',
    edits: [sessionGoneLookUp],
    backedBy: 'the marker',
  },
  {
    name: 'the marker is probed before a durable step is run again',
    edits: [markerBehindLostSession],
  },
  {
    name: 'pair: look-up by name before a lost session is concluded, and marker',
    edits: [sessionGoneLookUp, markerBehindLostSession],
  },
  {
    name: 'a completion event that outran the record records it',
    edits: [adoption],
    backedBy: 'the look-up by name: the event is news sooner, nothing more',
  },
  {
    name: 'pair: event that outran the record, and look-up by name',
    edits: [adoption, lookUp],
  },
  {
    name: 'a token is replaced only when nobody who could send it is alive',
    edits: [sendersAreGone, sendersAreGoneBehindMarker],
    backedBy: 'the condition on the record, and the session that is busy with what was sent',
  },
  {
    name: 'a token is replaced only in an idle session',
    edits: [busySession],
    backedBy: 'the look-up by name, which finds what the session is busy with',
  },
  {
    name: 'each token of an attempt has its nonce in the name',
    edits: [nonce],
    backedBy: 'the start of the token in the name',
  },
  {
    name: 'pair: nonce, and idle session',
    edits: [nonce, busySession],
    backedBy: 'the start of the token in the name',
  },
  {
    name: 'the start of the token in the name',
    edits: [tokenInName],
  },
  {
    name: 'all three: nonce, start of the token in the name, and idle session',
    edits: [nonce, tokenInName, busySession],
  },
  {
    name: 'a token that is replaced is replaced by another',
    edits: [freshToken],
  },
  {
    name: 'the marker is read before a durable claim is made anew',
    edits: [markerOfOldClaim],
    backedBy: 'the look-up by name, the idle session, and that nobody who could send the token is alive',
  },
  {
    name: 'an old claim: name and age of its token are asked for before it is made anew',
    edits: [lookUpAndAge],
  },
  {
    name: 'all three of an old claim: name, age, and idle session',
    edits: [lookUpAndAge, busySession],
  },
  {
    name: 'all four of an old claim: name, age, idle session, and marker',
    edits: [lookUpAndAge, busySession, markerOfOldClaim],
  },
  {
    name: 'a token that is refused in an idle session is replaced after a minute',
    edits: [
      {
        file: 'shared/run/judge.ts',
        find: 'refusedSince === undefined ? Infinity : Date.parse(refusedSince)',
        replace: 'Infinity',
      },
    ],
    backedBy: 'the half hour after which any token is replaced',
  },
  {
    name: 'pair: a refused token is replaced after a minute, any token after half an hour',
    edits: [
      {
        file: 'shared/run/judge.ts',
        find: 'return Math.min(Date.parse(claimedAt) + TOKEN_WINDOW_MS, refused + REFUSED_LONG_MS);',
        replace: 'return Math.max(Date.parse(claimedAt), refused, Infinity);',
      },
    ],
  },
  {
    name: 'a run whose time is up claims nothing',
    edits: [
      {
        file: 'shared/run/claim.ts',
        find: `  if (isTimeUp(run, context)) return fail(run, context, timeIsUp(run, context));
  const files`,
        replace: '  const files',
      },
      {
        file: 'shared/run/claim.ts',
        find: `  if (isTimeUp(run, context)) return fail(run, context, timeIsUp(run, context));
  return loadsFile`,
        replace: '  return loadsFile',
      },
    ],
  },
  {
    name: 'a statement that runs for too long is stopped',
    edits: [
      {
        file: 'shared/run/decide.ts',
        find: 'if (context.now <= deadlineOf(run, context)) return probeLater',
        replace: 'return probeLater',
      },
    ],
  },
  {
    name: 'a run that is written too often ends',
    edits: [
      {
        file: 'shared/run/claim.ts',
        find: '  if (tooManyWrites(run)) return fail(run, context, fruitless(run));\n',
        replace: '',
      },
    ],
  },
  {
    name: 'what cannot be stopped or asked about for days is put to a person',
    edits: [
      {
        file: 'shared/run/decide.ts',
        find: 'if (isUnderway(run) && isLongOverdue(run, context))',
        replace: `if (isUnderway(run) && run.id === '')`,
      },
      {
        file: 'shared/run/cancel.ts',
        find: 'return isLongOverdue(run, context) ? settle(run, context, unsure(run, context)) : ask(run, stopIt(run));',
        replace: 'return ask(run, stopIt(run));',
      },
    ],
  },
  {
    name: 'a run that cannot be driven for hours ends',
    edits: [
      {
        file: 'shared/run/trouble.ts',
        find: 'if (failedDrives < MOST_FAILED_DRIVES) return',
        replace: 'return',
      },
    ],
  },
  {
    name: 'a step that is said to be applied in a rebuild is followed by what is left of the rebuild',
    edits: [
      {
        file: 'shared/run/resolve.ts',
        find: 'if (run.rebuild !== undefined) {',
        replace: `if (run.id === '') {`,
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
    name: 'no report that a durable step failed is believed without its marker',
    edits: [{ file: 'shared/run/step-end.ts', find: durableReported, replace: '' }],
  },
  {
    name: 'the verdict of the database on a durable step is not believed without its marker',
    edits: [
      {
        file: 'shared/run/step-end.ts',
        find: durableReported,
        replace: durableReported.replace(') return', ' && !isVerdict(failureClass)) return'),
      },
    ],
  },
  {
    name: 'an open report is followed by two probes: its commit may land after it',
    edits: [
      {
        file: 'shared/run/judge.ts',
        find: `if (wasSeenToEnd && isVerdict(about.error.class)) return 'not-applied';`,
        replace: `if (wasSeenToEnd) return 'not-applied';`,
      },
    ],
  },
  {
    name: 'an opaque step that is reported failed in open words is not repeated',
    edits: [
      {
        file: 'shared/run/step-end.ts',
        find: `(failureClass === 'conflict' || !isVerdict(failureClass))`,
        replace: `run.id === '' && (failureClass === 'conflict' || !isVerdict(failureClass))`,
      },
    ],
  },
  {
    name: 'a session step that is reported failed in open words is not repeated in its session',
    edits: [
      {
        file: 'shared/run/step-end.ts',
        find: 'return failStep(inNewSession(run), context, failed);',
        replace: 'return failStep(run, context, failed);',
      },
    ],
  },
  {
    name: 'a session that is rebuilt again and again in vain ends its run',
    edits: [{ file: 'shared/run/step-end.ts', find: ' || isRebuiltTooOften(run))', replace: ')' }],
  },
  {
    name: 'the marker is read before a person lets a durable step run again',
    edits: [
      {
        file: 'shared/run/claim.ts',
        find: `return run.checkMarkerOf === run.cursor && currentStep(run, context.plan).kind === 'durable';`,
        replace: `return run.id === '' && currentStep(run, context.plan).kind === 'durable';`,
      },
    ],
  },
  {
    name: 'the marker that is to be read for a person is not forgotten on the way to its step',
    edits: [
      {
        file: 'shared/run/claim.ts',
        find: "isStillToCheck(run) ? run : without(run, 'checkMarkerOf')",
        replace: "without(run, 'checkMarkerOf')",
      },
    ],
  },
  {
    name: 'behind a request, too, an open transaction holds the claim: its commit may land',
    edits: [
      {
        file: 'shared/run/probe.ts',
        find: `  if (open === 'some') return store(waitsToAskAgain(run, context, about));
  return proceed(`,
        replace: `  if (open === 'some' && run.id === '') return store(waitsToAskAgain(run, context, about));
  return proceed(`,
      },
    ],
  },
  {
    name: 'the marker is read for a person before the session is replaced',
    edits: [
      {
        file: 'shared/run/claim.ts',
        find: `  if (isMarkerToCheck(run, context)) return checkMarker(run);
  switch (run.session.state) {
    case 'lost': {`,
        replace: `  if (run.session.state !== 'lost' && isMarkerToCheck(run, context)) return checkMarker(run);
  switch (run.session.state) {
    case 'lost': {`,
      },
    ],
  },
  {
    name: 'a verdict waits for a transaction that is seen open',
    edits: [
      {
        file: 'shared/run/judge.ts',
        find: `  if (wasSeenToEnd && open === 'some') return 'ask-again';
`,
        replace: '',
      },
    ],
  },
  {
    name: 'a commit that was stopped for a cancel is judged by its marker',
    edits: [
      {
        file: 'shared/run/cancel.ts',
        find: `if (currentStep(run, context.plan).kind !== 'durable')`,
        replace: `if (run.id !== '')`,
      },
    ],
  },
  {
    name: 'the version condition on save',
    edits: [
      {
        file: 'test/fakes/memory-run-store.ts',
        find: `if (there.version !== version) return 'conflict';`,
        replace: '',
      },
    ],
  },
  {
    name: 'the token condition on record',
    edits: [
      {
        file: 'test/fakes/memory-run-store.ts',
        find: 'claimed.token !== recorded.token || ',
        replace: '',
      },
    ],
  },
  {
    name: 'the phase condition on record',
    edits: [
      {
        file: 'test/fakes/memory-run-store.ts',
        find: `claimed?.phase !== 'CLAIMED' ||`,
        replace: 'claimed === undefined ||',
      },
    ],
    backedBy: 'the token: a second record under the same token writes the same statement',
  },
  {
    name: 'a run is created once',
    edits: [
      {
        file: 'test/fakes/memory-run-store.ts',
        find: `if (there !== undefined) return { outcome: 'exists', run: there };`,
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
        find: 'return store(running(run, claim, lookedAtSoon(run, context)),',
        replace: 'return ask(running(run, claim, lookedAtSoon(run, context)),',
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
        find: `  if (run.lastStep !== undefined) return ask(run, { kind: 'WriteHistory' });\n  const row = finishedStep(run, end, context);`,
        replace: '  const row = finishedStep(run, end, context);',
      },
    ],
  },
  {
    name: 'the sweep drives holders that do not know their slot',
    edits: [
      {
        file: 'shared/engine/slots.ts',
        find: `if (holder?.life.state === 'QUEUED') unaware.push(runId);`,
        replace: `if (holder?.life.state === 'QUEUED') continue;`,
      },
    ],
  },
  {
    name: 'the sweep gives free places to waiting runs',
    edits: [
      {
        file: 'shared/engine/slots.ts',
        find: 'const given = await fillPool(pipeline, engine);',
        replace: 'const given = new Map<string, number>();',
      },
    ],
  },
  {
    name: 'a place is given to the oldest that waits',
    edits: [oldestFirst],
  },
  {
    name: 'who frees a place gives it on',
    edits: [
      {
        file: 'shared/engine/slots.ts',
        find: 'await fillPool(run.pipeline, engine, { drives: true, ...defined({ pool }) });',
        replace: '',
      },
    ],
    backedBy: 'the sweep, a minute later',
  },
  {
    name: 'a slot is handed on only by the run that holds it, and only once',
    edits: [
      {
        file: 'test/fakes/memory-run-store.ts',
        find: 'there.holders[from.run] !== from.epoch ||',
        replace: '',
      },
    ],
  },
  {
    name: 'a slot of a paused pipeline is not handed on',
    edits: [handPause],
  },
  {
    name: 'a slot is not handed on where more runs are active than may be',
    edits: [handLimit],
    outOfReach: 'the limit of a simulated pipeline never gets lower; the contract of the stores holds it',
  },
  {
    name: 'a slot that a run was given and cannot use is given back',
    edits: [
      {
        file: 'shared/engine/slots.ts',
        find: `if (now === undefined || now.life.state === 'QUEUED' || now.slot?.epoch === epoch) return;`,
        replace: 'if (epoch >= 0) return;',
      },
    ],
    outOfReach: 'the sweep frees the slot before a schedule ends: test/engine/opening.test.ts holds it',
  },
  {
    name: 'a run that begins without being in the queue is in the index of the sweep',
    edits: [
      {
        file: 'shared/store/stored-run.ts',
        find: "  if (!('work' in life)) return { phase: 'READY', ...life };",
        replace: "  if (!('work' in life)) return { phase: 'READY', state: life.state };",
      },
    ],
  },
  {
    name: 'a run that gets no slot at once is put into the queue',
    edits: [
      {
        file: 'shared/run/decide.ts',
        find: "return event.kind === 'SlotBusy' && isBesideQueue(run)",
        replace: "return event.kind === 'SlotBusy' && isBesideQueue(run) && run.version > 1e9",
      },
    ],
  },
  {
    name: 'a run whose session takes long to open is stored as begun',
    edits: [
      {
        file: 'shared/run/submission.ts',
        find: "? store(run, { kind: 'OpenSession', tries, pending })",
        replace: "? ask(run, { kind: 'OpenSession', tries, pending })",
      },
    ],
    outOfReach:
      'people would see it QUEUED for as long as the warehouse starts: test/engine/opening.test.ts holds it',
  },
  {
    name: 'what is pending of an ended run is looked at soon, whenever its statement would have been',
    edits: [
      {
        file: 'shared/run/stop.ts',
        find: 'return Math.min(before.nextCheckAt ?? Infinity, epochSeconds(Date.parse(endedAt)) + SOON);',
        replace: 'return (before.nextCheckAt ?? 0) + 7 * 86_400;',
      },
    ],
  },
  {
    name: 'a run whose slot was handed on and that is not driven at once is woken',
    edits: [
      {
        file: 'shared/engine/slots.ts',
        find: 'else await wake(run.id, engine);',
        replace: '',
      },
    ],
    backedBy: 'the sweep, a minute later',
  },
  {
    name: 'places of runs that ended are freed by the sweep',
    edits: [
      {
        file: 'shared/engine/slots.ts',
        find: 'await store.releaseSlot(pipeline, runId, epoch);',
        replace: '',
      },
    ],
  },
  {
    name: 'a paused pipeline, as the engine reads it',
    edits: [enginePause],
    backedBy: 'the condition of the write',
  },
  {
    name: 'a paused pipeline, as a condition of the write: it was paused after it was read',
    edits: [storePause],
  },
  {
    name: 'the slot limit, as the engine reads it',
    edits: engineLimit,
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
  { name: 'pair: slot limit in the engine and in the write', edits: [...engineLimit, storeLimit] },
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
    outOfReach: 'a run would have to have a slot twice, with a release of the first time still on its way',
  },
  {
    name: 'an ended run gives its slot back',
    edits: [
      {
        file: 'shared/run/stop.ts',
        find: `state: 'SUCCEEDED', endedAt: iso(context.now), pendingActions: ALL }`,
        replace: `state: 'SUCCEEDED', endedAt: iso(context.now), pendingActions: ['history', 'wake', 'publish', 'close'] }`,
      },
    ],
  },
  {
    name: 'a cancel waits for the end of what is under way',
    edits: [
      {
        file: 'shared/run/cancel-request.ts',
        find: `  if (work === undefined) {\n    const message`,
        replace: `  if (state !== undefined) {\n    const message`,
      },
    ],
  },
  {
    name: 'a file that was put back is another upload',
    edits: [
      {
        file: 'shared/run/input.ts',
        find: `    ['last modified', seen.modified, atClaim?.modified, 'before the load'],\n`,
        replace: '',
      },
    ],
  },
  {
    name: 'what people are told of a stop is stored before it is sent',
    edits: [
      {
        file: 'shared/engine/pending-actions.ts',
        find: `      const { publish } = await import('./publish.ts');
      return publish(run, plan, engine);`,
        replace: `      const { makeCard, publish } = await import('./publish.ts');
      const card = isStopped(run) ? await makeCard(run, plan, engine) : undefined;
      return publish(isStopped(run) && card !== undefined ? { ...run, life: { ...run.life, card } } : run, plan, engine);`,
      },
      {
        file: 'shared/engine/pending-actions.ts',
        find: `pendingActions.includes('publish') && isStopped(run) && run.life.card === undefined`,
        replace: 'pendingActions.length > 99',
      },
    ],
  },
  {
    name: 'what people are told of a stop is made once',
    edits: [
      {
        file: 'shared/run/decide-rare.ts',
        find: `!run.life.pendingActions.includes('publish') || run.life.card !== undefined)`,
        replace: `!run.life.pendingActions.includes('publish'))`,
      },
    ],
  },
  {
    name: 'a stale session is known by the epoch of its slot',
    edits: [
      {
        file: 'shared/run/decide.ts',
        find: 'slot === undefined || epoch === slot.epoch + 1',
        replace: 'slot === undefined || epoch >= slot.epoch',
      },
    ],
  },
];

export const guards: readonly Guard[] = [
  ...guardsOfRuns,
  ...batchGuards,
  ...backfillGuards,
  ...groupGuards,
  ...waitGuards,
  ...queryGuards,
  ...untilGuards,
  ...storeGuards,
];
