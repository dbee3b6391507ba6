/**
 * `node test/verify/kills.ts [--count 500] [--seed 1] [--home DIR]`: files arrive at a real local stack while
 * something of it is killed with -9 every half a second to three seconds: the Lambda host, the Data API, DynamoDB, or `baton up`
 * itself with all of them, which is then started again on the same home; that alone is waited for. Afterwards the warehouse is
 * asked by SQL: nothing lost, nothing doubled, every run at its end. With `--home` what is there stays, and the same command
 * goes on with it. `--batches`: the files arrive many at a time into a pipeline that loads them in batches; some are bad, and are
 * set aside.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';

import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

import { storedRun, type StoredRun } from '../../shared/store/stored-run.ts';
import { root, Stack } from '../e2e/stack.ts';
import { Random } from '../sim/random.ts';
import { isProgram, say } from './parallel.ts';

const BUCKET = 'baton-local-landing';

/** What is killed; the whole group takes seconds to come back, in which nothing runs that could be killed. */
const VICTIMS = ['lambda', 'dynamodb', 'redshift', 'lambda', 'dynamodb', 'redshift', 'group'] as const;

/** How files arrive. */
interface Arrivals {
  readonly pipeline: string;
  /** They come together. */
  readonly atOnce: number;
  /** After that so long passes, on average half of it, ms; */
  readonly pauseMs: number;
  /** and they wait while so many have not come to their end: kills are to meet every kind of work, not a long queue. */
  readonly mostUnderWay: number;
  /** One file of so many cannot be loaded. */
  readonly badEvery?: number;
  /** Between two kills, or from when the whole group is ready again to the next, ms. */
  readonly betweenKillsMs: { readonly least: number; readonly most: number };
  /** Real time between two minutes of the local clock, ms: the sweep is the only one who knows of what was lost. */
  readonly minuteMs: number;
}

const ONE_BY_ONE: Arrivals = {
  pipeline: 'ledger',
  atOnce: 1,
  pauseMs: 300,
  mostUnderWay: 12,
  betweenKillsMs: { least: 500, most: 3_000 },
  minuteMs: 1_000,
};
const IN_BATCHES: Arrivals = {
  pipeline: 'ledger_batches',
  atOnce: 150,
  pauseMs: 3_000,
  mostUnderWay: 900,
  badEvery: 97,
  // Hundreds of files are listed, absorbed and compared in one invocation: some of them must come to their end.
  betweenKillsMs: { least: 500, most: 8_000 },
  // Faster, messages would be delivered again before they are handled, and in the end become dead letters.
  minuteMs: 5_000,
};

function isBad({ badEvery }: Arrivals, file: number): boolean {
  return badEvery !== undefined && file % badEvery === 0;
}

/** Between two looks at how far it is, ms. */
const LOOK_MS = 1_000;

/** A call that fails since its process was just killed is made again for so long, ms. */
const PATIENCE_MS = 90_000;

/** When no more runs have come to their end for so long, ms, nothing is killed any more; and after as long again they are stuck. */
const NO_PROGRESS_MS = 180_000;

/** What is kept of runs of this program that share a home. */
interface Figures {
  seconds: number;
  readonly kills: Record<string, number>;
  /** `baton up` ended without having been killed. */
  fallen: number;
}

/** What the warehouse says, in rows and files. */
interface Counted {
  readonly lost: number;
  readonly doubled: number;
  readonly wrong: number;
}

/** The stack, which is another one after each kill of the whole group. */
class Ground {
  readonly home: string;
  readonly arrivals: Arrivals;
  readonly figures: Figures;
  stack: Stack;
  /** Nothing is killed any more. */
  over = false;
  closed = false;
  /** Runs that are made and need nobody any more, when they were last counted. */
  done = 0;
  readonly #startedAt = Date.now();
  readonly #secondsBefore: number;
  readonly #keep: boolean;

  private constructor(home: string, arrivals: Arrivals, keep: boolean, stack: Stack) {
    this.home = home;
    this.arrivals = arrivals;
    this.#keep = keep;
    this.stack = stack;
    const file = join(home, 'kills.json');
    this.figures = existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as Figures)
      : { seconds: 0, kills: { lambda: 0, dynamodb: 0, redshift: 0, group: 0 }, fallen: 0 };
    this.#secondsBefore = this.figures.seconds;
  }

  static async open(kept: string | undefined, arrivals: Arrivals): Promise<Ground> {
    const home = kept === undefined ? mkdtempSync(join(tmpdir(), 'baton-kills-')) : resolve(kept);
    mkdirSync(home, { recursive: true });
    const ground = new Ground(home, arrivals, kept !== undefined, await start(home));
    // Who ends this program ends its stack too.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        ground.stack.process.kill('SIGINT');
        process.exit(1);
      });
    }
    return ground;
  }

  async startAgain(): Promise<void> {
    await this.stack.stop({ keep: true });
    this.stack = await start(this.home);
  }

  count(what: string): void {
    this.figures.kills[what] = (this.figures.kills[what] ?? 0) + 1;
    this.save();
  }

  save(): void {
    this.figures.seconds = Math.round(this.#secondsBefore + (Date.now() - this.#startedAt) / 1000);
    const file = join(this.home, 'kills.json');
    writeFileSync(`${file}.new`, JSON.stringify(this.figures));
    renameSync(`${file}.new`, file);
  }

  async close(): Promise<void> {
    this.over = true;
    this.closed = true;
    await this.stack.stop({ keep: true });
    if (!this.#keep) rmSync(this.home, { recursive: true, force: true });
  }
}

function start(home: string): Promise<Stack> {
  const fixture = (name: string): string => join(root, 'test/fixtures/pipelines', name);
  const names = [ONE_BY_ONE.pipeline, IN_BATCHES.pipeline, 'setup'];
  return Stack.start({ home, pipelines: Object.fromEntries(names.map((name) => [name, fixture(name)])) });
}

/** 0 if nothing was lost, doubled or stuck. */
export async function kills(words: readonly string[]): Promise<0 | 1> {
  const { values } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      count: { type: 'string', default: '500' },
      seed: { type: 'string', default: '1' },
      home: { type: 'string' },
      batches: { type: 'boolean', default: false },
    },
  });
  const count = wholeNumber('--count', values.count);
  const random = new Random(wholeNumber('--seed', values.seed));
  const ground = await Ground.open(values.home, values.batches ? IN_BATCHES : ONE_BY_ONE);
  try {
    void letTimePass(ground);
    const working = Promise.all([dropAll(ground, count, random), untilAllRest(ground, count, false)]);
    await Promise.all([
      killOnAndOn(ground, random),
      working.finally(() => {
        ground.over = true;
      }),
    ]);
    // Whatever the last kill hit still has to come to its end.
    await untilAllRest(ground, count, true);
    return await tell(ground, count);
  } finally {
    await ground.close();
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${name} must be a whole number from 1, not ${text}`);
  return value;
}

/** Until `ground.over`: one kill after the other. */
async function killOnAndOn(ground: Ground, random: Random): Promise<void> {
  const { least, most } = ground.arrivals.betweenKillsMs;
  for (;;) {
    await wait(least + random.below(most - least));
    if (ground.over) return;
    await killOne(ground, random.pick(VICTIMS) ?? 'group');
  }
}

async function killOne(ground: Ground, victim: string): Promise<void> {
  const { stack } = ground;
  if (stack.process.exitCode !== null || stack.process.signalCode !== null) {
    ground.figures.fallen += 1;
    say(`baton up ended by itself (${stack.process.exitCode ?? stack.process.signalCode}):`);
    say(stack.output.join('').slice(-2_000));
    return ground.startAgain();
  }
  const status = await stack.admin('GET', 'status').catch(() => ({ processes: [] }));
  const { processes } = status as { processes: { name: string; pid?: number }[] };
  const pids = processes.flatMap(({ name, pid }) =>
    pid !== undefined && (victim === 'group' || name === victim) ? [pid] : [],
  );
  // The supervisor first: it is not to start again what it sees die.
  const supervisor = victim === 'group' && stack.process.pid !== undefined ? [stack.process.pid] : [];
  const hit = [...supervisor, ...pids].filter(killed).length;
  if (hit === 0) return;
  ground.count(victim);
  if (victim === 'group') await ground.startAgain();
}

/** False: it was gone already, and is being started again. */
function killed(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** Every file once: one is put by its client, the next copied into the bucket's folder. */
async function dropAll(ground: Ground, count: number, random: Random): Promise<void> {
  const { pipeline, atOnce, pauseMs, mostUnderWay } = ground.arrivals;
  const folder = join(ground.home, 'state', 's3', BUCKET, pipeline);
  for (let i = 1; i <= count; i += 1) {
    const file = join(folder, `${i}.csv`);
    if (existsSync(file)) continue;
    while (i - ground.done > mostUnderWay && !ground.over) await wait(250);
    const body = `entry,amount\n${i},${i * 3}\n${i},${isBad(ground.arrivals, i) ? 'many' : i * 5}\n`;
    if (i % 2 === 0) copy(file, folder, ground.home, body);
    else await putOnce(ground, `${pipeline}/${i}.csv`, body);
    if (i % atOnce === 0) await wait(random.below(pauseMs));
  }
}

function copy(file: string, folder: string, home: string, body: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(home, 'copied'), body);
  renameSync(join(home, 'copied'), file);
}

/** A second put of the same key would be a second upload, with a run of its own: so it is looked at first. */
async function putOnce(ground: Ground, Key: string, Body: string): Promise<void> {
  await patiently(async () => {
    const once = new S3Client({
      endpoint: ground.stack.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'tester', secretAccessKey: 'any' },
      maxAttempts: 1,
    });
    try {
      if (!(await isThere(once, Key))) await once.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
    } finally {
      once.destroy();
    }
  });
}

async function isThere(client: S3Client, Key: string): Promise<boolean> {
  try {
    await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key }));
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFound') return false;
    throw error;
  }
}

/** Minute by minute, until it is closed. */
async function letTimePass(ground: Ground): Promise<void> {
  while (!ground.closed) {
    await wait(ground.arrivals.minuteMs);
    // The next minute comes all the same.
    await ground.stack.advance(60_000).catch(() => undefined);
  }
}

/**
 * Until `count` runs have been made and none has anything to do; or until nothing has moved for long. In the end
 * (`toTheEnd`) there are no kills any more: what does not come to rest then never will.
 */
async function untilAllRest(ground: Ground, count: number, toTheEnd: boolean): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  let movedAt = Date.now();
  let told = Date.now();
  for (;;) {
    await wait(LOOK_MS);
    const left = await patiently(() => runsLeft(ground, count));
    ground.done = count - left;
    if (left === 0) return;
    if (left < least) {
      least = left;
      movedAt = Date.now();
    }
    if (Date.now() - told > 30_000) {
      told = Date.now();
      // Not one of the figures.
      process.stderr.write(
        `  ${left} of ${count} runs to go; killed: ${JSON.stringify(ground.figures.kills)}\n`,
      );
    }
    if (Date.now() - movedAt > NO_PROGRESS_MS) {
      say(
        `${left} of ${count} runs are not at rest, and none has come to rest for ${NO_PROGRESS_MS / 1000} s`,
      );
      say(toTheEnd ? ground.stack.output.join('').slice(-2_000) : 'nothing is killed any more');
      ground.over = true;
      return;
    }
  }
}

/** Files that have no run yet, and runs that are not at rest. */
async function runsLeft({ stack, arrivals: { pipeline } }: Ground, count: number): Promise<number> {
  const due = await stack.store.findDue(Number.MAX_SAFE_INTEGER, 2 * count);
  const queued = await stack.store.countQueued(pipeline);
  const { Count: made = 0 } = await stack.dynamodb.send(
    new QueryCommand({
      TableName: 'baton-local',
      IndexName: 'by-file',
      KeyConditionExpression: 'pipeline = :pipeline',
      ExpressionAttributeValues: { ':pipeline': { S: pipeline } },
      Select: 'COUNT',
    }),
  );
  return Math.max(count - made, 0) + due.length + queued;
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      // The process that was asked has just been killed.
      if (Date.now() > end) throw error;
      await wait(250);
    }
  }
}

async function tell(ground: Ground, count: number): Promise<0 | 1> {
  const { stack, figures, arrivals } = ground;
  const all = (await stack.store.listRuns(arrivals.pipeline, 10 * count)).map(storedRun);
  const runs = all.filter(({ trigger }) => trigger.kind === 's3');
  const batches = new Map(all.filter(({ trigger }) => trigger.kind === 'batch').map((run) => [run.id, run]));
  const stuck = [...runs, ...batches.values()].filter((run) => !isWhereItBelongs(run, batches));
  const bad = Array.from({ length: count }, (_, i) => i + 1).filter((file) => isBad(arrivals, file)).length;
  const { lost, doubled, wrong } = await counted(ground, count, bad);
  const setAside = runs.filter(({ state }) => state === 'FAILED').length;
  ground.save();
  for (const run of stuck) say(`  ${lineOf(run)}`);
  const rebuilt = all.filter((run) => run.generation > 1).length;
  const many = Object.entries(figures.kills)
    .map(([what, n]) => `${what} ${n}`)
    .join(', ');
  const inBatches =
    arrivals.badEvery === undefined ? '' : `in ${batches.size} batches, ${setAside} bad ones set aside, `;
  say(
    `${runs.length} runs of ${count} files ${inBatches}in ${figures.seconds} s, killed: ${many}; ${rebuilt} runs in a rebuilt session; ` +
      `lost ${lost}, doubled ${doubled}, wrong ${wrong}, stuck ${stuck.length}`,
  );
  const told = {
    runs: runs.length,
    batches: batches.size,
    setAside,
    kills: figures.kills,
    lost,
    doubled,
    wrong,
    stuck: stuck.length,
    rebuilt,
    fallen: figures.fallen,
    seconds: figures.seconds,
    commit: commit(),
  };
  say(JSON.stringify(told));
  const holds =
    runs.length === count && setAside === bad && lost + doubled + wrong + stuck.length + figures.fallen === 0;
  return holds ? 0 : 1;
}

/** At its end: a file in the batch that loaded it, a bad one by itself. */
function isWhereItBelongs(run: StoredRun, batches: ReadonlyMap<string, StoredRun>): boolean {
  if (run.pendingActions !== undefined) return false;
  if (run.state === 'SUCCEEDED') return true;
  if (run.state === 'ABSORBED') return batches.get(run.into ?? '')?.state === 'SUCCEEDED';
  // All its files went elsewhere.
  if (run.trigger.kind === 'batch') return run.state === 'CANCELLED';
  return run.state === 'FAILED' && run.error?.class === 'data';
}

/** By SQL: rows of the files and totals of the runs that are missing, there more than once, or of no file. `bad`: files without rows. */
async function counted({ stack, arrivals }: Ground, count: number, bad: number): Promise<Counted> {
  const twice = (columns: string, table: string): string =>
    `(SELECT COUNT(*) FROM (SELECT ${columns} FROM ${table} GROUP BY ${columns} HAVING COUNT(*) > 1) d)`;
  const number = (sql: string): Promise<number> => patiently(() => stack.count(sql));
  const ofBad = arrivals.badEvery === undefined ? '' : ` OR MOD(entry, ${arrivals.badEvery}) = 0`;
  return {
    lost: await number(
      `SELECT ${2 * (count - bad)} - (SELECT COUNT(*) FROM (SELECT DISTINCT entry, amount FROM ledger) l) + ` +
        '(SELECT COUNT(DISTINCT run_id) FROM ledger) - (SELECT COUNT(DISTINCT run_id) FROM ledger_total)',
    ),
    doubled: await number(`SELECT ${twice('entry, amount', 'ledger')} + ${twice('run_id', 'ledger_total')}`),
    wrong: await number(
      `SELECT (SELECT COUNT(*) FROM ledger WHERE entry NOT BETWEEN 1 AND ${count} OR amount NOT IN (entry * 3, entry * 5)${ofBad}) + ` +
        '(SELECT COUNT(*) FROM ledger_total t JOIN (SELECT run_id, SUM(amount) AS total FROM ledger GROUP BY run_id) l ' +
        'ON t.run_id = l.run_id WHERE t.total <> l.total)',
    ),
  };
}

function lineOf(run: StoredRun): string {
  const error = run.error?.message ?? 'not at rest';
  return `${run.id} ${run.state} ${run.step ?? ''} generation ${run.generation}: ${error}`;
}

const PRODUCT = [
  'functions',
  'shared',
  'local',
  'cli',
  'bin',
  'build',
  'sql',
  'serverless.yml',
  'package-lock.json',
];

/** Of the code that ran; with a plus sign where it was changed since. */
function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--', ...PRODUCT) === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}

if (isMainThread && isProgram('kills')) process.exitCode = await kills(process.argv.slice(2));
