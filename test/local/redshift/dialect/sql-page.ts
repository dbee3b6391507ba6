/** The page that says which SQL the local warehouse runs, made of the cases that its tests run. */
import { APPROXIMATED } from './cases/approximated.ts';
import type { Case } from './cases/case.ts';
import * as everyFunction from './cases/every-function.ts';
import { DATES, NUMBERS, STRINGS } from './cases/functions.ts';
import { LATE_BINDING, REPLACED } from './cases/objects.ts';
import { ONLY_POSTGRES, REFUSED_IN_PROCEDURES } from './cases/only-postgres.ts';
import { QUERIES } from './cases/queries.ts';
import { INVALID, UNSUPPORTED } from './cases/refused.ts';
import { DDL, DML, ROUTINES } from './cases/scripts.ts';
import type { Script } from './cases/scripts.ts';

const INTRO = `# Redshift's SQL on your machine

What the local warehouse runs with Redshift's meaning, what only nearly, and what it refuses. A statement that is not understood fails with an
error that names the construct; nothing runs with another meaning. Most of what PostgreSQL has and Redshift has not is refused in the same way.

COPY and UNLOAD, with their options: [AWS on your machine](local.md). This page is made of the cases that \`npm test\` runs: it cannot promise what is not tested. How it is done, and the facts behind it:
[the dialect](../local/redshift/dialect/README.md).
`;

const FUNCTIONS: Readonly<Record<string, readonly (readonly Case[])[]>> = {
  Conditions: [everyFunction.CONDITIONS_OF_EACH_TYPE],
  Numbers: [everyFunction.NUMBERS_OF_EACH_TYPE, NUMBERS],
  'Strings, hashes and formats': [everyFunction.STRINGS_OF_EACH_TYPE, STRINGS],
  'Dates and times': [everyFunction.DATES_OF_EACH_TYPE, DATES],
  'SUPER values': [everyFunction.SUPER_VALUES],
  'Aggregates and windows': [everyFunction.AGGREGATES_OF_EACH_TYPE],
};

/** Words before a parenthesis that are no functions, and functions that stand inside a call of another group. */
const NO_FUNCTIONS: ReadonlySet<string> = new Set([
  'group',
  'in',
  'over',
  'varchar',
  'char',
  'decimal',
  'as',
  'from',
]);

function functionsIn(cases: readonly Case[]): ReadonlySet<string> {
  const names = cases.flatMap(([sql]) => [
    ...[...withoutStrings(sql).matchAll(/\b([a-z_][a-z_0-9]*)\s*\(/g)].map(([, name = '']) => name),
    ...[...withoutStrings(sql).matchAll(/\b(sysdate|current_date)\b/g)].map(([, name = '']) => name),
  ]);
  return new Set(names.filter((name) => !NO_FUNCTIONS.has(name)).map((name) => name.toUpperCase()));
}

function withoutStrings(sql: string): string {
  return sql.replaceAll(/'(?:[^']|'')*'/g, "''");
}

function functionsPart(): string {
  const seen = new Set<string>();
  const rows = Object.entries(FUNCTIONS).map(([group, lists]) => {
    const names = [...functionsIn(lists.flat())].filter((name) => !seen.has(name)).toSorted();
    for (const name of names) seen.add(name);
    return `| ${group} | ${names.join(', ')} |`;
  });
  return `### Functions

Each with the types that it takes, with NULL, and dates also as text.

| | |
| --- | --- |
${rows.join('\n')}
`;
}

function cell(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', String.raw`\|`)
    .trim();
}

function code(sql: string): string {
  const text = cell(sql);
  return text === '' ? '' : `\`${text}\``;
}

function scriptsPart(title: string, scripts: readonly Script[]): string {
  return `### ${title}

${scripts.map(({ name, run }) => `- ${name}\n\n  \`\`\`sql\n${indented(run)}\n  \`\`\`\n`).join('\n')}`;
}

function indented(sql: string): string {
  return sql
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())
    .join('\n');
}

function queriesPart(): string {
  return `### Queries

\`\`\`sql
${QUERIES.map(([sql]) => `${sql.replaceAll(/\s+/g, ' ')};`).join('\n')}
\`\`\`
`;
}

function approximatedPart(): string {
  const rows = APPROXIMATED.map(
    ({ construct, redshift, here }) => `| ${cell(construct)} | ${cell(redshift)} | ${cell(here)} |`,
  );
  return `## Approximated

| | Redshift | here |
| --- | --- | --- |
${rows.join('\n')}
`;
}

function refusedPart(): string {
  const refused = [...UNSUPPORTED, ...ONLY_POSTGRES, ...REFUSED_IN_PROCEDURES];
  const constructs = refused.map(([sql, construct]) => `| ${cell(construct)} | ${code(sql)} |`);
  const functions = everyFunction.MISSING_FUNCTIONS.map((call) => code(call));
  return `## Refused by name

| construct | for example |
| --- | --- |
${constructs.join('\n')}

Functions, in these forms: ${functions.join(', ')}.
`;
}

function errorsPart(): string {
  const rows = INVALID.filter(([sql]) => sql !== '').map(
    ([sql, message]) => `| ${code(sql)} | ${cell(message)} |`,
  );
  return `## What Redshift refuses is refused

| statement | error |
| --- | --- |
${rows.join('\n')}
`;
}

export function sqlPage(): string {
  return [
    INTRO,
    '## Supported\n',
    functionsPart(),
    queriesPart(),
    scriptsPart('Tables, views and other objects', DDL),
    scriptsPart('Late-binding views', LATE_BINDING),
    scriptsPart('Changes', DML),
    scriptsPart('Procedures and functions', [...ROUTINES, ...REPLACED]),
    approximatedPart(),
    refusedPart(),
    errorsPart(),
  ].join('\n');
}
