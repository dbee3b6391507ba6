/** Help texts, made from the same values the parser checks against: they cannot drift apart. */
import { globalOptions, type OptionSpec } from './syntax.ts';
import type { Verb } from './verb.ts';

function optionLabel(name: string, option: OptionSpec): string {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  return `${short}--${name}${option.value === undefined ? '' : ` ${option.value}`}`;
}

/** Cuts text at blanks so that no line is longer than `width`. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/[ \n]+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function twoColumns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.min(Math.max(...rows.map(([label]) => label.length)), 26);
  return rows
    .flatMap(([label, text]) => {
      const [first = '', ...more] = wrap(text, 78 - left - 4);
      const head =
        label.length > left
          ? [`  ${label}`, `  ${' '.repeat(left)}  ${first}`]
          : [`  ${label.padEnd(left)}  ${first}`];
      return [...head, ...more.map((line) => `  ${' '.repeat(left)}  ${line}`)];
    })
    .join('\n');
}

function options(specs: Readonly<Record<string, OptionSpec>>): string {
  return twoColumns(Object.entries(specs).map(([name, option]) => [optionLabel(name, option), option.help]));
}

function usageLine(verb: Verb): string {
  const words = verb.positionals.map((p) => {
    const name = p.many === true ? `${p.name} ...` : p.name;
    return p.optional === true ? `[${name}]` : name;
  });
  const extra = Object.entries(verb.options).map(([name, option]) => {
    const value = option.value === undefined ? '' : ` ${option.value}`;
    return `[--${name}${value}]${option.many === true ? '...' : ''}`;
  });
  return ['baton', verb.name, ...words, ...extra].join(' ');
}

const NO_BREAK = '\u00A0';

/** Keeps the text within brackets on one line. */
function unbroken(usage: string): string {
  return usage.replaceAll(/\[[^\]]*\]/g, (option) => option.replaceAll(' ', NO_BREAK));
}

/** Rewraps running text and leaves indented lines unchanged. */
function paragraphs(text: string): string {
  const blocks: string[] = [];
  let running: string[] = [];
  const close = (): void => {
    if (running.length > 0) blocks.push(...wrap(running.join(' '), 78));
    running = [];
  };
  for (const line of text.split('\n')) {
    if (!line.startsWith(' ')) running.push(line);
    else {
      close();
      blocks.push(line);
    }
  }
  close();
  return blocks.join('\n');
}

/** Help of one verb. */
export function verbHelp(verb: Verb): string {
  const [first = '', ...more] = wrap(unbroken(usageLine(verb)), 70).map((line) =>
    line.replaceAll(NO_BREAK, ' '),
  );
  const parts = [
    [`usage: ${first}`, ...more.map((line) => `         ${line}`)].join('\n'),
    paragraphs(verb.description.trim()),
  ];
  if (verb.positionals.length > 0) {
    parts.push(twoColumns(verb.positionals.map((p) => [p.name, p.help])));
  }
  if (Object.keys(verb.options).length > 0) parts.push(`options:\n${options(verb.options)}`);
  parts.push(`global options:\n${options(globalOptions)}`);
  if (verb.examples.length > 0) {
    parts.push(`examples:\n${verb.examples.map((example) => `  ${example}`).join('\n')}`);
  }
  return `${parts.join('\n\n')}\n`;
}

/** Help of the command, or of a group of verbs such as `local`. */
export function commandHelp(verbs: readonly Verb[], group?: string): string {
  const shown = verbs.filter((verb) => group === undefined || verb.name.startsWith(`${group} `));
  return `usage: baton ${group === undefined ? 'VERB' : `${group} VERB`} [arguments] [options]

${twoColumns(shown.map((verb) => [verb.name, verb.summary]))}

global options:
${options(globalOptions)}

exit codes: 0 done; 1 the run failed or needs a decision; 2 wrong usage or an
invalid pipeline; 3 the service could not be reached.
Help for one verb: baton VERB --help
`;
}
