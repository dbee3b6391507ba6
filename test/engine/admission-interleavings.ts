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
import type { KeyItem } from '../../shared/store/key-item.ts';
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
  /** After so many uploads, when all is delivered, time passes until items expire: each of them may, or may not yet. */
  readonly passesAfter?: number;
}

/** What may be done next: a step of an actor, its kill, an upload, the passing of time, or the expiry of what is old then. */
type Choice =
  | { readonly kind: 'upload' | 'pass' | 'expire key' | 'expire runs' }
  | { readonly kind: 'step' | 'kill'; readonly actor: number };

/** Longer than a key is remembered. */
const LONG_MS = 801 * 86_400_000;

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
  /** What was stored when time had passed. */
  old: { readonly key: KeyItem | undefined; readonly runs: readonly string[] } | undefined;
  readonly expired: Run[] = [];

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#start = this.world.time;
    for (const [i, upload] of scenario.uploads.entries())
      for (let n = 0; n < (upload.events ?? 1); n += 1)
        this.#add(`event ${i + 1}.${n + 1}`, i + 1, async (engine) => admit(this.#eventOf(i), engine));
    for (let n = 0; n < scenario.backfills; n += 1) this.addBackfill(`backfill ${n + 1}`, 1);
    // It has run for long.
    if (scenario.passesAfter !== undefined)
      this.world.store.pools.set(plan.pipeline, { holders: {}, epoch: 1 });
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
    const { uploads, kills, passesAfter } = this.#scenario;
    const mayPass = this.old === undefined && this.made === passesAfter;
    const choices: Choice[] = this.made < uploads.length && !mayPass ? [{ kind: 'upload' }] : [];
    if (mayPass && this.#isQuiet()) choices.push({ kind: 'pass' });
    if (this.old?.key !== undefined && this.old.key === this.#key()) choices.push({ kind: 'expire key' });
    if (this.old?.runs.some((id) => this.world.store.runs.has(id)) === true)
      choices.push({ kind: 'expire runs' });
    for (const [actor, { state, from, gate }] of this.actors.entries()) {
      if (state === 'new' && this.made >= from) choices.push({ kind: 'step', actor });
      if (state !== 'running' || gate === undefined) continue;
      choices.push({ kind: 'step', actor });
      if (this.kills < kills) choices.push({ kind: 'kill', actor });
    }
    return choices;
  }

  /** Nothing is under way, and each event has been delivered, if necessary again. */
  #isQuiet(): boolean {
    const isDelivered = ({ name, from, state }: Actor): boolean =>
      state === 'done' ||
      from > this.made ||
      this.actors.some(
        (other) => other.name === `${name.split('.')[0] ?? ''}.again` && other.state === 'done',
      );
    return this.actors.every((actor) =>
      actor.name.startsWith('event') ? isDelivered(actor) : actor.state !== 'running',
    );
  }

  #key(): KeyItem | undefined {
    return [...this.world.store.keys.values()][0];
  }

  #expire(what: 'expire key' | 'expire runs'): void {
    const { keys, runs } = this.world.store;
    if (what === 'expire key') keys.clear();
    for (const id of what === 'expire runs' ? (this.old?.runs ?? []) : []) {
      const run = runs.get(id);
      if (run !== undefined) this.expired.push(run);
      runs.delete(id);
    }
  }

  #happens(what: Exclude<Choice['kind'], 'step' | 'kill'>): void {
    switch (what) {
      case 'pass':
        this.world.time += LONG_MS;
        this.old = { key: this.#key(), runs: [...this.world.store.runs.keys()] };
        break;
      case 'expire key':
      case 'expire runs':
        this.#expire(what);
        break;
      case 'upload':
        this.#upload();
        break;
      default:
        what satisfies never;
    }
  }

  #upload(): void {
    const upload = this.#scenario.uploads[this.made];
    if (upload === undefined) throw new Error('no further upload');
    this.world.time = Math.max(this.world.time, this.#start + upload.at);
    const modified = new Date(this.#start + (upload.lastModified ?? upload.at)).toISOString();
    const { sequencer: _, ...file } = this.#eventOf(this.made).file;
    this.world.put(file, modified);
    this.made += 1;
    if (this.made === this.#scenario.uploads.length) this.world.time += this.#scenario.listedAfter ?? 1_000;
  }

  async take(choice: Choice): Promise<void> {
    if (!('actor' in choice)) {
      this.#happens(choice.kind);
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
    const { old } = this;
    const may = this.choices().map(({ kind }) => kind);
    const text = JSON.stringify([
      this.made,
      this.kills,
      [...store.keys.values()],
      runs,
      actors,
      old === undefined,
      may,
      this.expired.map(({ id }) => id),
    ]);
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
    // In the end all is gone that is old.
    for (const { kind } of this.choices())
      if (kind === 'expire key' || kind === 'expire runs') this.#expire(kind);
    this.addBackfill('last backfill', 0);
    await drain();
  }

  /** @throws Error naming the rule that is broken */
  check(): void {
    const { uploads } = this.#scenario;
    const runs = [...this.expired, ...this.world.store.runs.values()];
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
    // A backfill leaves alone what is old and of which nothing is known.
    const isUnclear = this.old !== undefined && uploads.length === this.#scenario.passesAfter;
    if (taken.length === 0 && !isUnclear)
      throw new Error(`the current object (${current.etag}) is loaded by no run`);
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
    choice.kind === 'step' || choice.kind === 'kill'
      ? `${choice.kind} ${actors[choice.actor]?.name ?? ''}`
      : choice.kind,
  );
  const runs = [...world.store.runs.values()].map(
    ({ id, life, trigger }) => `${id} ${life.state} ${trigger.time} ${fileOf(trigger)?.etag ?? ''}`,
  );
  return [...steps, ...runs, JSON.stringify([...world.store.keys.values()])].join('\n');
}
