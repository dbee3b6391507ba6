/** What the demo claims, one calm line for each: `ok` or `FAIL`, and what was seen. */
import { printable, type Output } from '../output.ts';
import { duration } from '../runs/units.ts';

export interface Fact {
  readonly act: string;
  readonly fact: string;
  readonly ok: boolean;
  /** What was seen. */
  readonly seen: string;
  readonly ms?: number;
}

const WIDTH = 80;
const TEXT_WIDTH = 39;
const SEEN_WIDTH = 25;
const TIME_WIDTH = 7;

/** Cuts a line that would not fit. */
function fit(text: string): string {
  return text.length <= WIDTH ? text : `${text.slice(0, WIDTH - 1)}…`;
}

/** `  ok   text                  seen    0.4 s`, at most 80 columns. */
export function factLine(fact: Fact): string {
  const time = fact.ms === undefined ? '' : duration(fact.ms).padStart(TIME_WIDTH);
  const text = printable(fact.fact).padEnd(TEXT_WIDTH);
  const seen = printable(fact.seen).padEnd(fact.ok ? SEEN_WIDTH : 0);
  return fit(`  ${fact.ok ? 'ok  ' : 'FAIL'} ${text} ${seen} ${time}`.trimEnd());
}

export class Facts {
  readonly all: Fact[] = [];
  readonly #out: Output;
  readonly #json: boolean;
  #act = '';

  /** With `json` stdout is kept for the summary, and the lines go to stderr. */
  constructor(out: Output, json: boolean) {
    this.#out = out;
    this.#json = json;
  }

  act(title: string): void {
    this.#act = title;
    this.line('');
    this.line(title);
  }

  /** A line that claims nothing. */
  line(text: string): void {
    if (this.#json) this.#out.say(text);
    else this.#out.data(text);
  }

  fact(text: string, ok: boolean, seen: string, ms?: number): boolean {
    const fact: Fact = {
      act: this.#act,
      fact: text,
      ok,
      seen,
      ...(ms !== undefined && { ms: Math.round(ms) }),
    };
    this.all.push(fact);
    this.line(factLine(fact));
    if (!ok && factLine(fact).endsWith('…')) this.line(`       ${printable(seen)}`);
    return ok;
  }

  /** Holds when both are the same; what was seen is shown, and on a difference also what should be. */
  equal(text: string, seen: unknown, expected: unknown, words: string, ms?: number): boolean {
    const same = JSON.stringify(seen) === JSON.stringify(expected);
    return this.fact(
      text,
      same,
      same ? words : `${JSON.stringify(seen)}, not ${JSON.stringify(expected)}`,
      ms,
    );
  }

  get hold(): boolean {
    return this.all.every((fact) => fact.ok);
  }
}
