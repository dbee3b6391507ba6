/**
 * Every interleaving of a few events and backfills of one key, with kills: the real engine over a gated store. A state that
 * was seen is not explored again; to get to a state, its schedule is run from the start.
 */
import '../fakes/lazy-modules.ts';
import { admit } from '../../shared/engine/admit.ts';
import { backfill } from '../../shared/engine/backfill/backfill.ts';
import type { Engine, Ports } from '../../shared/engine/ports.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Run } from '../../shared/run/run.ts';
import { queueOrder } from '../../shared/run/run.ts';
import { fileOf } from '../../shared/run/trigger.ts';
import { fileOf as makeFile, planOf, World } from '../fakes/world.ts';

interface UploadStep {
  readonly etag: string;
  /** Of the event, in ms after the first. */
  readonly at: number;
  /** LastModified, where it is another time: the start of a multipart upload. */
  readonly lastModified?: number;
  readonly versionId?: string;
  /** How often its event is delivered. Default: 1. */
  readonly events?: number;
}

export interface Scenario {
  readonly name: string;
  readonly uploads: readonly UploadStep[];
  readonly backfills: number;
  /** Drivers that are killed, in all. */
  readonly kills: number;
  /** From the latest upload to a backfill, in ms. */
  readonly listedAfter?: number;
}

/** What may be done next: a step of an actor, its kill, or an upload. */
type Choice = { readonly kind: 'upload' } | { readonly kind: 'step' | 'kill'; readonly actor: number };

const GATED: ReadonlySet<string> = new Set(['admitKey', 'loadKey', 'changeKey', 'create', 'load', 'list']);

const KEY = 'orders/1.csv';

const plan: Plan = planOf([{ name: '10_load.sql', hash: 'a' }]);

class Killed extends Error {}

interface Actor {
  readonly name: string;
  /** Enabled when so many uploads were made. */
  readonly from: number;
  readonly work: (engine: Engine) => Promise<unknown>;
  state: 'new' | 'running' | 'done' | 'killed';
  /** The call that it stands before. */
  gate?: { readonly call: string; readonly open: () => void; readonly kill: () => void };
  /** Answers that it had. */
  log: string[];
}

/** One execution of a schedule. */
class Execution {
  readonly world = new World();
  readonly actors: Actor[] = [];
  readonly #scenario: Scenario;
  readonly #start: number;
  made = 0;
  kills = 0;
  created = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#start = this.world.time;
    for (const [i, upload] of scenario.uploads.entries())
      for (let n = 0; n < (upload.events ?? 1); n += 1)
        this.#add(`event ${i + 1}.${n + 1}`, i + 1, async (engine) => admit(this.#eventOf(i), engine));
    for (let n = 0; n < scenario.backfills; n += 1) this.addBackfill(`backfill ${n + 1}`, 1);
  }

  #add(name: string, from: number, work: Actor['work']): void {
    this.actors.push({ name, from, work, state: 'new', log: [] });
  }

  addBackfill(name: string, from: number): void {
    this.#add(name, from, async (engine) => {
      const request = { verb: 'backfill' as const, requestId: name, actor: name, pipeline: plan.pipeline };
      const answer = await backfill(request, engine);
      if (!answer.ok) throw new Error(answer.message);
      this.created += answer.counts.new;
    });
  }

  /** An interrupted event is delivered again. */
  addEvents(): void {
    for (let i = 0; i < this.#scenario.uploads.length; i += 1)
      if (this.actors.some(({ name, state }) => name.startsWith(`event ${i + 1}.`) && state === 'killed'))
        this.#add(`event ${i + 1}.again`, i + 1, async (engine) => admit(this.#eventOf(i), engine));
  }

  #eventOf(i: number) {
    const upload = this.#scenario.uploads[i];
    if (upload === undefined) throw new Error('no such upload');
    const { etag, at, versionId } = upload;
    const version = versionId === undefined ? {} : { versionId };
    const file = makeFile(KEY, { etag, sequencer: `0${i + 1}`, ...version });
    return { file, time: new Date(this.#start + at).toISOString() };
  }

  choices(): Choice[] {
    const { uploads, kills } = this.#scenario;
    const choices: Choice[] = this.made < uploads.length ? [{ kind: 'upload' }] : [];
    for (const [actor, { state, from, gate }] of this.actors.entries()) {
      if (state === 'new' && this.made >= from) choices.push({ kind: 'step', actor });
      if (state !== 'running' || gate === undefined) continue;
      choices.push({ kind: 'step', actor });
      if (this.kills < kills) choices.push({ kind: 'kill', actor });
    }
    return choices;
  }

  async take(choice: Choice): Promise<void> {
    if (choice.kind === 'upload') {
      const upload = this.#scenario.uploads[this.made];
      if (upload === undefined) throw new Error('no further upload');
      this.world.time = Math.max(this.world.time, this.#start + upload.at);
      const modified = new Date(this.#start + (upload.lastModified ?? upload.at)).toISOString();
      const { sequencer: _, ...file } = this.#eventOf(this.made).file;
      this.world.put(file, modified);
      this.made += 1;
      if (this.made === this.#scenario.uploads.length) this.world.time += this.#scenario.listedAfter ?? 1_000;
      return;
    }
    const actor = this.actors[choice.actor];
    if (actor === undefined) throw new Error('no such actor');
    if (choice.kind === 'kill') {
      this.kills += 1;
      actor.gate?.kill();
    } else if (actor.state === 'new') {
      actor.state = 'running';
      void this.#begin(actor);
    } else actor.gate?.open();
    // Until it stands at its next gate, or has ended.
    do await new Promise<void>((done) => setImmediate(done));
    while (actor.state === 'running' && actor.gate === undefined);
  }

  async #begin(actor: Actor): Promise<void> {
    try {
      await actor.work({ ...this.world.engine([plan]), ...this.#portsOf(actor) });
      actor.state = 'done';
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      actor.state = 'killed';
    } finally {
      // What it knew is of no matter any more.
      actor.log = [];
    }
  }

  #portsOf(actor: Actor): Pick<Ports, 'store' | 'files' | 'publisher'> {
    const { store, files, publisher } = this.world.ports;
    const guard = <T extends object>(port: T): T =>
      new Proxy(port, {
        get: (target, member) => {
          const found: unknown = Reflect.get(target, member, target);
          if (typeof found !== 'function') return found;
          const method = found as (...parameters: unknown[]) => Promise<unknown>;
          const call = async (...parameters: unknown[]) => method.apply(target, parameters);
          if (!GATED.has(String(member))) return call;
          return async (...parameters: unknown[]) => {
            await new Promise<void>((open, kill) => {
              const free = (then: () => void) => (): void => {
                delete actor.gate;
                then();
              };
              actor.gate = {
                call: String(member),
                open: free(open),
                kill: free(() => {
                  kill(new Killed());
                }),
              };
            });
            const answer = await call(...parameters);
            actor.log.push(`${String(member)} ${JSON.stringify(answer)}`);
            return answer;
          };
        },
      });
    return { store: guard(store), files: guard(files), publisher };
  }

  /** Two executions with one state go on alike. */
  state(): string {
    const { store } = this.world;
    const runs = [...store.runs.values()].map(({ id, life }) => `${id} ${life.state}`).sort();
    const actors = this.actors.map(({ state, log, gate }) => [state, log, gate?.call]);
    // Who created a run, and when, is of no matter.
    const text = JSON.stringify([this.made, this.kills, [...store.keys.values()], runs, actors]);
    return text.replaceAll(/"(?:incarnationId|writerId|createdAt)":"[^"]*"/g, '');
  }

  /** Everybody ends, what was killed comes again, and a last backfill is made. */
  async finish(): Promise<void> {
    this.kills = Number.POSITIVE_INFINITY;
    const drain = async (): Promise<void> => {
      for (let choice = this.choices()[0]; choice !== undefined; choice = this.choices()[0])
        await this.take(choice);
    };
    await drain();
    this.addEvents();
    await drain();
    this.addBackfill('last backfill', 0);
    await drain();
  }

  /** @throws Error naming the rule that is broken */
  check(): void {
    const { uploads } = this.#scenario;
    const runs = [...this.world.store.runs.values()];
    const fileRun = (run: Run) => fileOf(run.trigger);
    const isTaken = ({ life }: Run): boolean => life.state !== 'SUPERSEDED';
    const sameUpload = (run: Run, upload: UploadStep): boolean =>
      fileRun(run)?.etag === upload.etag &&
      (upload.versionId === undefined || fileRun(run)?.versionId === upload.versionId);
    for (const upload of uploads) {
      const same = uploads.filter(
        ({ etag, versionId }) => etag === upload.etag && versionId === upload.versionId,
      );
      const taken = runs.filter((run) => isTaken(run) && sameUpload(run, upload));
      if (taken.length > same.length)
        throw new Error(
          `${upload.etag} is loaded ${taken.length} times: ${taken.map(({ id }) => id).join()}`,
        );
      const hasEvent = upload.events !== 0;
      if (hasEvent && !runs.some((run) => sameUpload(run, upload)))
        throw new Error(`the event of ${upload.etag} led to no run`);
    }
    const current = uploads.at(-1);
    if (current === undefined) throw new Error('no upload');
    const taken = runs.filter((run) => isTaken(run) && sameUpload(run, current));
    if (taken.length === 0) throw new Error(`the current object (${current.etag}) is loaded by no run`);
    const last = runs
      .filter(isTaken)
      .sort((a, b) => (queueOrder(a) < queueOrder(b) ? -1 : 1))
      .at(-1);
    const isDistinct = uploads.every(
      (one) => one === current || one.at < (current.lastModified ?? current.at),
    );
    if (isDistinct && last !== undefined && !sameUpload(last, current))
      throw new Error(`the last run loads ${fileRun(last)?.etag ?? ''}, and the object is ${current.etag}`);
    const listed = runs.filter(({ trigger }) => trigger.kind === 's3' && trigger.backfill === true);
    if (this.created > listed.length)
      throw new Error(`backfills report ${this.created} new files, and created ${listed.length} runs`);
  }
}

/** Explores everything; returns the number of states. @throws Error with the schedule that breaks a rule */
export async function explore(scenario: Scenario): Promise<number> {
  const seen = new Set<string>();
  const visit = async (schedule: readonly Choice[]): Promise<void> => {
    const execution = new Execution(scenario);
    for (const choice of schedule) await execution.take(choice);
    const state = execution.state();
    if (seen.has(state)) return;
    seen.add(state);
    const choices = execution.choices();
    if (choices.every(({ kind }) => kind !== 'step')) {
      await execution.finish();
      try {
        execution.check();
      } catch (error) {
        throw new Error(`${scenario.name}: ${wordsOf(schedule, execution)}`, { cause: error });
      }
    }
    for (const choice of choices) await visit([...schedule, choice]);
  };
  await visit([]);
  return seen.size;
}

function wordsOf(schedule: readonly Choice[], { actors, world }: Execution): string {
  const steps = schedule.map((choice) =>
    choice.kind === 'upload' ? 'upload' : `${choice.kind} ${actors[choice.actor]?.name ?? ''}`,
  );
  const runs = [...world.store.runs.values()].map(
    ({ id, life, trigger }) => `${id} ${life.state} ${trigger.time} ${fileOf(trigger)?.etag ?? ''}`,
  );
  return [...steps, ...runs, JSON.stringify([...world.store.keys.values()])].join('\n');
}
