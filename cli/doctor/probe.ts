/** `baton doctor --probe`: asks `operate` for each part in turn, and makes one row of each assumption. */
import { messageOf } from '../../shared/errors.ts';
import type { Assumption, Observation, ProbeAnswer, ProbePart } from '../../shared/events/requests.ts';
import { CommandError } from '../exit.ts';
import { ASSUMPTIONS, TAKES_HOURS, type AssumptionWords } from './assumptions.ts';

export interface ProbeRow {
  /** Undefined: of those that take hours. */
  readonly name?: Assumption;
  readonly status: Observation['status'];
  readonly assumption: string;
  readonly found: string;
  readonly consequence: string;
  /** It differs, and Baton's promises depend on it. */
  readonly isNeeded?: true;
}

export interface ProbeReport {
  readonly rows: readonly ProbeRow[];
  /** Switches of the local AWS that differ from their defaults: name -> value. */
  readonly observed: Readonly<Record<string, string>>;
  /** No part of it was stopped. */
  readonly isComplete: boolean;
}

const PARTS: readonly ProbePart[] = ['hand-over', 'busy', 'failures', 'sessions'];

/**
 * `begin`: called before each part.
 * @throws CommandError if what is deployed does not know the question, or the error of a call that is denied
 */
export async function probeStage(
  ask: (part: ProbePart) => Promise<ProbeAnswer | undefined>,
  begin: (part: ProbePart) => void,
): Promise<ProbeReport> {
  const rows: ProbeRow[] = [];
  const observed: Record<string, string> = {};
  let isComplete = true;
  for (const part of PARTS) {
    begin(part);
    const { observations, stopped } = await answerOf(part, ask);
    isComplete &&= stopped === undefined;
    for (const words of ASSUMPTIONS.filter((each) => each.part === part)) {
      const seen = observations.find(({ assumption }) => assumption === words.name);
      rows.push(rowOf(words, seen, stopped));
      if (seen?.observed !== undefined) observed[seen.observed[0]] = seen.observed[1];
    }
  }
  for (const { text, consequence } of TAKES_HOURS)
    rows.push({ status: 'not-seen', assumption: text, found: 'not tried: it takes hours', consequence });
  return { rows, observed, isComplete };
}

async function answerOf(
  part: ProbePart,
  ask: (part: ProbePart) => Promise<ProbeAnswer | undefined>,
): Promise<Pick<ProbeAnswer, 'observations' | 'stopped'>> {
  let answer: ProbeAnswer | undefined;
  try {
    answer = await ask(part);
  } catch (error) {
    // The function failed: that says nothing about the other parts.
    if (!(error instanceof CommandError)) throw error;
    return { observations: [], stopped: messageOf(error) };
  }
  if (answer !== undefined) return answer;
  throw new CommandError(
    3,
    'the deployed version is older than this command and cannot probe its warehouse',
    {
      hint: 'deploy this version first',
    },
  );
}

function rowOf(words: AssumptionWords, seen: Observation | undefined, stopped: string | undefined): ProbeRow {
  const { name, text, ifHolds, ifDiffers, isNeeded } = words;
  const status = seen?.status ?? 'not-seen';
  const found = seen?.found ?? `not tried${stopped === undefined ? '' : `: ${stopped}`}`;
  const consequence = { holds: ifHolds, differs: ifDiffers, 'not-seen': `open; if it differs: ${ifDiffers}` };
  return {
    name,
    status,
    assumption: text,
    found,
    consequence: consequence[status],
    ...(isNeeded === true && status === 'differs' ? { isNeeded } : {}),
  };
}
