/**
 * Tries on the stage's own warehouse what AWS does not document and Baton therefore only assumes. Statements are the
 * functions' own, tables are temporary, sessions are ended. What was not seen is not reported as found.
 */
import { messageOf } from '../../../errors.ts';
import type { Observation, ProbeAnswer, ProbePart } from '../../../events/requests.ts';
import { busySession } from './busy.ts';
import { failures } from './failures.ts';
import { handOver } from './hand-over.ts';
import type { Lab } from './lab.ts';
import { sessions } from './sessions.ts';

/** What is left of the invocation for the answer. */
const RESERVE_MS = 3_000;

const PARTS: Readonly<Record<ProbePart, (lab: Lab) => Promise<void>>> = {
  'hand-over': handOver,
  busy: busySession,
  failures,
  sessions,
};

export async function probe(part: ProbePart, tools: Omit<Lab, 'note'>): Promise<ProbeAnswer> {
  const { engine } = tools;
  const observations: Observation[] = [];
  const note = (observation: Observation): void => {
    observations.push(observation);
  };
  const late = engine
    .pause(Math.max(0, engine.driver.remainingMs() - RESERVE_MS))
    .then(() => 'the time of the function was over');
  const work = PARTS[part]({ ...tools, note }).then(() => undefined, messageOf);
  const stopped = await Promise.race([work, late]);
  return {
    ok: true,
    message: `tried ${part}: ${observations.length} observations`,
    observations: [...observations],
    ...(stopped === undefined ? {} : { stopped }),
  };
}
