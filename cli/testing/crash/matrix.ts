/** What a crash test found, for people: a matrix of steps by faults, and the reasons. */
import type { Plan } from '../../../shared/pipeline/plan.ts';
import type { Style } from '../../output.ts';
import { countOf, duration } from '../../runs/units.ts';
import { formatTable } from '../../table.ts';
import { resultLines } from '../show-result.ts';
import type { Crashed } from './crash-all.ts';
import type { Verdict } from './crash-test.ts';
import { isStepFault, RUN_FAULTS, STEP_FAULTS, type RunFault, type StepFault } from './kinds.ts';
import type { Mode } from './modes.ts';
import type { CrashCase } from './run-case.ts';

/** `2/20_load.sql/session-ends-during`, `1/killed/17`, `own/1/killed/3`: the mode, the action from 1, the place, the fault. */
export function caseId({ action, kind, place }: CrashCase, { steps }: Plan, mode: Mode): string {
  const prefix = mode === 'alone' ? '' : `${mode}/`;
  const where = `${prefix}${action + 1}`;
  if (isStepFault(kind)) return `${where}/${steps[place]?.name ?? place}/${kind}`;
  return kind === 'killed' ? `${where}/killed/${place}` : `${where}/${kind}`;
}

/** From the best to the worst: a cell shows the worst of its cases. */
const WORDS = ['unmet', 'same', 'asks', 'DIFFERENT'] as const;

function worstOf(verdicts: readonly Verdict[]): string {
  const worst = Math.max(-1, ...verdicts.map(({ word }) => WORDS.indexOf(word)));
  return worst <= 0 ? '-' : (WORDS[worst] ?? '-');
}

function stepTable(plan: Plan, verdicts: readonly Verdict[]): string {
  const kinds = Object.keys(STEP_FAULTS) as StepFault[];
  const rows = plan.steps.map(({ name }, place) => [
    name,
    ...kinds.map((kind) =>
      worstOf(verdicts.filter((one) => one.case.kind === kind && one.case.place === place)),
    ),
  ]);
  return formatTable([{ title: '' }, ...kinds.map((kind) => ({ title: STEP_FAULTS[kind].title }))], rows);
}

function runLines(verdicts: readonly Verdict[]): string[] {
  return (Object.keys(RUN_FAULTS) as RunFault[]).flatMap((kind) => {
    const of = verdicts.filter((one) => one.case.kind === kind);
    if (of.length === 0) return [];
    const places = kind === 'killed' ? `, ${countOf(of.length, 'place')}` : '';
    return [`${worstOf(of).padEnd(9)}  ${RUN_FAULTS[kind]}${places}`];
  });
}

/** Cases that ended so, grouped by their reasons: the smallest of each group, and how many there are. */
function troubleLines(crashed: Crashed, verdicts: readonly Verdict[], style: Style): string[] {
  const groups = new Map<string, Verdict[]>();
  for (const verdict of verdicts) {
    if (verdict.word !== 'asks' && verdict.word !== 'DIFFERENT') continue;
    const key = `${verdict.word} ${verdict.reasons.join('; ')}`;
    groups.set(key, [...(groups.get(key) ?? []), verdict]);
  }
  const lines: string[] = [];
  for (const group of groups.values()) {
    const [smallest] = group.toSorted((a, b) => a.case.action - b.case.action || a.case.place - b.case.place);
    if (smallest === undefined) continue;
    const { word, what, reasons } = smallest;
    const { test, plan } = crashed;
    const id = caseId(smallest.case, plan, smallest.mode);
    const more = group.length > 1 ? ` (and ${group.length - 1} more)` : '';
    lines.push(`${word === 'asks' ? word : style.bad(word)}  ${id}${more}`);
    if (what !== undefined) lines.push(`       ${what}`);
    for (const reason of reasons)
      lines.push(`       ${word === 'asks' ? 'because' : 'likely because'} ${reason}`);
    lines.push(`       repeat: npx baton test ${test.pipeline} --only ${test.name} --crash --case ${id}`);
  }
  return lines;
}

/** Several lines. */
export function crashLines(crashed: Crashed, style: Style): string[] {
  const { test, plan, result } = crashed;
  const name = `${test.pipeline}/${test.name}`;
  if (result.kind === 'failed')
    return [
      ...resultLines(result.undisturbed, style),
      '       it fails without any fault: no fault was tried',
    ];
  if (result.kind === 'not-repeatable')
    return [
      `${style.bad('DIFFERENT')}  ${name}: two undisturbed runs are not the same`,
      `       ${result.found.what}`,
      ...result.found.reasons.map((reason) => `       likely because ${reason}`),
    ];
  const { verdicts, undisturbedMs } = result;
  return [
    `${name}  (undisturbed ${duration(undisturbedMs)}, ${countOf(verdicts.length, 'case')})`,
    ...stepTable(plan, verdicts)
      .split('\n')
      .map((line) => `  ${line}`),
    ...runLines(verdicts).map((line) => `  ${line}`),
    ...troubleLines(crashed, verdicts, style).map((line) => `  ${line}`),
  ];
}

/** How many cases ended in each way. */
export function countWords(
  all: readonly Crashed[],
): Readonly<Record<Verdict['word'] | 'tests failed', number>> {
  const verdicts = all.flatMap(({ result }) => (result.kind === 'done' ? result.verdicts : []));
  const of = (word: Verdict['word']): number => verdicts.filter((one) => one.word === word).length;
  return {
    same: of('same'),
    asks: of('asks'),
    DIFFERENT: of('DIFFERENT'),
    unmet: of('unmet'),
    'tests failed': all.filter(({ result }) => result.kind !== 'done').length,
  };
}

export function crashJson({ test, plan, result }: Crashed): unknown {
  const { pipeline, name, file } = test;
  if (result.kind !== 'done') return { pipeline, name, file, result: result.kind };
  return {
    pipeline,
    name,
    file,
    result: result.kind,
    cases: result.verdicts.map(({ case: one, mode, word, what, reasons }) => ({
      case: caseId(one, plan, mode),
      word,
      what: what ?? null,
      reasons,
    })),
  };
}
