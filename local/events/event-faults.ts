/** Injected faults of event delivery: loss, delay and duplication. */
import { randomUUID } from 'node:crypto';

import { type EventFields, Pattern } from '../../shared/pipeline/event-pattern/pattern.ts';

export interface EventFaultRequest {
  /** Every given member has to fit; none: every delivery. */
  readonly match?: {
    readonly source?: string;
    readonly detailType?: string;
    /** An event pattern, JSON text. */
    readonly pattern?: string;
    /** Name of the rule. */
    readonly rule?: string;
    /** ARN of the target, or its last part. */
    readonly target?: string;
  };
  readonly effect:
    | { readonly kind: 'drop' }
    /** On the local clock. A list: one delivery after another takes the next of them, in turn. */
    | { readonly kind: 'delay'; readonly ms: number | readonly number[] }
    /** Delivered `copies` times more. */
    | { readonly kind: 'duplicate'; readonly copies: number };
  /** How many deliveries it touches; absent: until it is cleared. */
  readonly count?: number;
}

export interface EventFault extends EventFaultRequest {
  readonly id: string;
  /** Deliveries it has touched. */
  readonly touched: number;
}

/** What is to happen to one delivery. */
export interface DeliveryFate {
  readonly dropped: boolean;
  readonly delayMs: number;
  /** Beside the first. */
  readonly copies: number;
}

export interface DeliveryToJudge {
  readonly source: string;
  readonly detailType: string;
  readonly fields: EventFields;
  readonly ruleName: string;
  readonly targetArn: string;
}

interface ActiveFault {
  readonly id: string;
  readonly request: EventFaultRequest;
  readonly pattern: Pattern | undefined;
  touched: number;
}

export class EventFaults {
  readonly #active = new Map<string, ActiveFault>();

  /** Returns the fault's id. @throws InvalidEventPatternError */
  set(request: EventFaultRequest): string {
    const id = randomUUID();
    const pattern = request.match?.pattern;
    this.#active.set(id, {
      id,
      request,
      pattern: pattern === undefined ? undefined : new Pattern(pattern),
      touched: 0,
    });
    return id;
  }

  /** Ends one fault, or all. */
  clear(id?: string): void {
    if (id === undefined) this.#active.clear();
    else this.#active.delete(id);
  }

  list(): readonly EventFault[] {
    return Array.from(this.#active.values(), shown);
  }

  /** Asked once for each delivery; all faults that match add up. */
  judge(delivery: DeliveryToJudge): DeliveryFate {
    let dropped = false;
    let delayMs = 0;
    let copies = 0;
    for (const fault of this.#active.values()) {
      if (!matches(fault, delivery)) continue;
      fault.touched += 1;
      if (fault.touched >= (fault.request.count ?? Number.POSITIVE_INFINITY)) this.#active.delete(fault.id);
      const { effect } = fault.request;
      if (effect.kind === 'drop') dropped = true;
      else if (effect.kind === 'delay') delayMs += delayOf(effect.ms, fault.touched - 1);
      else copies += effect.copies;
    }
    return { dropped, delayMs, copies };
  }
}

function delayOf(ms: number | readonly number[], turn: number): number {
  return typeof ms === 'number' ? ms : (ms[turn % ms.length] ?? 0);
}

function shown({ id, request, touched }: ActiveFault): EventFault {
  return { ...request, id, touched };
}

function matches({ request, pattern }: ActiveFault, delivery: DeliveryToJudge): boolean {
  const { source, detailType, rule, target } = request.match ?? {};
  return (
    (source === undefined || source === delivery.source) &&
    (detailType === undefined || detailType === delivery.detailType) &&
    (rule === undefined || rule === delivery.ruleName) &&
    (target === undefined ||
      target === delivery.targetArn ||
      target === delivery.targetArn.split(/[:/]/).at(-1)) &&
    (pattern === undefined || pattern.matches(delivery.fields))
  );
}
