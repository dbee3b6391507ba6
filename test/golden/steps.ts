/** The identities of steps, each pinned with the text that it is of: a hash that changes alone strands failed runs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { contentHash } from '../../shared/pipeline/hash.ts';
import { loadPipelines } from '../../shared/pipeline/load.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';

/** A line of `steps.jsonl`. */
export interface PinnedStep {
  /** `test/fixtures/pipelines/ledger/10_stage.sql`. */
  readonly step: string;
  /** Of the step's file and its pipeline.yml, as they lie there. */
  readonly source: string;
  readonly hash: string;
}

/** A line of `<version>.plans.jsonl`: a plan as that version stored it. */
export interface StoredPlan {
  readonly folder: string;
  readonly plan: Plan;
}

/** These belong to the tests and change with them only. */
export const FIXTURES = ['test/fixtures/pipelines', 'test/fixtures/lost-sessions'];
/** In these, whoever uses Baton writes; their texts are pinned as they were delivered. */
export const DELIVERED = ['sql'];

const PINS = join(process.cwd(), 'test/golden/steps.jsonl');

export function stepsIn(folder: string): PinnedStep[] {
  const text = (...path: string[]): string => readFileSync(join(process.cwd(), folder, ...path), 'utf8');
  return loadPipelines(join(process.cwd(), folder)).plans.flatMap(({ pipeline, steps }) =>
    steps.map(({ name, hash }) => ({
      step: `${folder}/${pipeline}/${name}`,
      source: contentHash([text(pipeline, name), text(pipeline, 'pipeline.yml')]),
      hash,
    })),
  );
}

export function readPins(): PinnedStep[] {
  return existsSync(PINS) ? linesOf<PinnedStep>(PINS) : [];
}

/** Lines for what is not pinned yet; pinned lines are never written again. */
export function newPins(): { file: string; lines: string[] } {
  const pinned = new Set(readPins().map(({ step, source }) => `${step} ${source}`));
  const missing = [...FIXTURES, ...DELIVERED]
    .flatMap(stepsIn)
    .filter(({ step, source }) => !pinned.has(`${step} ${source}`));
  return { file: PINS, lines: missing.map((pin) => JSON.stringify(pin)) };
}

export function readStoredPlans(folder: string, version: string): StoredPlan[] {
  const file = join(folder, `${version}.plans.jsonl`);
  return existsSync(file) ? linesOf<StoredPlan>(file) : [];
}

function linesOf<Line>(path: string): Line[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}
