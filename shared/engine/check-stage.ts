/**
 * Checks that only the functions' own role can make: can it sign in to the warehouse, does it have the privileges that
 * runs need there, can COPY's role read the files, and do the calls of a run and its events go through. Used by `baton doctor`; has no lasting effect.
 */
import { nameAndMessageOf } from '../errors.ts';
import { defined } from '../run/defined.ts';
import type { CheckAnswer, Probe } from '../events/requests.ts';
import type { Plan } from '../pipeline/plan.ts';
import { quoteLiteral } from '../pipeline/render.ts';
import { CLOSING_KEEP_ALIVE_SECONDS } from '../warehouse/warehouse.ts';
import { checkPath } from './check/path.ts';
import { runIn, type Outcome } from './check/session.ts';
import { tablesOf, type NamedTable } from './named-tables.ts';
import type { Engine } from './ports.ts';
import { tooFew } from './waiting.ts';

/** With less time than this no probe is started: the results so far must still be returned. */
const RESERVE_MS = 8_000;
/** Key prefix of the check's own objects, below the only prefix that the role may write. */
const SAMPLE = 'manifests/baton-check';
const SAMPLE_TABLE = 'CREATE TEMP TABLE baton_check (line VARCHAR(256))';
/** A key that no pipeline's file has. */
const NOWHERE = 'baton-check/no-such-file';

const NO_TIME = 'skipped: not enough time left';

const MARKER_COLUMNS = 'run_id, birth, step, generation, attempt, statement_hash, committed_at';

type Tell = (probe: Omit<Probe, 'ms'>) => void;

interface Place {
  readonly bucket: string;
  readonly prefix: string;
}

export async function checkStage(engine: Engine): Promise<CheckAnswer> {
  const today = engine.plans.all();
  const { landingBucket, artifactsBucket } = engine.settings;
  const probes: Probe[] = [];
  const places = placesOf(today, landingBucket);
  for (const place of places) probes.push(await mayRead(place, engine));
  const warehouses = new Set([undefined, ...today.map((plan) => plan.warehouse)]);
  await Promise.all(
    [...warehouses].map(async (warehouse) => {
      const plans = today.filter((plan) => plan.warehouse === warehouse);
      const [rights, path]: [Asked, Asked] = [
        { probes: [], next: 'sign-in' },
        { probes: [], next: 'statement' },
      ];
      const begin = (what: Probe['what']): void => {
        path.next = what;
      };
      await Promise.all([
        inTime(rights, warehouse, askWarehouse(warehouse, plans, rights, engine), engine),
        inTime(path, warehouse, checkPath(warehouse, path.probes, begin, engine), engine),
      ]);
      probes.push(...rights.probes, ...path.probes);
    }),
  );
  return {
    ok: true,
    message: `checked as the functions' own role: ${probes.length} probes`,
    pipelines: today.map(({ pipeline, hash }) => ({ pipeline, hash })),
    ...defined({ tooFew: tooFew(engine) }),
    buckets: { artifacts: artifactsBucket, files: [...new Set(places.map(({ bucket }) => bucket))] },
    probes,
  };
}

/** The probes of one warehouse so far, and the current one. */
interface Asked {
  readonly probes: Probe[];
  next: Probe['what'];
}

/** Leaves time to return what was found so far. */
async function inTime(
  asked: Asked,
  warehouse: string | undefined,
  work: Promise<void>,
  engine: Engine,
): Promise<void> {
  const late = engine.pause(Math.max(0, engine.driver.remainingMs() - RESERVE_MS / 2)).then(() => true);
  const began = engine.now();
  if ((await Promise.race([work, late])) === true)
    asked.probes.push(unanswered(asked.next, warehouse, engine.now() - began));
}

/** No answer to the sign-in is a failure; no answer to one statement is inconclusive. */
function unanswered(what: Probe['what'], warehouse: string | undefined, ms: number): Probe {
  const status = what === 'sign-in' ? 'failed' : 'unsure';
  const said = `no answer within ${Math.round(ms / 1000)} s`;
  return defined({ what, status, said, ms, warehouse });
}

/** Where files come from; always includes the landing bucket. */
function placesOf(plans: readonly Plan[], landing: string): Place[] {
  const places = new Map<string, Place>();
  for (const trigger of plans.flatMap((plan) => plan.triggers)) {
    if (trigger.kind !== 's3') continue;
    const { bucket = landing, prefix } = trigger;
    places.set(`${bucket}/${prefix}`, { bucket, prefix });
  }
  const found = [...places.values()];
  return found.some(({ bucket }) => bucket === landing) ? found : [...found, { bucket: landing, prefix: '' }];
}

/** A missing file must give "not found": with "denied" every late file would look like an error. */
async function mayRead({ bucket, prefix }: Place, engine: Engine): Promise<Probe> {
  const began = engine.now();
  const about = `s3://${bucket}/${prefix}`;
  try {
    await engine.files.find(bucket, `${prefix}${NOWHERE}`);
    return { what: 'files', about, status: 'ok', ms: engine.now() - began };
  } catch (error) {
    return {
      what: 'files',
      about,
      status: 'failed',
      said: nameAndMessageOf(error),
      ms: engine.now() - began,
    };
  }
}

/** Adds its results to `asked` one by one. */
async function askWarehouse(
  warehouse: string | undefined,
  plans: readonly Plan[],
  asked: Asked,
  engine: Engine,
): Promise<void> {
  let began = engine.now();
  const about = defined({ warehouse });
  const tell: Tell = (probe) => {
    asked.probes.push({ ...probe, ...about, ms: engine.now() - began });
    began = engine.now();
  };
  const opened = await engine.warehouse.open({
    set: {},
    name: 'baton-check',
    ...about,
  });
  if (!opened.ok) {
    tell({ what: 'sign-in', status: 'failed', said: opened.refusal.message });
    return;
  }
  tell({ what: 'sign-in', status: 'ok' });
  const runHere = runnerIn(opened.value.sessionId, warehouse, engine);
  const ask = async (sql: string): Promise<string | undefined> => (await runHere(sql)).failure;
  const probe = async (what: Probe['what'], sql: string): Promise<boolean> => {
    if (engine.driver.remainingMs() < RESERVE_MS) {
      tell({ what, status: 'unsure', said: NO_TIME });
      return false;
    }
    asked.next = what;
    const failure = await ask(sql);
    tell({
      what,
      status: failure === undefined ? 'ok' : 'failed',
      ...defined({ said: failure }),
    });
    return failure === undefined;
  };
  // Inserts no row, but needs the same privileges as inserting one.
  await probe(
    'marker',
    `INSERT INTO baton.step_marker (${MARKER_COLUMNS}) SELECT ${MARKER_COLUMNS} FROM baton.step_marker WHERE 1 = 0`,
  );
  await probe('transactions', 'SELECT COUNT(*) FROM svv_transactions WHERE pid = 0');
  await probe('load-errors', 'SELECT COUNT(*) FROM sys_load_error_detail WHERE query_id = -1');
  asked.next = 'table';
  for (const table of tablesOf(plans)) {
    if (engine.driver.remainingMs() < RESERVE_MS) {
      tell({ what: 'table', status: 'unsure', said: NO_TIME, about: table.name });
    } else tell({ what: 'table', about: table.name, ...(await rightsOn(table, runHere, engine)) });
  }
  if (await probe('temporary-tables', SAMPLE_TABLE)) {
    asked.next = 'copy';
    await copies(plans, ask, tell, engine);
  }
  await runHere('SELECT 1', CLOSING_KEEP_ALIVE_SECONDS);
}

type RunHere = (sql: string, keepAliveSeconds?: number) => Promise<Outcome>;

/** Statements in one session; in another with the sample table if it ended with a failed statement: AWS does not say whether it does. */
function runnerIn(first: string, warehouse: string | undefined, engine: Engine): RunHere {
  let sessionId = first;
  let hasFailed = false;
  let hasTable = false;
  const isGone = async (): Promise<boolean> => {
    const state = await engine.warehouse.session(sessionId).catch(() => 'UNREADABLE');
    return state === 'CLOSED' || state === 'UNKNOWN';
  };
  return async (sql, keepAliveSeconds) => {
    if (hasFailed && (await isGone())) {
      const opened = await engine.warehouse.open({ set: {}, name: 'baton-check', ...defined({ warehouse }) });
      if (opened.ok) ({ sessionId } = opened.value);
      if (opened.ok && hasTable) await runIn(sessionId, SAMPLE_TABLE, engine);
    }
    const outcome = await runIn(sessionId, sql, engine, keepAliveSeconds);
    hasFailed = outcome.failure !== undefined;
    hasTable ||= sql === SAMPLE_TABLE && !hasFailed;
    return outcome;
  };
}

/** Tries to read, on no rows; asks for the privilege to change (Redshift developer guide: HAS_TABLE_PRIVILEGE). */
async function rightsOn(
  { name, isWritten }: NamedTable,
  runHere: RunHere,
  engine: Engine,
): Promise<Pick<Probe, 'status' | 'said'>> {
  const has = (right: string): string => `HAS_TABLE_PRIVILEGE(${quoteLiteral(name)}, '${right}')`;
  const sql = isWritten
    ? `SELECT ${has('insert')} OR ${has('update')} OR ${has('delete')}`
    : `SELECT COUNT(*) FROM ${name} WHERE 1 = 0`;
  const { failure, statementId } = await runHere(sql);
  if (failure !== undefined || statementId === undefined) return { status: 'failed', said: failure ?? '' };
  if (!isWritten) return { status: 'ok' };
  try {
    const result = await engine.warehouse.result(statementId, 1);
    const may = result !== 'NOT_FOUND' && result.rows[0]?.[0] === 'true';
    return may ? { status: 'ok' } : { status: 'failed', said: 'no INSERT, UPDATE or DELETE privilege' };
  } catch (error) {
    return { status: 'unsure', said: nameAndMessageOf(error) };
  }
}

/** COPY with NOLOAD reads the file and loads nothing. */
async function copies(
  plans: readonly Plan[],
  ask: (sql: string) => Promise<string | undefined>,
  tell: Tell,
  engine: Engine,
): Promise<void> {
  const { artifactsBucket, landingBucket, copyRole } = engine.settings;
  const role = copyRole === 'default' ? 'default' : quoteLiteral(copyRole);
  const copy = async (manifest: string, url: string): Promise<string | undefined> => {
    await engine.files.putArtifact(manifest, JSON.stringify({ entries: [{ url, mandatory: true }] }));
    const from = quoteLiteral(`s3://${artifactsBucket}/${manifest}`);
    return ask(`COPY baton_check FROM ${from} IAM_ROLE ${role} MANIFEST FORMAT CSV NOLOAD`);
  };
  const own = `s3://${artifactsBucket}/`;
  try {
    await engine.files.putArtifact(`${SAMPLE}.csv`, 'line\n');
    const failure = await copy(`${SAMPLE}.manifest`, `${own}${SAMPLE}.csv`);
    tell({
      what: 'copy',
      about: own,
      status: failure === undefined ? 'ok' : 'failed',
      ...defined({ said: failure }),
    });
    if (failure !== undefined) return;
  } catch (error) {
    tell({ what: 'artifacts', about: own, status: 'failed', said: nameAndMessageOf(error) });
    return;
  }
  for (const [i, { bucket, prefix }] of placesOf(plans, landingBucket).entries()) {
    const about = `s3://${bucket}/${prefix}`;
    if (engine.driver.remainingMs() < RESERVE_MS) {
      tell({ what: 'copy', about, status: 'unsure', said: NO_TIME });
      continue;
    }
    const failure = await copy(`${SAMPLE}-${i + 1}.manifest`, `${about}${NOWHERE}`);
    tell({ what: 'copy', about, ...missingFile(failure) });
  }
}

/** For a missing file, S3 gives "not found" to a caller who may read and "denied" to any other (S3: GetObject, permissions). */
function missingFile(failure: string | undefined): Pick<Probe, 'status' | 'said'> {
  if (failure === undefined) return { status: 'unsure', said: 'a file that should not exist was read' };
  if (/denied|forbidden|not authorized|status 403/i.test(failure)) return { status: 'failed', said: failure };
  if (/not exist|not present|not found|no such|nosuchkey|status 404/i.test(failure)) return { status: 'ok' };
  return { status: 'unsure', said: failure };
}
