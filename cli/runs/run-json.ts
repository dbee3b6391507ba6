/** The JSON of a run that the command prints: a fixed shape, every key always there. */
import { sessionIdOf, type Failure, type Run, type Stopped } from '../../shared/run/run.ts';
import { waitingOf, type Waiting } from './describe-run.ts';
import { emptyLoads } from './empty-loads.ts';
import { endedAtOf, errorOf, resumeWithOf, statementIdOf } from './run-parts.ts';
import type { HistoryRow, RunReader } from './run-reader.ts';

interface StepJson {
  step: string;
  kind: string;
  generation: number;
  attempt: number;
  status: string;
  rows: number | null;
  startedAt: string;
  endedAt: string;
  statementId: string | null;
  error: string | null;
}

export interface RunJson {
  id: string;
  pipeline: string;
  state: string;
  step: string | null;
  cursor: number;
  steps: number;
  attempt: number;
  generation: number;
  sessionId: string | null;
  statementId: string | null;
  trigger: Run['trigger'];
  error: Failure | null;
  resumeWith: NonNullable<Stopped['resumeWith']> | null;
  /** Of a WAITING run: why, and when it tries again. */
  waiting: Waiting | null;
  startedAt: string | null;
  endedAt: string | null;
  /** What is no error, and most likely not meant: sentences. */
  warnings: readonly string[];
  history: StepJson[];
}

function stepJson(row: HistoryRow): StepJson {
  return {
    step: row.name,
    kind: row.kind,
    generation: row.generation,
    attempt: row.attempt,
    status: row.status,
    rows: row.rows ?? null,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    statementId: row.statementId ?? null,
    error: row.error ?? null,
  };
}

/** The run as read, with what belongs to it. */
export async function readRunJson(reader: RunReader, run: Run): Promise<RunJson> {
  const history = await reader.history(run.id);
  return runJson(run, history, await emptyLoads(reader, run, history));
}

export function runJson(run: Run, history: readonly HistoryRow[], warnings: readonly string[] = []): RunJson {
  return {
    id: run.id,
    pipeline: run.pipeline,
    state: run.life.state,
    step: run.step === '' ? null : run.step,
    cursor: run.cursor,
    steps: run.steps,
    attempt: run.attempt,
    generation: run.generation,
    sessionId: sessionIdOf(run) ?? null,
    statementId: statementIdOf(run) ?? null,
    trigger: run.trigger,
    error: errorOf(run) ?? null,
    resumeWith: resumeWithOf(run) ?? null,
    waiting: waitingOf(run) ?? null,
    startedAt: run.startedAt ?? null,
    endedAt: endedAtOf(run) ?? null,
    warnings,
    history: history.map(stepJson),
  };
}
