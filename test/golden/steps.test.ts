/** A step is what its author wrote: no later compiler may make another one of it, nor of what earlier versions stored. */
import { join } from 'node:path';
import process from 'node:process';

import { describe, expect, it } from 'vitest';

import { comparableWith, stepIdentity } from '../../shared/pipeline/identity.ts';
import { loadPipelines } from '../../shared/pipeline/load.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import { decideRequest } from '../../shared/run/decide-request.ts';
import { parseRun } from '../../shared/store/parse-run.ts';
import { storedRun } from '../../shared/store/stored-run.ts';
import { failedAt } from '../run/request-samples.ts';
import { now } from '../run/samples.ts';
import { versionsIn } from './golden.ts';
import { DELIVERED, FIXTURES, newPins, readPins, readStoredPlans, stepsIn } from './steps.ts';

const folder = join(process.cwd(), 'test/golden');
const HOW = 'run: node test/golden/write.ts';

/** How a run of `before` that failed in its last step, behind all others, is resumed with today's plan. */
function resumed(before: Plan, today: Plan) {
  const last = before.steps.length - 1;
  const run = failedAt(last, { steps: before.steps.length, step: before.steps[last]?.name ?? '' });
  const request = { verb: 'resume', requestId: 'request-1', actor: 'mia', plan: today } as const;
  const decision = decideRequest(parseRun({ ...run }), request, { ...now, plan: before });
  if (decision.answer === undefined) throw new Error('a resume has an answer');
  return { answer: decision.answer, run: storedRun(decision.run) };
}

describe('the hash of a step', () => {
  const pinned = new Map(readPins().map(({ step, source, hash }) => [`${step} ${source}`, hash]));

  it(`is pinned for every fixture (if one is missing, ${HOW})`, () => {
    const steps = FIXTURES.flatMap(stepsIn);
    expect(steps.length).toBeGreaterThan(20);
    expect(steps.filter(({ step, source }) => !pinned.has(`${step} ${source}`))).toEqual([]);
  });

  it('is unchanged while its text is unchanged', () => {
    const steps = [...FIXTURES, ...DELIVERED].flatMap(stepsIn);
    const changed = steps.filter(
      ({ step, source, hash }) => (pinned.get(`${step} ${source}`) ?? hash) !== hash,
    );
    expect(changed).toEqual([]);
  });

  it('is pinned once for each text', () => {
    expect(pinned.size).toBe(readPins().length);
    expect(newPins().lines.filter((line) => line.includes('test/fixtures'))).toEqual([]);
  });

  const one = (sql: string, options = {}): string => stepIdentity([{ parts: [sql] }], options);

  it('ignores comments and whitespace', () => {
    const first = one("SELECT a  FROM t /* why */ WHERE b = 'x  y'");
    expect(one("SELECT a\r\n\tFROM t -- because\n WHERE b = 'x  y'")).toBe(first);
    expect(one("SELECT a FROM t WHERE b = 'x y'")).not.toBe(first);
    expect(one("SELECT a FROM t WHERE b = 'x  y' -- 'z'")).toBe(first);
  });

  it('covers every option that is set for it, and the SQL with its placeholders', () => {
    const first = one('SELECT 1');
    for (const options of [{ timeout: 60 }, { kind: 'opaque' }, { idempotent: true }, { reads: ['a'] }])
      expect(one('SELECT 1', options)).not.toBe(first);
    const cut = stepIdentity([{ parts: ['SELECT ', { param: 'run_id' }] }], {});
    expect(cut).toBe(one('SELECT :run_id'));
    expect(cut).not.toBe(one('SELECT :key'));
    expect(stepIdentity([{ parts: ['A'] }, { parts: ['B'] }], {})).not.toBe(one('A B'));
  });
});

describe.each(versionsIn(folder).filter((version) => readStoredPlans(folder, version).length > 0))(
  'a run that failed with a plan stored by version %s',
  (version) => {
    it.each(readStoredPlans(folder, version).map((stored) => [stored.plan.pipeline, stored] as const))(
      'is resumed in its session with the plan that today’s compiler makes of %s',
      (pipeline, { folder: source, plan: before }) => {
        const { plans } = loadPipelines(join(process.cwd(), source));
        const today = plans.find((plan) => plan.pipeline === pipeline);
        if (today === undefined) throw new Error(`${source}/${pipeline} is gone`);
        const seen = before.schema === 1 ? comparableWith(before, today) : today;
        expect(resumed(before, seen)).toMatchObject({
          answer: { ok: true },
          run: { cursor: before.steps.length - 1, planHash: today.hash },
        });
        expect(resumed(before, seen).run).not.toHaveProperty('rebuildFrom');
        if (before.steps.length === 1) return;
        // SQL that its author changed is still seen.
        const [first, ...others] = today.steps;
        if (first === undefined) throw new Error(`${pipeline} has no steps`);
        const edited = { ...first, hash: 'other', statements: [{ parts: ['SELECT 2'] }] };
        const changed = { ...today, steps: [edited, ...others] };
        const refusedOrBack = resumed(
          before,
          before.schema === 1 ? comparableWith(before, changed) : changed,
        );
        expect(refusedOrBack.answer.ok && refusedOrBack.run.rebuildFrom !== 0).toBe(false);
      },
    );
  },
);
