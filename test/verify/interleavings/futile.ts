/**
 * Drivers that can have no effect any more. Somebody else has written the run since such a driver got it: versions only
 * grow and tokens are drawn anew, so its own write is refused at whatever time it comes, and what follows is a read of the
 * run with the driver's news, as of any driver that is woken or hears them at that moment. So the state is the same as
 * without it. Not all that is stale is futile: what a stale driver may still submit, put or take counts.
 */
import type { StoredRun } from '../../../shared/store/stored-run.ts';
import type { HistoryRow } from '../../../shared/store/run-store.ts';
import type { Submission } from '../../../shared/warehouse/warehouse.ts';
import type { Call, Drivers } from './driver.ts';
import type { DriverState, Snapshot } from './snapshot.ts';
import { liveOf, normalRow, NOW_ISO, tokenOf } from './snapshot.ts';

/** Drawn in no state. */
const TOKEN = tokenOf(9_999_999);

/** Calls without an answer, one behind the other, that are thought through; a driver that makes more is kept. */
const FURTHEST = 16;

export class Futility {
  readonly #drivers: Drivers;
  readonly #known = new Map<string, boolean>();

  constructor(drivers: Drivers) {
    this.#drivers = drivers;
  }

  /** Takes the futile ones out of the state. */
  async drop(state: Snapshot): Promise<void> {
    if (state.drivers.length === 0) return;
    const kept: DriverState[] = [];
    for (const driver of state.drivers) if (!(await this.#isFutile(driver, state))) kept.push(driver);
    state.drivers = kept;
  }

  async #isFutile(driver: DriverState, state: Snapshot): Promise<boolean> {
    if (driver.news.kind !== 'event' || (driver.calls ?? []).length === 0) return false;
    const had = runOf(driver);
    if (had === undefined || had.version === state.run.version) return false;
    const done = doneIn(state);
    // A claim is recorded once, as long as it has not been.
    done.mayRecord = state.run.phase === 'CLAIMED' && state.run.token === had.token;
    const key = JSON.stringify([done.mayRecord, [...done.rows], [...done.tokens], liveOf(driver)]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const stored = JSON.parse(JSON.stringify(driver)) as DriverState;
    const isFutile = !(await this.#mayAct(stored, done, FURTHEST));
    this.#known.set(key, isFutile);
    return isFutile;
  }

  async #mayAct(driver: DriverState, done: Done, further: number): Promise<boolean> {
    const { calls, error } = await this.#drivers.positionOf(driver);
    if (error !== undefined || further === 0) return true;
    const [call] = calls;
    if (call === undefined) return false;
    // Refused, and all begins anew (with one run there is no other to read). These are never made beside others.
    if (call.name === 'store.save' || call.name === 'store.load') return calls.length > 1;
    if (call.name === 'store.record') return calls.length > 1 || done.mayRecord;
    const answers = answersTo(call, done);
    if (answers === undefined) return true;
    for (const answer of answers) {
      const entry = {
        call: call.number,
        name: call.name,
        ...(answer === undefined ? {} : { answer }),
        now: NOW_ISO,
        token: TOKEN,
      };
      const next: DriverState = { ...driver, entries: [...driver.entries, entry] };
      if (await this.#mayAct(next, done, further - 1)) return true;
    }
    return false;
  }
}

/** What was done already, so that it changes nothing if it is done again. */
interface Done {
  mayRecord: boolean;
  /** History rows that are there. */
  readonly rows: ReadonlySet<string>;
  /** Of submissions: the Data API answers with the same statement. */
  readonly tokens: ReadonlyMap<string, string>;
}

function doneIn({ rows, statements }: Snapshot): Done {
  const tokens = statements.flatMap(({ id, token }) => (token === undefined ? [] : [[token, id] as const]));
  return {
    mayRecord: false,
    rows: new Set(rows.map((row) => JSON.stringify(normalRow(row)))),
    tokens: new Map(tokens),
  };
}

/** The run as the driver got it last. */
function runOf({ entries }: DriverState): StoredRun | undefined {
  const got = entries.findLast(
    ({ name, answer }) =>
      (name === 'store.load' || name === 'store.save' || name === 'store.record') &&
      typeof answer === 'object',
  );
  return got?.answer as StoredRun | undefined;
}

const REFUSED = [
  { reason: 'session-unavailable', class: 'transient', message: 'refused' },
  { reason: 'session-unknown', class: 'session-lost', message: 'refused' },
].map((refusal) => ({ ok: false, refusal }));

/** Everything that the fakes could answer to a call that changes nothing; undefined for one that may change something. */
function answersTo({ name, parameters }: Call, done: Done): readonly unknown[] | undefined {
  switch (name) {
    case 'warehouse.describe': {
      const of = (status: string, error?: string): unknown => ({
        statementId: parameters[0],
        status,
        rows: [1],
        updatedAt: NOW_ISO,
        ...(error === undefined ? {} : { error }),
      });
      return [
        'NOT_FOUND',
        of('RUNNING'),
        of('FINISHED'),
        of('ABORTED'),
        of('FAILED', 'ERROR: the connection was lost'),
        of('FAILED', 'ERROR: the cluster is resizing'),
        of('FAILED', 'ERROR: relation "x" does not exist'),
      ];
    }
    case 'warehouse.session':
      return ['AVAILABLE', 'BUSY', 'CLOSED', 'UNKNOWN'];
    case 'warehouse.findByName':
      return [undefined, 'statement-1'];
    case 'warehouse.ask':
      return ['0', '1'].map((count) => ({ ok: true, value: [[count]] }));
    case 'warehouse.result':
      return [{ columns: ['c'], rows: [], total: 0 }];
    // A session of which nobody else knows.
    case 'warehouse.open':
      return [{ ok: true, value: { sessionId: 'session-1', pid: 101 } }];
    // To prove that the session is there; it closes nothing.
    case 'warehouse.runSmall':
      return parameters[1] === 'ROLLBACK'
        ? [{ ok: true, value: { statementId: 'statement-1', status: 'FINISHED' } }, ...REFUSED]
        : undefined;
    // Of a rebuild: which rows there are changes what is written, not that it is.
    case 'store.history':
      return [[]];
    case 'store.putHistory':
      return (parameters.slice(1) as HistoryRow[]).every((row) =>
        done.rows.has(JSON.stringify(normalRow(row))),
      )
        ? [undefined]
        : undefined;
    case 'warehouse.submit': {
      const statementId = done.tokens.get((parameters[0] as Submission).token);
      return statementId === undefined ? undefined : [{ ok: true, value: { statementId } }];
    }
    default:
      return undefined;
  }
}
