/** Reads what a test expects of the run of its pipeline. */
import type { ExpectedRun, ExpectedStep } from './test-case.ts';
import type { WrittenExpect } from './test-shape.ts';
import type { TestSource } from './test-source.ts';

export function readRun(source: TestSource, written: Partial<ExpectedRun> = {}): ExpectedRun {
  const { class: failure, step } = written;
  const isFailure = failure !== undefined || step !== undefined;
  if (written.state === 'SUCCEEDED' && isFailure)
    source.say(['expect', 'run', 'state'], 'a run that SUCCEEDED has neither class nor step: leave them out');
  if (step !== undefined) source.sayUnknownStep(['expect', 'run', 'step'], step);
  return { state: isFailure ? 'FAILED' : 'SUCCEEDED', ...written };
}

export function readSteps(source: TestSource, written: WrittenExpect['steps'] = {}): ExpectedStep[] {
  return Object.entries(written).map(([name, { rows }]) => {
    source.sayUnknownStep(['expect', 'steps', name], name);
    return { name, rows };
  });
}
