/** A person who looks at the warehouse and says what is true; and one who cancels and resumes for no reason. */
import type { OperateRequest, PauseRequest } from '../../shared/events/requests.ts';
import { backfill } from '../../shared/engine/backfill/backfill.ts';
import { operate } from '../../shared/engine/operate.ts';
import { pauseOrUnpause } from '../../shared/engine/pause.ts';
import { runIdOf } from '../../shared/engine/start-run.ts';
import type { Failure, Run } from '../../shared/run/run.ts';
import { listOf } from '../../shared/run/batch.ts';
import { isActive, isAtEnd, isAtRest, isQueued, underwayOf } from '../../shared/run/run.ts';
import { spokenBy } from './warehouse-data.ts';
import type { Stage } from './stage.ts';

/** So often a person tries; then the run is given up. */
const PATIENCE = 4;

export class Person {
  readonly #stage: Stage;
  readonly #tried = new Map<string, number>();
  #requests = 0;
  #cancels = 0;
  /** Of batches and of their files. */
  #batchCancels = 0;
  #replays = 0;
  #starts = 0;
  #pauses = 0;
  #backfills = 0;
  #last: OperateRequest | PauseRequest | undefined;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Does what the run needs of a person; false where it needs nothing, or nothing can be said yet. */
  help(run: Run): boolean {
    if (!isAtRest(run) || run.life.pendingActions.length > 0) return false;
    if (run.life.state === 'FAILED') return this.#afterFailure(run, run.life.error);
    if (run.life.state === 'PAUSED') return this.#afterPause(run);
    return run.life.state === 'NEEDS_DECISION' && this.#decide(run);
  }

  #afterFailure(run: Run, error: Failure): boolean {
    const tries = this.#tries(run);
    if (error.class === 'input' || tries > PATIENCE) {
      this.#stage.fired('cancel');
      this.#ask({ verb: 'cancel', ...this.#who(), runId: run.id });
      return true;
    }
    const bad = this.#fileToTakeOut(run);
    if (bad !== undefined) {
      this.#stage.fired('resume without a file');
      this.#ask({ verb: 'resume', ...this.#who(), runId: run.id, without: [bad] });
      return true;
    }
    const from = this.#stage.random.chance(0.2) ? '10_stage.sql' : undefined;
    this.#stage.fired(from === undefined ? 'resume' : 'resume from an earlier step');
    this.#ask({
      verb: 'resume',
      ...this.#who(),
      runId: run.id,
      ...(from === undefined ? {} : { from }),
      ...this.#until(from === undefined ? run.cursor : 0, 0.3),
    });
    return true;
  }

  /** It goes on to its end, or to a later step; not if a deploy has changed what it committed. */
  #afterPause(run: Run): boolean {
    if (this.#tries(run) > 2 * PATIENCE) {
      this.#stage.fired('cancel');
      this.#ask({ verb: 'cancel', ...this.#who(), runId: run.id });
      return true;
    }
    this.#stage.fired('resume of a paused run');
    this.#ask({ verb: 'resume', ...this.#who(), runId: run.id, ...this.#until(run.cursor, 0.3) });
    return true;
  }

  /** A step to pause after, of those from this one on, but the last; mostly none. */
  #until(from: number, chance: number): { until?: string } {
    const { random, swarm, today } = this.#stage;
    if (!swarm.kinds.has('resume until a step') || !random.chance(chance)) return {};
    const step = random.pick(today.steps.slice(from, -1));
    if (step === undefined) return {};
    this.#stage.fired('resume until a step');
    return { until: step.name };
  }

  /** Of a batch that failed: mostly a file that cannot be loaded, sometimes any; undefined: none. */
  #fileToTakeOut(run: Run): string | undefined {
    const { data, random, world } = this.#stage;
    const list = listOf(run);
    if (run.trigger.kind !== 'batch' || list === undefined || random.chance(0.3)) return undefined;
    const body = world.artifacts.get(`manifests/${run.id}/list-${list.list}.json`) ?? '{"files":[]}';
    const { files } = JSON.parse(body) as { files: { key: string; etag: string }[] };
    const bad = files.filter(({ etag }) => data.bad.has(etag));
    return random.pick(bad.length > 0 ? bad : files)?.key;
  }

  /** Waits until nothing of the run is under way; then the tables say it. */
  #decide(run: Run): boolean {
    const { warehouse, store } = this.#stage.world;
    if (warehouse.underWay().some((statement) => spokenBy(statement)?.run === run.id)) return false;
    if (warehouse.isLanding((statement) => spokenBy(statement)?.run === run.id)) return false;
    const step = store.plans.get(run.planHash)?.steps[run.cursor];
    const lasting = step?.kind === 'durable' || step?.kind === 'opaque';
    const applied =
      lasting &&
      this.#stage.data.effectsOf(run.id, step.name, run.incarnationId).length > this.#knownEffects(run);
    const verdict = applied ? 'applied' : this.#tries(run) > PATIENCE ? 'abandon' : 'not-applied';
    this.#stage.fired('resolve');
    this.#ask({ verb: 'resolve', ...this.#who(), runId: run.id, verdict });
    return true;
  }

  /** Of a run whose item was deleted an effect may be of its life before. */
  #knownEffects(run: Run): number {
    return this.#stage.byHand.runsDeleted.has(run.id) ? Infinity : 0;
  }

  #tries(run: Run): number {
    const tries = (this.#tried.get(run.id) ?? 0) + 1;
    this.#tried.set(run.id, tries);
    return tries;
  }

  /** Something that nobody needs: false where it cannot be done just now. */
  meddle(): boolean {
    const { random, swarm, world } = this.#stage;
    if (!this.#stage.hasRoom()) return false;
    if (swarm.kinds.has('pause') && this.#pauses < 2 && random.chance(0.2)) return this.#pauseOrUnpause();
    if (swarm.kinds.has('cancel') && this.#batchCancels < 2 && random.chance(0.5) && this.#cancelInBatch())
      return true;
    if (swarm.kinds.has('backfill') && this.#backfills < 3 && random.chance(0.2)) return this.#backfill();
    const run = random.pick(this.#stage.runs());
    if (run === undefined) return false;
    if (this.#last !== undefined && swarm.kinds.has('request doubled') && random.chance(0.3)) {
      this.#stage.fired('request doubled');
      this.#send(this.#last);
      return true;
    }
    if (swarm.kinds.has('replay') && this.#replays < 2 && random.chance(0.3)) return this.#replay();
    if (swarm.kinds.has('start by request') && this.#starts < 1 && random.chance(0.3)) return this.#start();
    if (isAtRest(run) && !isAtEnd(run)) return random.chance(0.6) && this.help(run);
    if (!swarm.kinds.has('cancel') || this.#cancels >= 1 || world.store.runs.size === 0) return false;
    // The interesting moment is a step under way.
    if (underwayOf(run) === undefined && random.chance(0.8)) return false;
    this.#cancels += 1;
    this.#stage.fired('cancel');
    this.#ask({ verb: 'cancel', ...this.#who(), runId: run.id });
    return true;
  }

  /** A batch in any phase, a file that it has listed, or one that it has: false where there is none. */
  #cancelInBatch(): boolean {
    const { random } = this.#stage;
    const runs = this.#stage.runs();
    const batches = runs.filter((run) => run.trigger.kind === 'batch' && isActive(run));
    const early = batches.filter(({ batch }) => batch?.phase !== 'SEALED');
    const batch = random.pick(random.chance(0.6) ? early : batches);
    if (batch?.batch === undefined) return false;
    const { phase } = batch.batch;
    const listed = phase === 'MARK' ? runs.filter((run) => this.#isListed(run, batch)) : [];
    const absorbed = runs.filter(({ life }) => life.state === 'ABSORBED' && life.into === batch.id);
    const run = random.chance(listed.length > 0 ? 0.35 : 0.5)
      ? batch
      : random.pick(listed.length > 0 ? listed : absorbed);
    if (run === undefined) return false;
    this.#batchCancels += 1;
    this.#stage.fired('cancel');
    if (run === batch) this.#stage.fired(`batch cancelled: ${phase}`);
    else if (isQueued(run)) this.#stage.fired('listed file cancelled');
    else this.#stage.fired('cancel of a file in a batch');
    this.#ask({ verb: 'cancel', ...this.#who(), runId: run.id });
    return true;
  }

  #isListed(run: Run, batch: Run): boolean {
    const list = listOf(batch)?.list ?? '';
    const body = this.#stage.world.artifacts.get(`manifests/${batch.id}/list-${list}.json`);
    return isQueued(run) && body?.includes(`"${run.id}"`) === true;
  }

  /** The files' events are delivered again under the name of a replay, in any order. */
  #replay(): boolean {
    const { arrivals, random } = this.#stage;
    const replayed = arrivals.filter(
      ({ replayName, isLost }) => replayName === undefined && !isLost && random.chance(0.7),
    );
    if (replayed.length === 0) return false;
    this.#replays += 1;
    this.#stage.fired('replay');
    for (const { file, time } of replayed)
      arrivals.push({ file, time, replayName: `replay-${this.#replays}`, delivered: false, isLost: false });
    return true;
  }

  /** A paused pipeline is unpaused, now or in the quiet phase; false where it is not paused. */
  unpause(): boolean {
    if (!this.#stage.isPaused()) return false;
    this.#stage.fired('unpause');
    this.#ask({ verb: 'unpause', ...this.#who(), pipeline: 'orders' });
    return true;
  }

  #pauseOrUnpause(): boolean {
    if (this.unpause()) return true;
    this.#pauses += 1;
    this.#stage.fired('pause');
    this.#ask({ verb: 'pause', ...this.#who(), pipeline: 'orders' });
    return true;
  }

  #backfill(): boolean {
    this.#backfills += 1;
    this.backfill();
    return true;
  }

  /** Whatever is in the bucket now; it may be interrupted, or meet another one. */
  backfill(): void {
    this.#stage.fired('backfill');
    const request = { verb: 'backfill' as const, ...this.#who(), pipeline: 'orders' };
    this.#stage.begin((engine) => backfill(request, engine));
  }

  #start(): boolean {
    const { arrivals, random, requested, swarm, today, world } = this.#stage;
    const file = random.pick(arrivals)?.file;
    if (file === undefined) return false;
    this.#starts += 1;
    this.#stage.fired('start by request');
    const who = this.#who();
    const trigger = { kind: 'request' as const, time: '', ...who };
    requested.add(runIdOf(today, trigger, world.ports.settings));
    const step =
      swarm.kinds.has('start until a step') && random.chance(0.7)
        ? random.pick(today.steps.slice(0, -1))
        : undefined;
    if (step !== undefined) this.#stage.fired('start until a step');
    this.#ask({
      verb: 'start',
      ...who,
      pipeline: 'orders',
      file: `s3://landing/${file.key}`,
      ...(step === undefined ? {} : { until: step.name }),
    });
    return true;
  }

  #who(): { requestId: string; actor: string } {
    this.#requests += 1;
    return { requestId: `request-${this.#requests}`, actor: 'simulator' };
  }

  #ask(request: OperateRequest | PauseRequest): void {
    this.#last = request;
    this.#send(request);
  }

  #send(request: OperateRequest | PauseRequest): void {
    this.#stage.begin((engine) =>
      request.verb === 'pause' || request.verb === 'unpause'
        ? pauseOrUnpause(request, engine)
        : operate(request, engine),
    );
  }
}
