/** What may happen next in a schedule, beside a driver going on. */
import { admit } from '../../shared/engine/admit.ts';
import { startAll } from '../../shared/engine/start-all.ts';
import { drive } from '../../shared/engine/drive.ts';
import { driveTaken } from '../../shared/engine/taken.ts';
import { sweep } from '../../shared/engine/sweep.ts';
import type { RunEvent } from '../../shared/run/run-event.ts';
import { underwayOf } from '../../shared/run/run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import type { StoredRun } from '../../shared/store/stored-run.ts';
import { itemOf } from '../fakes/item-of.ts';
import type { Arrival, Stage, Work } from './stage.ts';
import { runOf, tokenStartOf } from './stage.ts';
import type { FakeStatement } from '../fakes/fake-warehouse.ts';
import { isLasting, untruthOf } from './untruth.ts';
import { CHECK, stepsIn } from './warehouse-data.ts';

const MINUTE = 60_000;

/** The queue delivers at least once, in any order, also again. */
export function deliverFile(stage: Stage, arrival: Arrival): void {
  if (arrival.delivered) stage.fired('file event doubled');
  arrival.delivered = true;
  const { file, time, replayName } = arrival;
  const created = { file, time, ...(replayName === undefined ? {} : { replayName }) };
  beginOf(stage, async (engine) => {
    try {
      const [outcome] = await startAll([(into) => admit(created, into)], engine);
      if (outcome?.status === 'rejected') throw outcome.reason;
    } catch (error) {
      arrival.delivered = false;
      // The queue delivers it again.
      if (!(error instanceof Error && error.message.endsWith('(the queue delivers the event again)')))
        throw error;
    }
  });
}

export function deliverWake(stage: Stage): void {
  const i = stage.random.below(stage.wakes.length);
  const wake = stage.wakes[i];
  if (wake === undefined) return;
  if (doubles(stage)) stage.fired('wake-up doubled');
  else stage.wakes.splice(i, 1);
  if (wake.event.kind === 'PassedOn') stage.fired('run passed on to a driver that waits');
  news(stage, wake.runId, wake.event);
}

export function deliverEvent(stage: Stage): void {
  const i = stage.random.below(stage.events.length);
  const pending = stage.events[i];
  if (pending === undefined) return;
  if (stage.events.some(({ number }) => number < pending.number))
    stage.fired('completion event out of order');
  if (stage.world.time - pending.since > 2 * MINUTE) stage.fired('completion event minutes late');
  if (doubles(stage)) stage.fired('completion event doubled');
  else stage.events.splice(i, 1);
  const runId = runOf(pending.statement);
  const run = stage.world.store.runs.get(runId);
  const token = run && underwayOf(run)?.token;
  if (token !== undefined && !token.startsWith(tokenStartOf(pending.statement)))
    stage.fired('completion event of an old attempt');
  if (run !== undefined && run.generation > Number(pending.statement.name?.split(':')[3]))
    stage.fired('completion event of an old generation');
  news(stage, runId, stage.newsOf(pending));
}

function news(stage: Stage, runId: string, event: RunEvent): void {
  beginOf(stage, (engine) => drive(runId, event, engine), true);
}

/** A function that also drives runs to which it gave a slot. */
function beginOf(stage: Stage, work: Work, waits = false): void {
  stage.begin(async (engine) => {
    const ours = { ...engine, taken: [] };
    await work(ours);
    if (ours.taken.length > 0) stage.fired('slot given and run driven at once');
    await driveTaken(ours);
  }, waits);
}

function doubles(stage: Stage): boolean {
  return !stage.quiet && stage.random.chance(stage.swarm.rates.double);
}

export function sweepAfter(stage: Stage, ms: number): void {
  stage.advance(ms);
  stage.begin((engine) => sweep(engine));
}

/** A statement under way comes to its end. */
export function endStatement(
  stage: Stage,
  statement = stage.random.pick(stage.world.warehouse.underWay()),
): void {
  if (statement === undefined) return;
  if (stage.quiet || !stage.random.chance(stage.swarm.rates.fail)) {
    stage.world.warehouse.end(statement.id, 'FINISHED');
    return;
  }
  if (stage.random.chance(0.3) && failCheck(stage, statement)) return;
  const status = stage.random.chance(0.15) ? 'ABORTED' : 'FAILED';
  stage.fired(status === 'ABORTED' ? 'statement stopped outside Baton' : 'statement failed');
  const isOpen = status === 'ABORTED' || stage.random.chance(0.6);
  const error = stage.random.pick(isOpen ? OPEN_ERRORS : VERDICTS) ?? '';
  const { length } = stepsIn(statement);
  // Where the connection was lost, no part of a transaction need have an error.
  const failed =
    length > 1 && (!isOpen || stage.random.chance(0.5)) ? { failed: stage.random.below(length) } : {};
  stage.world.warehouse.end(statement.id, status, {
    error,
    ...failed,
    ...untruthOf(stage, statement, isOpen),
  });
}

/** One of its checks returns a row that it must not. */
function failCheck(stage: Stage, statement: FakeStatement): boolean {
  const checks = statement.sqls.filter((sql) => CHECK.test(sql));
  const failing = stage.random.pick(checks);
  if (failing === undefined) return false;
  stage.fired('check failed');
  stage.data.failing.add(failing);
  stage.world.warehouse.end(statement.id, 'FINISHED');
  return true;
}

/** A call waits for a statement: time goes by, and the statement may end. */
export function whileWaiting(stage: Stage, statementId: string, ms: number): void {
  const statement = stage.world.warehouse.statementOf(statementId);
  if (statement?.status === 'RUNNING') {
    const ends = stage.quiet || stage.random.chance(0.3);
    stage.advance(ends ? stage.random.below(ms) : ms);
    if (ends) endStatement(stage, statement);
  }
  const isOver = statement?.status !== 'RUNNING';
  stage.fired(isOver ? 'wait ended' : 'wait ran out');
  const run = statement && stage.world.store.runs.get(runOf(statement));
  const token = run && underwayOf(run)?.token;
  if (isOver && statement !== undefined && token?.startsWith(tokenStartOf(statement)) !== true)
    stage.fired('wait ended, another driver went on');
}

/** They leave open what became of the statement. */
const OPEN_ERRORS = [
  'ERROR: the cluster is resizing, please try again',
  'ERROR: the cluster is resizing, please try again',
  'An I/O error occurred while sending to the backend.',
  "ERROR: Query (123) cancelled on user's request",
  'ERROR: something that has never been seen',
];

const VERDICTS = [
  'ERROR: relation "x" does not exist',
  'ERROR: 1023 Detail: Serializable isolation violation on table - 1',
  "ERROR: Load into table 'stage' failed. Check 'sys_load_error_detail' system table for details.",
];

/** A rare thing: how likely where it can happen at all, and what it does; false where it cannot just now. */
export interface Trouble {
  /** The name under which the swarm lets it happen. */
  readonly kind: string;
  readonly weight: number;
  /** In one schedule, at most. */
  readonly most: number;
  readonly happen: (stage: Stage) => boolean;
}

export const TROUBLES: readonly Trouble[] = [
  { kind: 'session died', weight: 12, most: 3, happen: killSession },
  { kind: 'warehouse paused', weight: 1, most: 2, happen: pauseWarehouse },
  { kind: 'hours without anybody', weight: 1, most: 2, happen: outage },
  { kind: 'forged: another token', weight: 2, most: 3, happen: forgeToken },
  { kind: 'forged: another principal', weight: 2, most: 3, happen: forgePrincipal },
  { kind: 'forged: another statement', weight: 2, most: 3, happen: forgeStatement },
  { kind: 'file overwritten', weight: 1, most: 1, happen: overwriteFile },
  { kind: 'file put back', weight: 8, most: 1, happen: putFileBack },
  { kind: 'file deleted', weight: 0.5, most: 1, happen: deleteFile },
  { kind: 'deploy in mid-run', weight: 2, most: 1, happen: deploy },
  { kind: 'run deleted', weight: 0.5, most: 1, happen: deleteRun },
  { kind: 'pool deleted', weight: 0.5, most: 1, happen: deletePool },
  { kind: 'history deleted', weight: 0.5, most: 1, happen: deleteHistory },
  { kind: 'key deleted', weight: 1, most: 1, happen: deleteKey },
];

/** Above all where a commit is under way, which then took effect, or did not, or will when the session looks closed. */
function killSession(stage: Stage): boolean {
  const { random, world } = stage;
  const open = [...world.warehouse.sessions.values()].filter(({ status }) => status !== 'CLOSED');
  const lasting = world.warehouse.underWay().filter(isLasting);
  const under = random.chance(0.9) ? random.pick(lasting) : undefined;
  const session = under === undefined ? random.pick(open) : world.warehouse.sessions.get(under.sessionId);
  if (session === undefined || (under === undefined && random.chance(0.7))) return false;
  const committed = random.chance(0.5);
  const forgotten = random.chance(0.5);
  // A commit may land when its session looks closed, also of a statement that was reported failed.
  const late = under !== undefined && under.sqls.length > 1 && committed && random.chance(0.5);
  stage.fired('session died');
  if (session.status === 'BUSY' && forgotten) stage.fired('statement forgotten');
  if (under !== undefined)
    stage.fired(`session died under a commit: ${late ? 'lands later' : committed ? 'committed' : 'lost'}`);
  world.warehouse.kill(session.id, {
    committed,
    forgotten,
    ...(late ? { lateMs: random.below(55_000) } : {}),
  });
  return true;
}

/** For minutes every call is refused; what ran is lost, or goes on behind. */
function pauseWarehouse(stage: Stage): boolean {
  const { random, world } = stage;
  if (world.time < stage.pausedUntil) return false;
  stage.fired('warehouse paused');
  stage.pausedUntil = world.time + random.between(1, 20) * MINUTE;
  if (random.chance(0.5)) return true;
  for (const session of world.warehouse.sessions.values())
    if (session.status !== 'CLOSED')
      world.warehouse.kill(session.id, { committed: random.chance(0.5), forgotten: false });
  return true;
}

/** Nobody drives for hours: no driver lives that long; tokens are forgotten after eight, statements after 24. */
function outage(stage: Stage): boolean {
  const { random, world } = stage;
  const { store, warehouse } = world;
  const claimed = stage.runs().some((run) => underwayOf(run) !== undefined);
  if (!claimed && random.chance(0.9)) return false;
  stage.fired('hours without anybody');
  for (const driver of stage.atWork) stage.kill(driver);
  if (random.chance(0.7)) endStatement(stage);
  const hours = random.pick([1, 4, 8.2, 9, 25, 30]) ?? 1;
  const known = warehouse.tokens.size > 0;
  stage.advance(hours * 60 * MINUTE + random.below(MINUTE));
  if (hours > 8 && known) stage.fired('tokens forgotten');
  if (hours > 24 && [...store.runs.values()].some((run) => underwayOf(run) !== undefined))
    stage.fired('history of 24 hours gone');
  return true;
}

/** An event whose name begins like ours, but with another token. */
function forgeToken(stage: Stage): boolean {
  const run = stage.random.pick(stage.runs());
  if (run === undefined || !stage.hasRoom()) return false;
  stage.fired('forged: another token');
  news(stage, run.id, {
    ...forged(stage, itemOf(run).statementId),
    tokenStart: 'zzzzzzzzzz',
    trusted: stage.random.chance(0.5),
  });
  return true;
}

/** An event with the right name, of a statement that somebody else submitted; it claims an end while ours runs. */
function forgePrincipal(stage: Stage): boolean {
  const run = stage.random.pick(
    stage
      .runs()
      .map(itemOf)
      .filter(({ token }) => token !== undefined),
  );
  if (run?.token === undefined || !stage.hasRoom()) return false;
  stage.fired('forged: another principal');
  const statementId = stage.random.chance(0.5) ? run.statementId : 'statement-of-somebody';
  news(stage, run.id, {
    ...forged(stage, statementId),
    tokenStart: run.token.slice(0, 10),
    trusted: false,
  });
  return true;
}

/** The right name, and a statement that is not the recorded one. */
function forgeStatement(stage: Stage): boolean {
  const run = stage.random.pick(
    stage
      .runs()
      .map(itemOf)
      .filter(({ phase }) => phase === 'SUBMITTED'),
  );
  if (run?.token === undefined || !stage.hasRoom()) return false;
  stage.fired('forged: another statement');
  news(stage, run.id, {
    ...forged(stage, 'statement-of-somebody'),
    tokenStart: run.token.slice(0, 10),
    trusted: true,
  });
  return true;
}

function forged(stage: Stage, statementId = 'statement-of-somebody') {
  return {
    kind: 'StatementEnded' as const,
    statementId,
    status: stage.random.pick(['FINISHED', 'FAILED', 'ABORTED'] as const) ?? 'FINISHED',
    at: new Date(stage.world.time).toISOString(),
    rows: 7,
  };
}

/** The key of a file is uploaded anew, with other bytes. */
function overwriteFile(stage: Stage): boolean {
  const key = stage.random.pick(stage.arrivals)?.file.key;
  if (key === undefined) return false;
  stage.fired('file overwritten');
  stage.arrive(key, uploadsOf(stage, key) + 1);
  return true;
}

/** A load reads other bytes than before and after it: the file is overwritten, and then put back, which is a third upload. */
function putFileBack(stage: Stage): boolean {
  const { warehouse } = stage.world;
  const run = stage.random.pick(
    stage
      .runs()
      .map(itemOf)
      .filter(({ phase, fileAtClaim, statementId }) => {
        const isUnderWay = warehouse.statementOf(statementId ?? '')?.status === 'RUNNING';
        return phase === 'SUBMITTED' && fileAtClaim !== undefined && isUnderWay;
      }),
  );
  const file = run && stage.random.pick(filesOf(stage, run));
  if (run?.statementId === undefined || file === undefined) return false;
  const content = Number(file.etag.slice(file.etag.lastIndexOf('-') + 1));
  stage.fired('file put back');
  stage.arrive(file.key, uploadsOf(stage, file.key) + 1);
  warehouse.end(run.statementId, 'FINISHED');
  stage.arrive(file.key, uploadsOf(stage, file.key) + 1, content);
  return true;
}

/** The file that a run loads, or those of its list. */
function filesOf(stage: Stage, run: StoredRun): readonly { readonly key: string; readonly etag: string }[] {
  const file = fileOf(run.trigger);
  if (file !== undefined) return [file];
  const { list = '' } = run.batch ?? {};
  const body = stage.world.artifacts.get(`manifests/${run.id}/list-${list}.json`) ?? '{"files":[]}';
  return (JSON.parse(body) as { files: { key: string; etag: string }[] }).files;
}

function uploadsOf(stage: Stage, key: string): number {
  return stage.arrivals.filter(({ file }) => file.key === key).length;
}

function deleteFile(stage: Stage): boolean {
  const file = stage.random.pick(stage.arrivals)?.file;
  if (file === undefined || !stage.world.objects.delete(`${file.bucket}/${file.key}`)) return false;
  stage.fired('file deleted');
  return true;
}

function deploy(stage: Stage): boolean {
  if (stage.runs().length === 0) return false;
  stage.fired('deploy in mid-run');
  stage.deploy();
  return true;
}

/** Its event comes again, and begins it anew: as if it had never been. */
function deleteRun(stage: Stage): boolean {
  // Of a batch nothing comes again: its files belong to it.
  const run = stage.random.pick(stage.runs().filter(({ trigger }) => trigger.kind !== 'batch'));
  if (run === undefined) return false;
  stage.fired('run deleted');
  stage.byHand.runsDeleted.set(run.id, fileOf(run.trigger)?.key);
  stage.data.oneAtATime = false;
  stage.world.store.runs.delete(run.id);
  return true;
}

/** Who holds slots is forgotten: more may go on at once until those have ended. */
function deletePool(stage: Stage): boolean {
  if (stage.world.store.pools.size === 0) return false;
  stage.fired('pool deleted');
  stage.byHand.poolDeleted = true;
  stage.data.oneAtATime = false;
  stage.world.store.pools.clear();
  return true;
}

function deleteHistory(stage: Stage): boolean {
  if (stage.world.store.rows.size === 0) return false;
  stage.fired('history deleted');
  stage.byHand.historyDeleted = true;
  stage.world.store.rows.clear();
  return true;
}

/** Which upload of a key was the newest is forgotten. */
function deleteKey(stage: Stage): boolean {
  if (stage.world.store.keys.size === 0) return false;
  stage.fired('key deleted');
  stage.world.store.keys.clear();
  return true;
}
