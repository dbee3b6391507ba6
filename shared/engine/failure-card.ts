/**
 * The failure card: all that is known of a run that stopped, as one text. The run stores it before it is published; the
 * command, the event, the message and the log show the same text. Pure; loaded only when a run stops.
 */
import type { Plan } from '../pipeline/plan.ts';
import { commandLine } from '../run/command.ts';
import type { Run, RunIn, Stopped } from '../run/run.ts';
import { shortened } from '../run/text.ts';
import { adviceOf, type Advice } from './failure-advice.ts';
import { excerptOf } from './failure-excerpt.ts';
import { fromTo, outcomeOf, outcomeText, rolledBackTogether } from './failure-outcome.ts';
import { kindOfRun } from './triggers/table.ts';

export interface CardFacts {
  readonly run: RunIn<Stopped>;
  /** The plan with which it stopped; absent: the card has no statement and does not say what a resume would do. */
  readonly plan?: Plan | undefined;
  readonly stage: string;
  /** How many runs wait behind it; absent: it holds no slot, so none waits for it. */
  readonly waiting?: number | undefined;
  /** Address of the run's log lines. */
  readonly logLink?: string | undefined;
}

/** Limit of each part, in bytes: together they stay below what the core stores of a card. */
const LONGEST_ERROR = 2_000;
const LONGEST_LINE = 1_200;

/** The card. At most 8,000 bytes; some 20 lines. */
export function failureCard(facts: CardFacts): string {
  const { run, plan, waiting, logLink } = facts;
  const { error, endedAt } = run.life;
  const excerpt = excerptOf(run, plan);
  const { resume, next } = adviceOf(facts);
  const parts: readonly (readonly [label: string, lines: readonly string[]])[] = [
    [triggerLabel(run), [triggerOf(run)]],
    ['step', [stepText(run, plan)]],
    ['class', [error.class]],
    ['error', shortened(error.message, LONGEST_ERROR).split('\n')],
    ['at', error.place === undefined ? [] : [error.place]],
    ['sql', excerpt],
    ['applied', [outcomeText(outcomeOf(run, plan))]],
    ['waiting', [waitingText(waiting)]],
    ['resume', resume],
    ['next', next.flatMap(({ why, command }) => [`${why}:`, `  ${command}`])],
    ['run', [`${run.id}, stopped at ${endedAt}`]],
    ['log', logLink === undefined ? [] : [logLink]],
  ];
  return [
    failureTitle(run, facts.stage),
    ...parts.flatMap(([label, lines]) =>
      lines.map((line, i) =>
        `  ${(i === 0 ? label : '').padEnd(8)} ${shortened(line, LONGEST_LINE)}`.trimEnd(),
      ),
    ),
  ].join('\n');
}

/** `[prod] stores FAILED at 20_load.sql (data)`: one line, at most 250 bytes. */
function failureTitle(run: RunIn<Stopped>, stage: string): string {
  const { state, error } = run.life;
  const step = stepOf(run);
  const where = step === '' ? '' : ` at ${shortened(step, 120)}`;
  return `[${stage}] ${run.pipeline} ${state.replace('_', ' ')}${where} (${error.class})`;
}

/** The commands among which a person chooses. */
export function nextSteps(facts: CardFacts): readonly string[] {
  return adviceOf(facts).next.map(({ why, command }: Advice['next'][number]) => `${why}: ${command}`);
}

/** The card in single lines, for a channel that cannot show a text of several (build/serverless/messages.cjs names each). */
export interface MessageLines {
  readonly title: string;
  readonly trigger: string;
  readonly error: string;
  readonly applied: string;
  readonly waiting: string;
  readonly resume: string;
  readonly next: string;
  readonly more: string;
}

export function messageLines(facts: CardFacts): MessageLines {
  const { run, plan, stage, waiting, logLink } = facts;
  const { error } = run.life;
  const { resume, next } = adviceOf(facts);
  return {
    title: failureTitle(run, stage),
    trigger: triggerOf(run),
    error: `${error.message}${error.place === undefined ? '' : `, at ${error.place}`}`,
    applied: outcomeText(outcomeOf(run, plan)),
    waiting: waitingText(waiting),
    resume: resume.join(' ') || 'a decision is needed first',
    next: next.map(({ why, command }) => `${why}: ${command}`).join(' | '),
    more: `${commandLine(stage, `run ${run.id}`)}${logLink === undefined ? '' : ` or ${logLink}`}`,
  };
}

/** Its step in the pipeline, and which try it was. A file that left its batch has only the step that failed in the batch. */
function stepText(run: RunIn<Stopped>, plan: Plan | undefined): string {
  const { steps, attempt, generation } = run;
  const name = stepOf(run);
  const at = plan?.steps.findIndex((step) => step.name === name) ?? run.cursor;
  const session = generation > 1 ? `, session ${generation}` : '';
  const together = rolledBackTogether(run, plan);
  const sent = together.length > 1 ? `, in one transaction: ${fromTo(together)}` : '';
  return `${name === '' ? 'none' : name} (${at + 1} of ${steps})${sent}, attempt ${attempt}${session}`;
}

function stepOf({ life, step }: RunIn<Stopped>): string {
  return life.error.step ?? step;
}

function triggerLabel({ trigger }: Run): string {
  return trigger.kind === 's3' || ('file' in trigger && trigger.file !== undefined) ? 'file' : 'trigger';
}

function triggerOf({ trigger, batch }: Run): string {
  const files = batch === undefined || batch.phase === 'GATHER' ? '' : ` (${batch.files} files)`;
  return `${kindOfRun(trigger).words(trigger)}${files}`;
}

function waitingText(waiting: number | undefined): string {
  if (waiting === undefined) return 'none: later files do not wait for this run';
  if (waiting === 0) return 'none yet; later files wait until this run has succeeded or is cancelled';
  const runs = waiting === 1 ? '1 run waits' : `${waiting} runs wait`;
  return `${runs} until this run has succeeded or is cancelled`;
}
