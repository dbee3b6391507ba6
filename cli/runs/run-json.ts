/** The JSON of a run that the command prints: a fixed shape, every key always there. */
import { sessionIdOf, type Failure, type Run, type Stopped } from '../../shared/run/run.ts';
import type { BatchFiles } from './batch-files.ts';
import { waitingOf, type Waiting } from './describe-run.ts';
import { emptyLoads } from './empty-loads.ts';
import { cardOf, endedAtOf, errorOf, resumeWithOf, statementIdOf, stepNameOf } from './run-parts.ts';
import { Fates, type Fate } from './fates.ts';
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

/** Of a run that loads many files. */
interface FilesJson {
  /** `GATHER`, `MARK`: they are still being collected. `SEALED`: these are loaded. */
  phase: string;
  files: number;
  bytes: number;
  /** How many were set aside because they could not be loaded. */
  isolated: number;
  /** The files; null in a list of runs, and where they could not be read. */
  list: BatchFiles['files'] | null;
  /** Files that were in an earlier list. */
  left: BatchFiles['left'] | null;
}

export interface RunJson {
  id: string;
  pipeline: string;
  /** Of a file that a batch loads: the state of the batch run. */
  state: string;
  /** Id of the batch run that loads the run's file. */
  batch: string | null;
  files: FilesJson | null;
  step: string | null;
  cursor: number;
  steps: number;
  attempt: number;
  generation: number;
  sessionId: string | null;
  statementId: string | null;
  trigger: Run['trigger'];
  error: Failure | null;
  /** Of a stopped run: the failure card. */
  card: string | null;
  /** How often the run has stopped so far. */
  failures: number;
  resumeWith: NonNullable<Stopped['resumeWith']> | null;
  /** Name of the step after which the run pauses, or has paused. */
  until: string | null;
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

/** The run as read, with what belongs to it. `files`: of a run that loads many, where they were read. */
export async function readRunJson(
  reader: RunReader,
  run: Run,
  files?: BatchFiles,
  fates: Fates = new Fates(reader),
): Promise<RunJson> {
  const history = await reader.history(run.id);
  return runJson(run, history, await emptyLoads(reader, run, history), await fates.of(run), files);
}

export function runJson(
  run: Run,
  history: readonly HistoryRow[],
  warnings: readonly string[] = [],
  fate: Fate = { state: run.life.state, batch: undefined },
  files?: BatchFiles,
): RunJson {
  return {
    id: run.id,
    pipeline: run.pipeline,
    state: fate.state ?? run.life.state,
    batch: fate.batch ?? null,
    files: filesJson(run, files),
    step: stepNameOf(run) || null,
    cursor: run.cursor,
    steps: run.steps,
    attempt: run.attempt,
    generation: run.generation,
    sessionId: sessionIdOf(run) ?? null,
    statementId: statementIdOf(run) ?? null,
    trigger: run.trigger,
    error: errorOf(run) ?? null,
    card: cardOf(run) ?? null,
    failures: run.failures,
    resumeWith: resumeWithOf(run) ?? null,
    until: run.until ?? null,
    waiting: waitingOf(run) ?? null,
    startedAt: run.startedAt ?? null,
    endedAt: endedAtOf(run) ?? null,
    warnings,
    history: history.map(stepJson),
  };
}

function filesJson({ batch }: Run, read: BatchFiles | undefined): FilesJson | null {
  if (batch === undefined) return null;
  const listed = batch.phase === 'GATHER' ? { files: 0, bytes: 0, isolated: 0 } : batch;
  const { files, bytes, isolated } = listed;
  return {
    phase: batch.phase,
    files,
    bytes,
    isolated,
    list: read?.files ?? null,
    left: read?.left ?? null,
  };
}
