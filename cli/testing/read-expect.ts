/** Reads what a test expects of the run of its pipeline. */
import { didYouMean } from '../../shared/pipeline/nearest.ts';
import type { ExpectedRun, ExpectedStep } from './test-case.ts';
import type { WrittenExpect } from './test-shape.ts';
import type { Path, TestSource } from './test-source.ts';

export function readRun(source: TestSource, written: Partial<ExpectedRun> = {}): ExpectedRun {
  const { class: failure, step } = written;
  const isFailure = failure !== undefined || step !== undefined;
  if (written.state === 'SUCCEEDED' && isFailure)
    source.say(['expect', 'run', 'state'], 'a run that SUCCEEDED has neither class nor step: leave them out');
  if (step !== undefined) sayUnknownStep(source, ['expect', 'run', 'step'], step);
  return { state: isFailure ? 'FAILED' : 'SUCCEEDED', ...written };
}

export function readSteps(source: TestSource, written: WrittenExpect['steps'] = {}): ExpectedStep[] {
  return Object.entries(written).map(([name, { rows }]) => {
    sayUnknownStep(source, ['expect', 'steps', name], name);
    return { name, rows };
  });
}

function sayUnknownStep(source: TestSource, path: Path, step: string): void {
  const steps = source.plan?.steps.map(({ name }) => name) ?? [];
  if (!steps.includes(step))
    source.say(
      path,
      `${source.place.pipeline} has no step ${step}${didYouMean(step, steps)}; its steps: ${steps.join(', ')}`,
    );
}
