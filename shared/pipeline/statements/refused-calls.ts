/** Calls of functions that Redshift refuses for their form: windows, and patterns. */
import type { Code } from '../code.ts';
import type { StatementProblem } from '../statement-facts.ts';
import type { Span } from './parts.ts';
import { splitCommas } from './parts.ts';

/** Functions whose window takes rows up to a frame, so Redshift wants the frame written. */
const FRAMED: ReadonlySet<string> = new Set(
  `AVG COUNT MAX MIN SUM STDDEV STDDEV_POP STDDEV_SAMP VARIANCE VAR_POP VAR_SAMP FIRST_VALUE LAST_VALUE NTH_VALUE`.split(
    ' ',
  ),
);

/** Functions whose window can only be partitioned. */
const UNORDERED: ReadonlySet<string> = new Set(
  'LISTAGG MEDIAN PERCENTILE_CONT PERCENTILE_DISC RATIO_TO_REPORT'.split(' '),
);

const SHIFTS: ReadonlySet<string> = new Set(['LAG', 'LEAD']);

/** Index of the argument with the parameters of a pattern. */
const PATTERN_PARAMETERS: Readonly<Record<string, number>> = {
  REGEXP_COUNT: 3,
  REGEXP_INSTR: 5,
  REGEXP_REPLACE: 4,
  REGEXP_SUBSTR: 4,
};

const MATCHES: ReadonlySet<string> = new Set(['~', '!~', '~*', '!~*']);

export function callRefusals(code: Code): StatementProblem[] {
  const found: StatementProblem[] = [];
  const refuse = (at: number, message: string): void => {
    found.push({ offset: code.offset(at), severity: 'error', message });
  };
  for (let i = 0; i < code.length; i += 1) {
    if (MATCHES.has(code.tokens[i]?.text ?? '') && looksAround(code, i + 1))
      refuse(i + 1, 'a pattern of ~ cannot look ahead or behind: use REGEXP_SUBSTR with the parameter p');
    const name = code.word(i);
    if (name === '' || !code.isMark(i + 1, '(')) continue;
    const close = code.closing(i + 1);
    const window = windowBehind(code, close + 1);
    if (window !== undefined) checkWindow(code, name, i, window, refuse);
    const parameters = Object.hasOwn(PATTERN_PARAMETERS, name) ? PATTERN_PARAMETERS[name] : undefined;
    if (parameters !== undefined) checkPattern(code, { from: i + 2, to: close }, parameters, refuse);
  }
  return found;
}

/** What stands in the brackets of OVER. */
function windowBehind(code: Code, i: number): Span | undefined {
  let at = i;
  if (code.is(at, 'WITHIN', 'GROUP') && code.isMark(at + 2, '(')) at = code.closing(at + 2) + 1;
  if (code.is(at + 1, 'NULLS')) at += 2;
  return code.is(at, 'OVER') && code.isMark(at + 1, '(')
    ? { from: at + 2, to: code.closing(at + 1) }
    : undefined;
}

type Refuse = (at: number, message: string) => void;

function checkWindow(code: Code, name: string, at: number, { from, to }: Span, refuse: Refuse): void {
  if (code.is(at + 2, 'DISTINCT') && name !== 'LISTAGG')
    refuse(at + 2, `${name}(DISTINCT …) OVER: DISTINCT is not supported in a window function`);
  const [, , otherwise] = SHIFTS.has(name)
    ? splitCommas(code, { from: at + 2, to: code.closing(at + 1) })
    : [];
  if (otherwise !== undefined)
    refuse(
      otherwise.from,
      `Default parameter not be supported for window function ${name.toLowerCase()}: use NVL`,
    );
  let ordered = false;
  let framed = false;
  for (let i = from; i < to; i += 1) {
    const isFirst = !ordered && !framed;
    if (code.isMark(i, '(')) i = code.closing(i);
    else if (code.is(i, 'ORDER', 'BY')) ordered = true;
    else if (isFrame(code, i, to)) {
      framed = true;
      if (!code.is(i, 'ROWS')) refuse(i, `a ${code.word(i)} frame is not supported: write ROWS`);
    }
    if (isFirst && (ordered || framed) && UNORDERED.has(name))
      refuse(i, `${name} OVER: the window takes PARTITION BY only, no ORDER BY and no frame`);
  }
  if (ordered && !framed && FRAMED.has(name))
    refuse(at, 'Aggregate window functions with an ORDER BY clause require a frame clause');
}

function isFrame(code: Code, i: number, to: number): boolean {
  if (!code.is(i, 'ROWS') && !code.is(i, 'RANGE') && !code.is(i, 'GROUPS')) return false;
  if (code.isMark(i - 1, '.') || code.is(i - 1, 'BY') || code.isMark(i - 1, ',')) return false;
  const next = code.word(i + 1);
  return (
    i + 1 < to && (/^(?:BETWEEN|UNBOUNDED|CURRENT)$/.test(next) || code.tokens[i + 1]?.kind === 'number')
  );
}

/** Only with the parameter `p` a pattern is one of Perl's, which can look ahead and behind. */
function checkPattern(code: Code, inside: Span, parametersAt: number, refuse: Refuse): void {
  const all = splitCommas(code, inside);
  const [, pattern] = all;
  const parameters = all[parametersAt];
  if (pattern === undefined) return;
  if (pattern.to !== pattern.from + 1 || !looksAround(code, pattern.from)) return;
  const given = parameters === undefined ? '' : literalIn(code, parameters);
  if (given === undefined || /p/.test(given)) return;
  refuse(pattern.from, "a pattern looks ahead or behind only with the parameter 'p'");
}

/** A literal with `(?=`, `(?!`, `(?<=` or `(?<!`. */
function looksAround(code: Code, i: number): boolean {
  const token = code.tokens[i];
  return token?.kind === 'string' && /\(\?<?[=!]/.test(token.text);
}

function literalIn(code: Code, { from, to }: Span): string | undefined {
  const token = code.tokens[from];
  return to === from + 1 && token?.kind === 'string' ? token.text : undefined;
}
