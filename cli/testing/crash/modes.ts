/** How the pipelines of a crash test are run: a copy of them, with other settings for the hand-off from step to step. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isMap, isSeq, parseDocument, type Document } from 'yaml';

import type { Plan } from '../../../shared/pipeline/plan.ts';
import type { Action, TestCase } from '../test-case.ts';

export type Mode =
  /** Each step is sent alone and goes on by its event: every fault meets exactly one step. */
  | 'alone'
  /** As deployed: short steps are waited for, and sent together. */
  | 'own'
  /** As `alone`, of a pipeline with `batch:`: files that follow one another arrive at once. */
  | 'together'
  /** As `alone`, without `batch:`. */
  | 'no-batch';

/** In their order: `alone` is what the others are compared with. */
export const MODES: readonly Mode[] = ['alone', 'own', 'together', 'no-batch'];

/** Whether a test is run in a mode. */
export function isRunIn(mode: Mode, test: TestCase, plan: Plan): boolean {
  if (mode === 'alone' || mode === 'own') return true;
  const isBatched = plan.triggers.some((trigger) => trigger.kind === 's3' && trigger.batch !== undefined);
  return isBatched && (mode === 'no-batch' || groupsOf(test, mode).length < test.when.length);
}

/** What happens in a test: each group at once, one after another. */
export function groupsOf(test: TestCase, mode: Mode): readonly (readonly Action[])[] {
  const groups: Action[][] = [];
  for (const action of test.when) {
    const before = groups.at(-1);
    if (mode === 'together' && action.kind === 'drop' && before?.at(-1)?.kind === 'drop') before.push(action);
    else groups.push([action]);
  }
  return groups;
}

const PIPELINE_FILE = 'pipeline.yml';

/** Copies the folder of the pipelines to `to`, and sets the mode there. May be repeated, to change it. */
export function copyInMode(sqlFolder: string, to: string, mode: Mode): void {
  cpSync(sqlFolder, to, { recursive: true });
  for (const entry of readdirSync(to, { withFileTypes: true })) {
    const file = join(to, entry.name, PIPELINE_FILE);
    if (mode !== 'own' && entry.isDirectory() && existsSync(file))
      writeFileSync(file, inMode(readFileSync(file, 'utf8'), mode));
  }
}

/** The text of a pipeline.yml in a mode. */
export function inMode(text: string, mode: Mode): string {
  const document = parseDocument(text);
  if (mode === 'own' || document.errors.length > 0) return text;
  if (document.contents === null || !isMap(document.contents)) return `${text}\nhandoff: event\nfuse: off\n`;
  document.set('handoff', 'event');
  document.set('fuse', 'off');
  const steps = document.get('steps', true);
  if (isMap(steps)) for (const { value } of steps.items) if (isMap(value)) value.delete('handoff');
  if (mode === 'no-batch') withoutBatch(document);
  return String(document);
}

function withoutBatch(document: Document): void {
  const triggers = document.get('on', true);
  if (!isSeq(triggers)) return;
  for (const trigger of triggers.items) {
    const s3 = isMap(trigger) ? trigger.get('s3', true) : undefined;
    if (isMap(s3)) s3.delete('batch');
  }
  document.delete('onBadFile');
}
