/** The two streams: data on stdout, everything else on stderr, so that pipes carry data only. */

import { withPages } from './named-pages.ts';

export interface Output {
  /** Data, as text: a newline is added. */
  readonly data: (text: string) => void;
  /** Data, as one JSON document. */
  readonly json: (value: unknown) => void;
  /** A word to the person. */
  readonly say: (text: string) => void;
  /** How far something is: on a terminal one line that the next one replaces, else a line of its own. */
  readonly progress: (text: string) => void;
  /** What is being done, as `progress`; nothing where there is no terminal. */
  readonly status: (text: string) => void;
  /** Colors for stderr words; plain where it is no terminal or NO_COLOR is set. */
  readonly style: Style;
}

export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly quiet: (text: string) => string;
}

interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

const plain: Style = { good: (text) => text, bad: (text) => text, quiet: (text) => text };
const colored: Style = {
  good: (text) => `\u001B[32m${text}\u001B[0m`,
  bad: (text) => `\u001B[31m${text}\u001B[0m`,
  quiet: (text) => `\u001B[2m${text}\u001B[0m`,
};

/** Control characters, tab and newline apart: text of others must not steer the terminal. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;

/** Text of others (an error, a key, a row) made safe to show on a terminal. */
export function printable(text: string): string {
  return text.replaceAll(CONTROL, (c) => `\\x${(c.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`);
}

/** A line that wraps could not be cleared. */
const LONGEST_STATUS = 79;

const CLEAR_LINE = '\r\u001B[2K';

export function createOutput(
  stdout: Stream,
  stderr: Stream,
  env: Readonly<Record<string, string | undefined>>,
): Output {
  const noColor = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  const isTerminal = stderr.isTTY === true && env['TERM'] !== 'dumb';
  let isShown = false;
  const clear = (): void => {
    if (isShown) stderr.write(CLEAR_LINE);
    isShown = false;
  };
  return {
    data: (text) => {
      clear();
      stdout.write(`${text}\n`);
    },
    json: (value) => {
      clear();
      stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
    },
    say: (text) => {
      clear();
      stderr.write(`${withPages(text)}\n`);
    },
    progress: (text) => {
      stderr.write(isTerminal ? `${CLEAR_LINE}${text}` : `${text}\n`);
      isShown = isTerminal;
    },
    status: (text) => {
      if (!isTerminal) return;
      stderr.write(`${CLEAR_LINE}${text.slice(0, LONGEST_STATUS)}`);
      isShown = true;
    },
    style: isTerminal && !noColor ? colored : plain,
  };
}
