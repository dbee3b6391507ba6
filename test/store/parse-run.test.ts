/** The one door from an item to a run: what was stored comes back equal, and what means nothing is refused with its place. */
import { join } from 'node:path';
import process from 'node:process';

import { unmarshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MalformedItemError } from '../../shared/store/shape.ts';
import { parseRun } from '../../shared/store/parse-run.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { storedRun } from '../../shared/store/stored-run.ts';
import { readGoldens, versionsIn } from '../golden/golden.ts';
import type { Changes } from '../run/samples.ts';
import {
  claimedAt,
  COMMIT,
  gone,
  laden,
  readyAt,
  restingAt,
  rowBefore,
  rowOf,
  STAGE,
  submittedAt,
} from '../run/samples.ts';

type Item = Readonly<Record<string, unknown>>;

const error = {
  class: 'sql',
  message: 'ERROR: so it said',
  step: '40_commit.sql',
  statementId: 'statement-1',
  place: '40_commit.sql line 3',
  rolledBack: true,
} as const;

const lastRequest = {
  requestId: 'request-1',
  verb: 'resume',
  actor: 'mia',
  at: '2026-11-24T08:02:00.000Z',
  answer: 'resumes',
} as const;

/** What any run may have besides. */
const more = {
  parameters: { region: 'north' },
  rebuild: {
    resumeAt: COMMIT,
    attempt: 7,
    firstAttempt: 6,
    todo: [
      { index: STAGE, compare: true, rows: 12 },
      { index: COMMIT, compare: false },
    ],
  },
  rebuilds: 2,
  checkMarkerOf: COMMIT,
  lastStep: rowOf(COMMIT, {
    rows: 12,
    error: 'no',
    errorClass: 'sql',
    place: 'line 3',
    rolledBack: true,
  }),
  failedDrives: 3,
  lastRequest,
  replays: ['replay-0', 'replay-1'],
} as const;

/** With what a claim has: only a statement can run out of time. */
const claim: Changes = { ...laden, timedOut: gone };

const pendingActions = ['history', 'release', 'wake', 'publish', 'close'] as const;
/** Of a run for which something is still to be done: its end. */
const next = Date.parse('2026-11-24T08:05:00Z') / 1000;
const resumeWith = { command: 'npx baton resume run-1', event: '{}' };

/** A run in each state and phase, with all that it can have there. */
const samples: Readonly<Record<string, StoredRun>> = {
  QUEUED: readyAt(COMMIT, { state: 'QUEUED', nextCheckAt: gone, verifySession: true, ...more }),
  RUNNING: readyAt(COMMIT, { verifySession: true, ...more }),
  'RUNNING, to be rebuilt': readyAt(COMMIT, { rebuildFrom: STAGE, ...more }),
  'RUNNING, CLAIMED': claimedAt(COMMIT, { ...claim, ...more }),
  'RUNNING, SUBMITTED': submittedAt(COMMIT, { ...laden, ...more }),
  WAITING: readyAt(COMMIT, { state: 'WAITING', waitingFor: 'the cluster is paused', ...more }),
  'WAITING, CLAIMED': claimedAt(COMMIT, { state: 'WAITING', waitingFor: 'why', ...claim }),
  'WAITING, SUBMITTED': submittedAt(COMMIT, { state: 'WAITING', waitingFor: 'why', ...laden }),
  'CANCELLING, CLAIMED': claimedAt(COMMIT, { state: 'CANCELLING', ...claim }),
  'CANCELLING, SUBMITTED': submittedAt(COMMIT, { state: 'CANCELLING', ...laden, ...more }),
  FAILED: restingAt(COMMIT, 'FAILED', { error, resumeWith, pendingActions, nextCheckAt: next, ...more }),
  NEEDS_DECISION: restingAt(COMMIT, 'NEEDS_DECISION', {
    error,
    resumeWith,
    pendingActions,
    nextCheckAt: next,
    ...more,
  }),
  SUCCEEDED: restingAt(COMMIT, 'SUCCEEDED', { pendingActions, nextCheckAt: next, ...more }),
  CANCELLED: restingAt(COMMIT, 'CANCELLED', { error, pendingActions, nextCheckAt: next, ...more }),
  SUPERSEDED: restingAt(COMMIT, 'SUPERSEDED', more),
};

const ofEvery = [
  'id',
  'pipeline',
  'planHash',
  'steps',
  'incarnationId',
  'trigger',
  'parameters',
  'state',
  'cursor',
  'attempt',
  'firstAttempt',
  'generation',
  'createdAt',
  'version',
  'writerId',
] as const;

const ofStep = ['step', 'epoch'];
const ofActive = [...ofStep, 'phase', 'nextCheckAt'];
const ofClaim = [...ofActive, 'token', 'claimedAt'];
const ofSubmission = [...ofClaim, 'statementId', 'submittedAt'];

/** Without which attributes a run in that state means nothing. */
const required: Readonly<Record<string, readonly string[]>> = {
  QUEUED: ['step'],
  RUNNING: ofActive,
  'RUNNING, to be rebuilt': ofActive,
  'RUNNING, CLAIMED': ofClaim,
  'RUNNING, SUBMITTED': ofSubmission,
  WAITING: ofActive,
  'WAITING, CLAIMED': ofClaim,
  'WAITING, SUBMITTED': ofSubmission,
  'CANCELLING, CLAIMED': ofClaim,
  'CANCELLING, SUBMITTED': ofSubmission,
  FAILED: [...ofStep, 'error', 'endedAt'],
  NEEDS_DECISION: [...ofStep, 'error', 'endedAt'],
  SUCCEEDED: ['step', 'endedAt'],
  CANCELLED: ['step', 'error', 'endedAt'],
  SUPERSEDED: ['step', 'endedAt'],
};

/** Of another type than the value, or out of its range; null is no absent attribute. */
function wrongFor(value: unknown): readonly unknown[] {
  switch (typeof value) {
    case 'string':
      return [5, true, null, [], {}];
    case 'number':
      return ['5', -1, 1.5, Number.NaN, null, {}];
    case 'boolean':
      return ['true', 1, null, {}];
    default:
      return Array.isArray(value) ? ['text', 5, null, {}] : ['text', 5, null, []];
  }
}

interface Member {
  /** As it is told to people. */
  readonly place: string;
  readonly value: unknown;
  /** The item with another value there. */
  readonly with: (other: unknown) => unknown;
}

/** Each member of an item, nested ones too. */
function membersOf(whole: unknown, place = ''): Member[] {
  if (typeof whole !== 'object' || whole === null) return [];
  const members: Member[] = [];
  for (const [name, value] of Object.entries(whole) as [string, unknown][]) {
    const here = Array.isArray(whole) ? `${place}[${name}]` : place === '' ? name : `${place}.${name}`;
    const put = (other: unknown): unknown =>
      Array.isArray(whole) ? whole.with(Number(name), other) : { ...whole, [name]: other };
    members.push({ place: here, value, with: put });
    for (const member of membersOf(value, here))
      members.push({ place: member.place, value: member.value, with: (other) => put(member.with(other)) });
  }
  return members;
}

/** An item is refused by its run and the attribute, or the list that holds it. */
function expectRefused(item: Item, place: string): void {
  expect(() => parseRun(item)).toThrow(MalformedItemError);
  const list = place.replace(/\[\d+\]$/, '');
  expect(() => parseRun(item)).toThrow(`run ${String(item['id'])} in the table: ${list}`);
}

function without(item: Item, name: string): Item {
  return Object.fromEntries(Object.entries(item).filter(([other]) => other !== name));
}

describe.each(Object.entries(samples))('parsing a stored run that is %s', (state, sample) => {
  const stored: Item = { ...sample };

  it('returns the stored run: nothing is lost, and nothing is added', () => {
    expect(storedRun(parseRun(stored))).toEqual(stored);
  });

  it.each([...ofEvery, ...(required[state] ?? [])])('refuses it without its %s', (name) => {
    expectRefused(without(stored, name), name);
  });

  it('accepts it without any other attribute', () => {
    const needed = new Set<string>([...ofEvery, ...(required[state] ?? []), 'phase']);
    const least = Object.fromEntries(Object.entries(stored).filter(([name]) => needed.has(name)));
    expect(() => parseRun(least)).not.toThrow();
  });

  it('refuses a member of another type', () => {
    for (const member of membersOf(stored)) {
      if (member.place === 'id' || ignored(state, member.place)) continue;
      for (const wrong of wrongFor(member.value)) expectRefused(member.with(wrong) as Item, member.place);
    }
  });
});

/** Outside of the work on a step these are there for people, and for the sweep's index. */
function ignored(state: string, place: string): boolean {
  return !/^(RUNNING|WAITING|CANCELLING)/.test(state) && (place === 'nextCheckAt' || place === 'phase');
}

describe('an invalid combination in a stored run', () => {
  it('is refused: CANCELLING without a claim or submission', () =>
    expectRefused({ ...readyAt(COMMIT, { state: 'CANCELLING' }) }, 'phase'));

  it.each([
    ['state', 'HALTED'],
    ['phase', 'DONE'],
  ])('is refused: %s %s', (name, value) => expectRefused({ ...submittedAt(COMMIT), [name]: value }, name));

  it('is refused: an unknown pending action, verb or trigger kind', () => {
    expectRefused({ ...samples['FAILED'], pendingActions: ['history', 'dance'] }, 'pendingActions');
    expectRefused(
      { ...submittedAt(COMMIT), lastRequest: { ...lastRequest, verb: 'dance' } },
      'lastRequest.verb',
    );
    expectRefused({ ...submittedAt(COMMIT), trigger: { kind: 'mail', time } }, 'trigger.kind');
    expectRefused(
      {
        ...submittedAt(COMMIT, { lastStep: rowBefore }),
        lastStep: { ...rowBefore, status: 'DONE' },
      },
      'lastStep.status',
    );
  });

  it('is refused: a flag that is neither true nor absent', () => {
    for (const flag of ['slot', 'timedOut']) expectRefused({ ...submittedAt(COMMIT), [flag]: false }, flag);
    expectRefused({ ...readyAt(COMMIT), verifySession: false }, 'verifySession');
  });

  it('is refused: an item without an id', () =>
    expect(() => parseRun(without({ ...readyAt(COMMIT) }, 'id'))).toThrow(
      'run undefined in the table: id is missing, expected a string',
    ));
});

const time = '2026-11-24T07:59:00.000Z';
const file = { bucket: 'landing', key: 'orders/1.csv', size: 10, etag: 'e', versionId: 'v', sequencer: '0A' };

/** Each with what it may have. */
const triggers: readonly Item[] = [
  { kind: 's3', time, file, replayName: 'replay-1' },
  { kind: 'request', time, requestId: 'one', actor: 'me', file },
  { kind: 'schedule', time, schedule: 'rate(1 hour)' },
  { kind: 'pipeline', time, upstream: { pipeline: 'sales', runId: 'run-0' } },
  {
    kind: 'event',
    time,
    event: { id: 'e', source: 'shop', detailType: 'Sold', json: '{}' },
    replayName: 'r',
  },
];

describe.each(triggers)('parsing a stored trigger of kind $kind', (trigger) => {
  const item: Item = { ...readyAt(COMMIT), trigger };

  it('returns the stored trigger', () => {
    expect(storedRun(parseRun(item)).trigger).toEqual(trigger);
  });

  it('refuses a member of another type', () => {
    for (const member of membersOf(item).filter(({ place }) => place.startsWith('trigger.')))
      for (const wrong of wrongFor(member.value)) expectRefused(member.with(wrong) as Item, member.place);
  });

  it('refuses a missing member, except for optional ones', () => {
    const optional = ['trigger.replayName', 'trigger.file.versionId', 'trigger.file.sequencer'];
    if (trigger['kind'] === 'request') optional.push('trigger.file');
    const members = membersOf(item).filter(({ place }) => place.startsWith('trigger.'));
    const [may, must] = [true, false].map((is) =>
      members.filter(({ place }) => optional.includes(place) === is),
    );
    for (const member of must ?? []) expectRefused(member.with(undefined) as Item, member.place);
    for (const member of may ?? []) expect(() => parseRun(member.with(undefined) as Item)).not.toThrow();
  });
});

describe('a run stored by another version', () => {
  it('is read with the attribute names of schema 1', () => {
    const { lastStep, failedDrives, outcomeUnknownSince, fileAtClaim, timeoutFrom, ...same } = submittedAt(
      COMMIT,
      { ...laden, ...more },
    );
    const old = {
      ...same,
      last: lastStep,
      troubles: failedDrives,
      doubtSince: outcomeUnknownSince,
      inputSeen: fileAtClaim,
      countsFrom: timeoutFrom,
    };
    expect(parseRun(old)).toEqual(parseRun({ ...submittedAt(COMMIT, { ...laden, ...more }) }));
    const failed = restingAt(COMMIT, 'FAILED', { pendingActions });
    const { pendingActions: owed, ...rest } = failed;
    expect(parseRun({ ...rest, owed })).toEqual(parseRun({ ...failed }));
    const { verifySession: proveSession, ...ready } = readyAt(COMMIT, { verifySession: true });
    expect(parseRun({ ...ready, proveSession })).toEqual(parseRun({ ...ready, verifySession: true }));
  });

  it('counts its timeout from its start if no later time is stored', () => {
    const { timeoutFrom: _, ...stored } = readyAt(COMMIT);
    expect(parseRun(stored).timeoutFrom).toBe(stored.startedAt);
  });

  it('keeps an unknown failure class', () => {
    const stored = { ...samples['FAILED'], error: { class: 'meteor', message: 'm' } };
    expect(storedRun(parseRun(stored)).error).toEqual({ class: 'meteor', message: 'm' });
  });

  it.each(versionsIn(join(process.cwd(), 'test/golden')))(
    'is read and written back unchanged: every golden run of version %s',
    (version) => {
      for (const { runId, items } of readGoldens(join(process.cwd(), 'test/golden'), version)) {
        const own = items.map((one) => unmarshall(one)).filter(({ pk }) => pk === `run#${runId}`);
        const item = own.find(({ sk }) => sk === 'run');
        // What started the run may be in an item of its own.
        const { trigger, parameters } = own.find(({ sk }) => sk === 'trigger') ?? {};
        const apart = trigger === undefined ? {} : { trigger, parameters, triggerApart: true };
        const run = parseRun({ ...item, ...apart });
        expect(parseRun({ ...storedRun(run) })).toEqual(run);
      }
    },
  );
});

it('any valid run is read back equal after it was stored', () => {
  const names = Object.values(samples).flatMap((sample) => Object.keys(sample));
  const some = fc.subarray([...new Set(names)].filter((name) => !ofEvery.some((one) => one === name)));
  fc.assert(
    fc.property(fc.constantFrom(...Object.entries(samples)), some, ([state, sample], dropped) => {
      const kept = new Set([...ofEvery, ...(required[state] ?? []), 'phase', 'epoch']);
      const item = Object.fromEntries(
        Object.entries(sample).filter(([name]) => kept.has(name) || !dropped.includes(name)),
      );
      const run = parseRun(item);
      expect(parseRun({ ...storedRun(run) })).toEqual(run);
    }),
  );
});
