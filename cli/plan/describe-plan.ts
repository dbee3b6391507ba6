/** A plan for a person to read: each step, what it touches, and what a resume there would do. */
import type { Grade, Plan, Step } from '../../shared/pipeline/plan.ts';
import { formatDuration } from '../../shared/pipeline/duration.ts';
import { rebuildAt, type Rebuild } from '../../shared/pipeline/rebuild.ts';
import { kindOf } from '../../shared/pipeline/triggers/table.ts';
import { wrap } from '../help.ts';

const GRADES: Readonly<Record<Grade, string>> = {
  A: 'one durable step, the last: a resume is always safe',
  B: 'several durable steps, every resume proved safe',
  C: 'a lost session may need a manual decision',
  D: 'has opaque steps that must not be repeated after an unknown outcome',
};

function field(name: string, text: string): string[] {
  const [first = '', ...more] = wrap(text, 60);
  return [`     ${name.padEnd(10)} ${first}`, ...more.map((line) => `     ${' '.repeat(10)} ${line}`)];
}

function touches(step: Step): string[] {
  const { createsTemp, readsTemp, writesTemp, reads, writes } = step.lineage;
  const lists: [string, string][] = [
    ['creates', createsTemp.map((name) => `${name} (temporary)`).join(', ')],
    ['reads', [...reads, ...readsTemp.map((name) => `${name} (temporary)`)].join(', ')],
    [
      'writes',
      [
        ...(writes === 'everything' ? ['anything (declare writes:)'] : writes),
        ...writesTemp.map((name) => `${name} (temporary)`),
      ].join(', '),
    ],
  ];
  return lists.filter(([, text]) => text !== '').flatMap(([name, text]) => field(name, text));
}

/** What happens when the run is resumed at this step after its session was lost. */
function onResume(rebuild: Rebuild): string {
  if (rebuild.verdict === 'refused') return `needs a manual decision: ${rebuild.reasons.join('; ')}`;
  const parts = [
    ...(rebuild.rerun.length > 0 ? [`re-runs ${rebuild.rerun.join(', ')}`] : []),
    ...(rebuild.recheck.length > 0 ? [`repeats checks ${rebuild.recheck.join(', ')}`] : []),
    ...(rebuild.kept.length > 0 ? [`skips ${rebuild.kept.join(', ')}`] : []),
  ];
  return parts.length === 0 ? 'nothing to re-run' : parts.join('; ');
}

function triggerLines(plan: Plan, now: number): string[] {
  const texts = plan.triggers.map((trigger) => kindOf(trigger).words(trigger, now));
  const [first, ...more] = texts;
  if (first === undefined) return ['  starts on request only'];
  return [`  starts on ${first}`, ...more.map((text) => `         or ${text}`)];
}

/** The steps of each group, by name. */
function groupsOf({ steps }: Plan): string[][] {
  const groups: string[][] = [];
  for (const { name, fusible } of steps) {
    if (fusible === true) groups.at(-1)?.push(name);
    else groups.push([name]);
  }
  return groups.filter(({ length }) => length > 1);
}

function groupLines(plan: Plan): string[] {
  if (plan.fuse === 'off') return ['  each step is sent alone (fuse: off)'];
  return groupsOf(plan).flatMap((names) =>
    wrap(`while they are short, ${names.join(', ')} are sent as one transaction`, 76).map(
      (line) => `  ${line}`,
    ),
  );
}

/** `now`: ms since the epoch, for telling when a schedule falls due next. */
export function describePlan(plan: Plan, now: number): string {
  const lines = [
    plan.pipeline,
    ...(plan.description === '' ? [] : wrap(plan.description, 76).map((line) => `  ${line}`)),
    `  grade ${plan.grade}: ${GRADES[plan.grade]}`,
    ...triggerLines(plan, now),
    ...(plan.isolateFiles === undefined
      ? []
      : [`  a bad file is set aside, at most ${plan.isolateFiles} of one batch`]),
    `  session keep-alive ${formatDuration(plan.session.keepAliveSeconds)}, run timeout ${formatDuration(plan.timeoutSeconds)}, concurrency ${plan.concurrency}`,
    '  timeouts are checked once a minute',
    ...groupLines(plan),
  ];
  for (const [index, step] of plan.steps.entries()) {
    const expect = step.expect === undefined ? '' : `, expects ${step.expect}`;
    const send = step.send === 'single' ? 'one statement' : 'one transaction';
    const handoff = step.handoff === undefined ? '' : `, handoff ${step.handoff}`;
    lines.push(
      '',
      `  ${index + 1}. ${step.name}  ${step.kind}${expect}  (${send}, timeout ${formatDuration(step.timeoutSeconds)}${handoff})`,
      ...touches(step),
    );
    lines.push(...field('on resume', onResume(rebuildAt(plan.steps, index))));
  }
  return lines.join('\n');
}

/** The same as data. */
export function planJson(plan: Plan): unknown {
  return {
    pipeline: plan.pipeline,
    description: plan.description,
    hash: plan.hash,
    grade: plan.grade,
    triggers: plan.triggers,
    isolateFiles: plan.isolateFiles ?? null,
    groups: groupsOf(plan),
    parameters: plan.parameters,
    steps: plan.steps.map((step, index) => ({
      step: step.name,
      kind: step.kind,
      send: step.send,
      expect: step.expect ?? null,
      timeoutSeconds: step.timeoutSeconds,
      handoff: step.handoff ?? 'auto',
      hash: step.hash,
      lineage: step.lineage,
      resume: rebuildAt(plan.steps, index),
    })),
  };
}
