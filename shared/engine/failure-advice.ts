/** What a resume of a stopped run would do, and the commands that continue or end it. */
import type { Plan } from '../pipeline/plan.ts';
import { rebuildAt } from '../pipeline/rebuild.ts';
import { commandLine } from '../run/command.ts';
import type { Run, RunIn, Stopped } from '../run/run.ts';
import { rebuildTarget } from '../run/run.ts';
import { fromTo, rolledBackTogether } from './failure-outcome.ts';

interface Facts {
  readonly run: RunIn<Stopped>;
  readonly plan?: Plan | undefined;
  readonly stage: string;
}

export interface Advice {
  /** Sentences; none for a run that needs a decision. */
  readonly resume: readonly string[];
  /** One of these is to be chosen. `why`: when, or what for. */
  readonly next: readonly { readonly why: string; readonly command: string }[];
}

export function adviceOf(facts: Facts): Advice {
  const { run, stage } = facts;
  if (run.life.state === 'NEEDS_DECISION') return { resume: [], next: decisions(run, facts.plan, stage) };
  const cancel = commandLine(stage, `cancel ${run.id}`);
  const resume = commandLine(stage, `resume ${run.id}`);
  const command = run.life.resumeWith?.command ?? resume;
  if (run.life.error.class === 'input')
    return {
      resume: ['would fail again: only the object of the event may be loaded.'],
      next: [{ why: 'to end this run', command: cancel }],
    };
  if (command === cancel)
    return {
      resume: ['would load the same file again.', ...tablesStay(facts)],
      next: [
        { why: 'upload a corrected file, then end this run', command: cancel },
        { why: 'or change the table or the SQL, then', command: resume },
      ],
    };
  return { resume: wouldDo(facts), next: [{ why: 'fix the cause, then', command: resume }] };
}

function decisions(run: Run, plan: Plan | undefined, stage: string): Advice['next'] {
  const decide = (verdict: string): string => commandLine(stage, `resolve ${run.id} --${verdict}`);
  const following = plan?.steps[run.cursor + 1]?.name;
  const then = following === undefined ? 'the run has then succeeded' : `continues with ${following}`;
  return [
    {
      why: `if ${run.step} was applied, or you did by hand what it does: ${then}`,
      command: decide('applied'),
    },
    { why: 'if it was not: runs it again', command: decide('not-applied') },
    { why: 'to cancel the run', command: decide('abandon') },
  ];
}

function wouldDo({ run, plan, stage }: Facts): readonly string[] {
  if (plan === undefined) return [];
  const target = rebuildTarget(run);
  const { rerun, kept, verdict, reasons } = rebuildAt(plan.steps, target);
  const together = rolledBackTogether(run, plan);
  const first =
    together.length > 1
      ? `${fromTo(together)}, which were sent as one transaction,`
      : (plan.steps[target]?.name ?? run.step);
  const again =
    rerun.length === 0 ? '' : `, where ${rerun.join(', ')} run${rerun.length === 1 ? 's' : ''} again first`;
  const isOpen = run.session.state === 'open';
  const inNew =
    verdict === 'refused'
      ? `only after a decision: ${reasons.join('; ')}`
      : `in a new ${isOpen ? 'one' : 'session'}${again}`;
  const said = [`runs ${first} ${isOpen ? 'in its session while that is open, after that ' : ''}${inNew}.`];
  if (kept.length > 0) said.push(`Not repeated, since they took effect: ${kept.join(', ')}.`);
  return [...said, ...tablesStay({ run, plan, stage })];
}

/** A fix of what temporary tables were made from does not reach them: LIKE a table that was altered since. */
function tablesStay({ run, plan, stage }: Facts): readonly string[] {
  if (plan === undefined || run.session.state !== 'open') return [];
  const { rerun, kept } = rebuildAt(plan.steps, rebuildTarget(run));
  const lastKept = plan.steps.findLastIndex(({ name }) => kept.includes(name));
  const made = rerun.filter((name) => plan.steps.findIndex((step) => step.name === name) > lastKept);
  const [from] = made;
  if (from === undefined) return [];
  const command = commandLine(stage, `resume ${run.id} --from ${from}`);
  return [`Tables of ${made.join(', ')} stay as they are: if they must be made anew, ${command}`];
}
