/**
 * `mixed` steps: permanent writes together with temporary output (or session settings) that later steps need. If the
 * session is lost, such a step can neither be re-run nor skipped.
 */
import type { FileEffect } from './lineage.ts';
import type { Step } from './plan.ts';
import type { SqlFile } from './sql-file.ts';
import type { StatementProblem } from './statement-facts.ts';
import { nameKey } from './table-name.ts';

export interface MadeStep {
  readonly effect: FileEffect;
  readonly step: Step;
}

export function mixedSteps(made: readonly MadeStep[]): { file: SqlFile; problem: StatementProblem }[] {
  return made.flatMap(({ effect, step }, i) => {
    if (step.kind !== 'durable') return [];
    const { file } = effect;
    const later = made.slice(i + 1);
    const problems = [...effect.tempChanges].flatMap(([name, offset]): StatementProblem[] => {
      const user = later.find((other) => mentions(other.step, name));
      if (user === undefined) return [];
      const what = writesOf(step);
      return [
        {
          offset,
          severity: 'error',
          message: `mixed: this step permanently writes ${what}, and changes the temporary table ${name} that ${user.step.name} uses; if the session is lost it could neither be re-run nor skipped. Change ${name} in a separate file, or use it only in this file`,
        },
      ];
    });
    const setting = effect.statements.find(({ facts }) => facts.setsSession);
    if (setting !== undefined) {
      problems.push({
        offset: setting.facts.offset,
        severity: 'error',
        message: `mixed: ${setting.facts.verb} changes the session and must be repeated in a rebuilt session, but this step permanently writes ${writesOf(step)}; put it into a separate file, or into session: { set: … }`,
      });
    }
    return problems.map((problem) => ({ file, problem }));
  });
}

function mentions(step: Step, name: string): boolean {
  const { createsTemp, readsTemp, writesTemp } = step.lineage;
  return [...createsTemp, ...readsTemp, ...writesTemp].some((other) => nameKey(other) === name);
}

function writesOf(step: Step): string {
  const { writes } = step.lineage;
  return writes === 'everything' || writes.length === 0 ? 'something permanent' : writes.join(', ');
}
