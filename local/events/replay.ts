/**
 * Replays: events of an archive are delivered again, marked with the replay's name, to the rules of the bus that
 * kept them. One that its process left in the middle goes on when the next one starts, at the last time it came to:
 * events of that second may be delivered twice, as EventBridge may deliver any event.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
 */
import { messageOf } from '../../shared/errors.ts';
import { defined } from '../../shared/run/defined.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../account.ts';
import type { Clock } from '../clock.ts';
import { Journal } from '../journal.ts';
import type { Archives } from './archive.ts';

export type ReplayState = 'STARTING' | 'RUNNING' | 'CANCELLING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';

export interface ReplayRequest {
  readonly name: string;
  readonly description?: string;
  readonly archive: string;
  /** Ms since the epoch, by the events' own times. */
  readonly from: number;
  /** No event of this time. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Replay.html */
  readonly to: number;
  readonly busArn: string;
  /** ARNs of rules; absent: all that match. */
  readonly ruleArns?: readonly string[];
}

export interface Replay extends ReplayRequest {
  readonly state: ReplayState;
  readonly reason?: string;
  /** Ms since the epoch. */
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Time of the last event that was delivered again. */
  readonly lastEvent?: number;
}

export interface ReplayPorts {
  readonly clock: Clock;
  readonly archives: Archives;
  /** Accepted, and on disk, when this returns. */
  deliver(event: string, replayName: string, ruleArns: readonly string[] | undefined): void;
  log(line: string): void;
}

/** Events handed over before other work gets its turn, and before the place is noted. */
const AT_ONCE = 50;
/** EventBridge keeps a replay for 90 days. */
const KEPT_MS = 90 * 86_400_000;

export class Replays {
  readonly #ports: ReplayPorts;
  readonly #journal: Journal<Replay>;
  readonly #turns = new Map<string, NodeJS.Immediate>();
  #stopped = true;

  /** `file`: the journal; made when absent. */
  constructor(file: string, ports: ReplayPorts) {
    this.#ports = ports;
    this.#journal = new Journal(file);
  }

  /** Goes on with what an earlier process left. */
  start(): void {
    this.#stopped = false;
    for (const replay of this.#journal.values()) {
      if (isActive(replay)) this.#begin(replay);
      else if ((replay.endedAt ?? 0) + KEPT_MS < this.#ports.clock.now()) this.#journal.delete(replay.name);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const turn of this.#turns.values()) clearImmediate(turn);
    this.#turns.clear();
    this.#journal.close();
  }

  find(name: string): Replay | undefined {
    return this.#journal.values().find((replay) => replay.name === name);
  }

  /** Newest first. */
  all(): readonly Replay[] {
    return this.#journal.values().toSorted((a, b) => b.startedAt - a.startedAt);
  }

  /** Those that are not at an end. */
  get active(): number {
    return this.#journal.values().filter(isActive).length;
  }

  /** The name must be free and the archive there. */
  begin(request: ReplayRequest): Replay {
    const replay: Replay = { ...request, state: 'STARTING', startedAt: this.#ports.clock.now() };
    this.#set(replay);
    this.#begin(replay);
    return replay;
  }

  /** Undefined when it cannot be cancelled any more. */
  cancel(name: string): Replay | undefined {
    const replay = this.find(name);
    if (replay?.state !== 'STARTING' && replay?.state !== 'RUNNING') return undefined;
    return this.#set({ ...replay, state: 'CANCELLING' });
  }

  #begin(replay: Replay): void {
    this.#next(replay.name, () => {
      if (this.#ports.archives.find(replay.archive) === undefined) {
        throw new Error(`archive ${replay.archive} was deleted`);
      }
      const from = Math.max(replay.from, replay.lastEvent ?? replay.from);
      this.#turn(replay.name, this.#ports.archives.between(replay.archive, from, replay.to));
    });
  }

  #turn(name: string, events: ReturnType<Archives['between']>): void {
    const replay = this.find(name);
    if (replay === undefined) return;
    if (replay.state === 'CANCELLING') {
      this.#end(replay, 'CANCELLED');
      return;
    }
    const now = events.slice(0, AT_ONCE);
    for (const { text } of now) this.#ports.deliver(text, name, replay.ruleArns);
    const last = now.at(-1);
    const moved = {
      ...replay,
      state: 'RUNNING' as const,
      ...defined({ lastEvent: last?.time }),
    };
    const rest = events.slice(AT_ONCE);
    if (rest.length === 0) {
      this.#end(moved, 'COMPLETED');
      return;
    }
    this.#set(moved);
    this.#next(name, () => {
      this.#turn(name, rest);
    });
  }

  #next(name: string, work: () => void): void {
    // Before the start it waits in the journal.
    if (this.#stopped) return;
    const turn = setImmediate(() => {
      this.#turns.delete(name);
      try {
        work();
      } catch (error) {
        const replay = this.find(name);
        const reason = messageOf(error);
        this.#ports.log(`replay ${name}: ${reason}`);
        if (replay !== undefined) this.#end(replay, 'FAILED', reason);
      }
    });
    this.#turns.set(name, turn);
  }

  #end(replay: Replay, state: ReplayState, reason?: string): void {
    const endedAt = this.#ports.clock.now();
    this.#set({ ...replay, state, endedAt, ...defined({ reason }) });
  }

  #set(replay: Replay): Replay {
    this.#journal.set(replay.name, replay);
    return replay;
  }
}

export function replayArn(name: string): string {
  return `arn:aws:events:${LOCAL_REGION}:${LOCAL_ACCOUNT}:replay/${name}`;
}

function isActive({ state }: Replay): boolean {
  return state === 'STARTING' || state === 'RUNNING' || state === 'CANCELLING';
}
