/** The whole command: words in, exit code out. */
import { defined } from '../shared/run/defined.ts';
import { openConnection, type Connection } from './aws/connection.ts';
import { didYouMean, readArguments } from './arguments.ts';
import { endingOf } from './errors.ts';
import { EXIT, usageError, type ExitCode } from './exit.ts';
import { commandHelp, verbHelp } from './help.ts';
import { createOutput, printable, type Output } from './output.ts';
import { globalOptions } from './syntax.ts';
import { allVerbs, loadVerb, verbNames } from './verbs.ts';
import { version } from './version.ts';

export interface World {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absent if there is no terminal. */
  readonly prompt?: (question: string) => Promise<string>;
  readonly signal: AbortSignal;
}

type Found =
  | { readonly kind: 'verb'; readonly name: string; readonly words: readonly string[] }
  | { readonly kind: 'group'; readonly group: string; readonly asked: boolean }
  | { readonly kind: 'help'; readonly asked: boolean }
  | { readonly kind: 'version' };

/** Where the verb stands: options of every verb may come before it. */
function verbAt(words: readonly string[]): number {
  let i = 0;
  while (i < words.length && words[i]?.startsWith('-') === true) {
    const name = words[i]?.replace(/^--/, '') ?? '';
    i += globalOptions[name]?.value === undefined ? 1 : 2;
  }
  return i;
}

/** Finds the verb among the words; `help VERB` is `VERB --help`. */
function findVerb(words: readonly string[]): Found {
  const at = verbAt(words);
  const before = words.slice(0, at);
  const [first, second, ...rest] = words.slice(at);
  if (first === undefined) {
    if (before.includes('--version') || before.includes('-V')) return { kind: 'version' };
    const unknown = before.find((word) => word.startsWith('-') && !/^(-h|--help)$/.test(word));
    if (unknown !== undefined && before.length === 1) throw usageError(`unknown option ${unknown}`);
    return { kind: 'help', asked: before.some((word) => word === '--help' || word === '-h') };
  }
  if (first === 'help') {
    if (second === undefined) return { kind: 'help', asked: true };
    return findVerb([...before, second, ...rest, '--help']);
  }
  const after = second === undefined ? [] : [second, ...rest];
  const pair = `${first} ${second}`;
  if (verbNames.includes(pair)) return { kind: 'verb', name: pair, words: [...before, ...rest] };
  if (verbNames.includes(first)) return { kind: 'verb', name: first, words: [...before, ...after] };
  const inGroup = verbNames.filter((name) => name.startsWith(`${first} `));
  if (inGroup.length === 0) {
    const names = verbNames.map((name) => name.split(' ')[0] ?? '');
    throw usageError(`unknown verb ${first}`, didYouMean(first, [...new Set(names)]) ?? 'see: baton --help');
  }
  if (second === undefined || second.startsWith('-')) {
    return { kind: 'group', group: first, asked: after.some((word) => word === '--help' || word === '-h') };
  }
  const seconds = inGroup.map((name) => name.slice(first.length + 1));
  const hint = didYouMean(second, seconds, `${first} `) ?? `see: baton ${first} --help`;
  throw usageError(`unknown verb ${first} ${second}`, hint);
}

async function runVerb(name: string, words: readonly string[], world: World, out: Output): Promise<ExitCode> {
  const verb = await loadVerb(name);
  const args = readArguments(verb, words);
  if (args.flag('help')) {
    world.stdout.write(verbHelp(verb));
    return EXIT.done;
  }
  const stage = args.text('stage') ?? (world.env['BATON_STAGE'] || 'local');
  const written = stage === 'local' ? undefined : (await import('./project-file.ts')).stageSettings(stage);
  const profile = args.text('profile') ?? written?.profile;
  const env = { ...world.env, ...defined({ AWS_PROFILE: profile, AWS_REGION: written?.region }) };
  let connection: Connection | undefined;
  try {
    return await verb.run({
      args,
      out,
      env,
      stage,

      json: args.flag('json'),
      signal: world.signal,
      ...defined({ profile, parameters: written?.parameters, prompt: world.prompt }),
      connect: async () =>
        (connection ??= openConnection(stage, env, args.text('endpoint'), undefined, (problem) => {
          out.say(`warning: ${printable(problem)}`);
        })),
    });
  } catch (error) {
    // Ctrl-C ends only the wait; the run itself continues.
    if (world.signal.aborted) return EXIT.failed;
    const endpoint = connection?.settings.endpoint;
    const ending = endingOf(error, { local: stage === 'local', ...defined({ endpoint, profile }) });
    tell(out, ending.message, ending.hint);
    if (isDebug(world)) out.say(String(error instanceof Error ? error.stack : error));
    return ending.code;
  }
}

function isDebug(world: World): boolean {
  return (world.env['BATON_DEBUG'] ?? '') !== '';
}

function tell(out: Output, message: string, hint: string | undefined): void {
  out.say(`baton: ${message}`);
  if (hint !== undefined) out.say(`       ${hint}`);
}

/** Runs the command; never throws for anything a person can do. */
export async function runCommand(words: readonly string[], world: World): Promise<ExitCode> {
  const out = createOutput(world.stdout, world.stderr, world.env);
  try {
    const found = findVerb(words);
    switch (found.kind) {
      case 'version':
        out.data(version);
        return EXIT.done;
      case 'help':
      case 'group': {
        const text = commandHelp(await allVerbs(), found.kind === 'group' ? found.group : undefined);
        (found.asked ? world.stdout : world.stderr).write(text);
        return found.asked ? EXIT.done : EXIT.usage;
      }
      case 'verb':
        return await runVerb(found.name, found.words, world, out);
      default:
        return found satisfies never;
    }
  } catch (error) {
    const ending = endingOf(error, { local: false });
    tell(out, ending.message, ending.hint);
    if (isDebug(world)) out.say(String(error instanceof Error ? error.stack : error));
    return ending.code;
  }
}
