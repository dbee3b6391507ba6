/** The words of the command line, checked against what a verb knows. */
import { parseArgs } from 'node:util';

import { nearest } from '../shared/pipeline/nearest.ts';
import { defined } from '../shared/run/defined.ts';
import { usageError } from './exit.ts';
import { globalOptions, type OptionSpec, type Syntax } from './syntax.ts';

/** A verb's options and positionals, already checked to be known; read by name. */
export class Arguments {
  readonly #values: ReadonlyMap<string, readonly string[]>;
  readonly #flags: ReadonlySet<string>;
  readonly #positionals: ReadonlyMap<string, readonly string[]>;

  constructor(
    values: ReadonlyMap<string, readonly string[]>,
    flags: ReadonlySet<string>,
    positionals: ReadonlyMap<string, readonly string[]>,
  ) {
    this.#values = values;
    this.#flags = flags;
    this.#positionals = positionals;
  }

  flag(name: string): boolean {
    return this.#flags.has(name);
  }

  /** The last value given. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  /** Every value given. */
  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** A whole number within bounds. */
  integer(name: string, bounds: { min: number; max: number }): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= bounds.min && value <= bounds.max)) {
      throw usageError(`--${name} ${text}: must be a whole number from ${bounds.min} to ${bounds.max}`);
    }
    return value;
  }

  /** One of a set of words, in any case. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = choices.find((choice) => choice.toLowerCase() === text.toLowerCase());
    if (found !== undefined) return found;
    throw usageError(`--${name} ${text}: must be one of ${choices.join(', ')}`, didYouMean(text, choices));
  }

  /** `name=value` pairs. */
  pairs(name: string): Readonly<Record<string, string>> {
    const pairs: Record<string, string> = {};
    for (const text of this.list(name)) {
      const at = text.indexOf('=');
      if (at < 1) throw usageError(`--${name} ${text}: must be NAME=VALUE`);
      pairs[text.slice(0, at)] = text.slice(at + 1);
    }
    return pairs;
  }

  /** A positional that may be left out. */
  positional(name: string): string | undefined {
    return this.#positionals.get(name)?.[0];
  }

  /** Every word of a positional that may be given several times. */
  positionals(name: string): readonly string[] {
    return this.#positionals.get(name) ?? [];
  }

  /** A positional that the parser has made sure of. */
  required(name: string): string {
    const value = this.positional(name);
    if (value === undefined) throw usageError(`${name} is missing`);
    return value;
  }
}

/** `did you mean drop?`: the nearest known word, or the one that `word` begins; undefined when there is none. */
export function didYouMean(word: string, known: readonly string[], prefix = ''): string | undefined {
  const found = nearest(word, known) ?? known.find((one) => word.length > 1 && one.startsWith(word));
  return found === undefined ? undefined : `did you mean ${prefix}${found}?`;
}

function parserOptions(options: Readonly<Record<string, OptionSpec>>) {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      name,
      {
        type: option.value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: true,
        ...defined({ short: option.short }),
      },
    ]),
  );
}

/**
 * Reads a verb's words: everything after its name.
 * @throws CommandError (exit 2) for an unknown option, a missing value, a missing or superfluous positional
 */
export function readArguments(verb: Syntax, words: readonly string[]): Arguments {
  const options = { ...globalOptions, ...verb.options };
  const { tokens } = parseArgs({
    args: [...words],
    options: parserOptions(options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  const flags = new Set<string>();
  const positionals: string[] = [];
  const help = `baton ${verb.name} --help`;
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = options[token.name];
    if (option === undefined) {
      const near = didYouMean(token.name, Object.keys(options), '--');
      throw usageError(`unknown option ${token.rawName}`, near ?? `see: ${help}`);
    }
    if (option.value === undefined) {
      if (token.value !== undefined) throw usageError(`${token.rawName} takes no value`, `see: ${help}`);
      flags.add(token.name);
      continue;
    }
    const { value } = token;
    if (value === undefined || (!token.inlineValue && /^-./.test(value))) {
      throw usageError(`${token.rawName} needs a value: ${token.rawName} ${option.value}`, `see: ${help}`);
    }
    const before = values.get(token.name) ?? [];
    values.set(token.name, option.many === true ? [...before, value] : [value]);
  }
  return new Arguments(values, flags, namePositionals(verb, positionals, flags.has('help')));
}

function namePositionals(verb: Syntax, given: readonly string[], forHelp: boolean): Map<string, string[]> {
  const named = new Map<string, string[]>();
  for (const [i, spec] of verb.positionals.entries()) {
    const value = given[i];
    if (value !== undefined) named.set(spec.name, spec.many === true ? given.slice(i) : [value]);
    else if (spec.optional !== true && !forHelp) {
      throw usageError(`${spec.name} is missing: ${spec.help}`, `see: baton ${verb.name} --help`);
    }
  }
  const more = given[verb.positionals.length];
  if (more !== undefined && !forHelp && verb.positionals.at(-1)?.many !== true) {
    throw usageError(`unexpected argument ${more}`, `see: baton ${verb.name} --help`);
  }
  return named;
}
