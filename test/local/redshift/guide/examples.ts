/** SQL examples of a page in Markdown, with the results that it prints below them as a terminal does. */
import { splitStatements, tokenize } from '../../../../shared/pipeline/lexer.ts';

export interface Example {
  readonly sql: string;
  /** Absent: the page prints no result. */
  readonly rows?: readonly (readonly string[])[];
}

const FENCE = /^ *```[^\n]*\n([^]*?)^ *```/gm;

const STATEMENT =
  /^\s*(?:--[^\n]*\n\s*)*(?:select|with|create|insert|update|delete|drop|alter|merge|set|begin|commit|call|truncate|show|explain|grant|revoke|abort|rollback|end|start|declare|fetch|close|analyze|vacuum|comment|refresh|reset|copy|unload)\b/i;

/** Statements in order; a statement without its `;` ends where a result begins. */
export function readExamples(page: string): readonly Example[] {
  const examples: { sql: string; rows?: readonly (readonly string[])[] }[] = [];
  for (const [, block = ''] of page.matchAll(FENCE)) {
    const table = resultIn(block);
    const text = block.slice(0, table?.at ?? block.length);
    if (STATEMENT.test(text)) {
      for (const sql of statementsIn(text)) examples.push({ sql });
    } else if (table === undefined || text.trim() !== '') continue;
    const last = examples.at(-1);
    if (table !== undefined && last?.rows === undefined && last !== undefined) last.rows = table.rows;
  }
  return examples;
}

function statementsIn(text: string): string[] {
  try {
    return splitStatements(tokenize(text))
      .map((tokens) =>
        tokens
          .map((token) => token.text)
          .join('')
          .trim(),
      )
      .filter((sql) => STATEMENT.test(sql));
  } catch {
    return [];
  }
}

const RULE = /^\s*-[-\s]*(?:[+|][-\s+|]*)?$/;

/** The header, a line of dashes, the rows, and how many they are. */
function resultIn(
  block: string,
): { readonly at: number; readonly rows: readonly (readonly string[])[] } | undefined {
  const lines = block.split('\n');
  const rule = lines.findIndex(
    (line, index) =>
      index > 0 && RULE.test(line) && /--/.test(line) && (lines[index - 1] ?? '').trim() !== '',
  );
  if (rule < 1) return undefined;
  const rows: string[][] = [];
  for (const line of lines.slice(rule + 1)) {
    if (/^\s*\(\d+ rows?\)/.test(line) || (line.trim() === '' && rows.length > 0)) break;
    if (line.trim() === '') continue;
    rows.push(line.split('|').map((value) => value.trim()));
  }
  const at = lines.slice(0, rule - 1).join('\n').length;
  return { at, rows };
}

type Value = string | null;

/** As a terminal shows values: booleans as `t` and `f`, NULL as nothing, numbers in any of their forms. */
function isSameValue(printed: string, here: Value): boolean {
  const own = here ?? '';
  if (printed === own.trim() || printed.toLowerCase() === own.toLowerCase()) return true;
  if (here === null) return printed === '' || printed.toLowerCase() === 'null';
  if (own === 'true' || own === 'false')
    return printed.toLowerCase() === own.charAt(0) || printed.toLowerCase() === own;
  const [a, b] = [Number(printed), Number(own)];
  if (printed !== '' && !Number.isNaN(a) && !Number.isNaN(b)) return Math.abs(a - b) <= Math.abs(b) * 1e-12;
  return own.replace(/\+00$/, '') === printed.replace(/\+00$/, '');
}

/** @param ordered the query has an ORDER BY */
export function isSame(
  printed: readonly (readonly string[])[],
  here: readonly (readonly Value[])[],
  ordered: boolean,
): boolean {
  if (printed.length !== here.length) return false;
  const rest = [...here];
  return printed.every((row) => {
    const at = rest.findIndex(
      (own) => own.length === row.length && row.every((value, i) => isSameValue(value, own[i] ?? null)),
    );
    if (at === -1 || (ordered && at !== 0)) return false;
    rest.splice(at, 1);
    return true;
  });
}
