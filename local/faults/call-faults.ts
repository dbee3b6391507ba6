/**
 * Faults of calls, put in at the gateway: a call can fail before it reaches its service, or reach it and lose its
 * reply; it can be throttled or delayed; its caller can be killed; the statement that it submits can fail, or lose its
 * session. So every failure a client must live with can be shown on one machine.
 */
import type { StatementFaultKind } from '../statement-fault.ts';

interface CallMatch {
  /** `dynamodb`, `redshift-data`, `events`, `sqs`, `s3`, `lambda`; absent: any. */
  readonly service?: string;
  /** `ExecuteStatement`; absent: any. */
  readonly operation?: string;
  /** Session name of the caller: a function's name, in which `*` stands for any characters; absent: anyone. */
  readonly caller?: string;
  /** Name of the statement that the call submits; `*` stands for any characters but `:`, at the end for the rest. Absent: any call. */
  readonly statement?: string;
}

/** A call, as faults see it. `statement`: the name of what it submits, if it has one. */
export interface MetCall {
  readonly service: string;
  readonly operation: string;
  readonly caller: string;
  readonly statement?: string | undefined;
}

export interface CallFault extends CallMatch {
  readonly id: string;
  /** `before`: the service never sees the call. `after`: it has its effect, then the reply is lost. */
  readonly when: 'before' | 'after';
  /**
   * `none`: nothing but the delay. `reset`: the connection breaks. `throttle`: the service's own throttling error. `kill`:
   * the function that calls is killed. The rest: what happens to the submitted statement.
   */
  readonly how: 'none' | 'reset' | 'error' | 'throttle' | 'kill' | StatementFaultKind;
  /** Of `error`: the exception's name, e.g. `InternalServerException`. `message` is also the one of `statement-fails`. */
  readonly errorType: string;
  readonly message: string;
  readonly status: number;
  /** Real milliseconds the call waits first. */
  readonly delayMs: number;
  /** In place of `delayMs`: one call after another takes the next of them, in turn. */
  readonly delaysMs?: readonly number[];
  /** Matching calls left alone at first. */
  readonly skip: number;
  /** Calls hit before the fault is spent; `undefined`: it stays. */
  readonly times: number | undefined;
  /** 0 to 1: of the calls that match. */
  readonly probability: number;
}

export interface CallFaultView extends CallFault {
  readonly hits: number;
}

interface Armed {
  readonly fault: CallFault;
  seen: number;
  hits: number;
}

export class CallFaults {
  readonly #armed: Armed[] = [];
  readonly #chance: () => number;

  /** `chance`: a number from 0 up to 1, for faults with a probability. */
  constructor(chance: () => number = Math.random) {
    this.#chance = chance;
  }

  add(fault: CallFault): void {
    this.#armed.push({ fault, seen: 0, hits: 0 });
  }

  list(): readonly CallFaultView[] {
    return this.#armed.map(({ fault, hits }) => ({ ...fault, hits }));
  }

  /** Removes one, or all; returns how many. */
  remove(id?: string): number {
    const before = this.#armed.length;
    const kept = id === undefined ? [] : this.#armed.filter(({ fault }) => fault.id !== id);
    this.#armed.splice(0, before, ...kept);
    return before - kept.length;
  }

  /** The fault this call meets, which counts as one hit; spent faults no longer match. */
  meet(call: MetCall): CallFault | undefined {
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (!matches(fault, call)) continue;
      if (fault.times !== undefined && armed.hits >= fault.times) continue;
      armed.seen += 1;
      if (armed.seen <= fault.skip) continue;
      if (fault.probability < 1 && this.#chance() >= fault.probability) continue;
      armed.hits += 1;
      const { delaysMs = [] } = fault;
      const delayMs = delaysMs[(armed.hits - 1) % delaysMs.length] ?? fault.delayMs;
      return { ...fault, delayMs };
    }
    return undefined;
  }
}

function matches(match: CallMatch, call: MetCall): boolean {
  return (
    (match.service === undefined || match.service === call.service) &&
    (match.operation === undefined || match.operation === call.operation) &&
    (match.caller === undefined || fits(match.caller, call.caller)) &&
    (match.statement === undefined || (call.statement !== undefined && fits(match.statement, call.statement)))
  );
}

/** `*`: any characters but `:`, which separates the parts of a name; at the end the rest, whatever it is. */
function fits(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('[^:]*').replace(/\[\^:\]\*$/, '.*')}$`, 's').test(name);
}

/** The throttling error a service itself would give. */
export function throttlingOf(service: string): { readonly status: number; readonly type: string } {
  if (service === 'dynamodb') return { status: 400, type: 'ProvisionedThroughputExceededException' };
  if (service === 'lambda') return { status: 429, type: 'TooManyRequestsException' };
  if (service === 's3') return { status: 503, type: 'SlowDown' };
  return { status: 400, type: 'ThrottlingException' };
}
