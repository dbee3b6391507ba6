/** Measures all ways over the same statements, in turns; Baton's modes one after another, so that each run's calls can be counted. */
import { packageRoot } from '../../build/project.ts';
import { defined } from '../../shared/run/defined.ts';
import { withFaults } from '../calls.ts';
import { type BenchStack, withStack } from '../stack.ts';
import { spreadOf } from '../statistics.ts';
import { ALTERNATIVES } from './alternatives.ts';
import {
  BEFORE,
  type BatonCourse,
  filePipelineOf,
  fits,
  type Mode,
  MODES,
  pipelineOf,
  runOfFile,
  writeFilePipelines,
  writeNaps,
} from './baton.ts';
import { type Counts, memoryOf, priceOf, sumOf } from './counts.ts';
import type { FileRun, FileRuns, Measured, WayFigures } from './figures.ts';
import type { Gap } from './gaps.ts';
import type { Latencies } from './latencies.ts';
import { createSleep } from './warehouse.ts';
import { AIRFLOW, type Course, courseOf, PEERS, type Work } from './ways.ts';

/** Runs of one duration. */
export interface Round extends Work {
  readonly rounds: number;
  readonly latencies: Latencies;
}

/** A mode, on the stack of its version. */
interface Placed {
  readonly mode: Mode;
  readonly stack: BenchStack;
  readonly memory: Readonly<Record<string, number>>;
}

export interface Bench {
  readonly stack: BenchStack;
  readonly modes: readonly Placed[];
}

/** From here on peers run beside Baton: nearly all of the time everything sleeps. */
const LONG_SECONDS = 5;
/** Airflow's operator takes ten seconds a step. */
const AIRFLOW_STEPS = 3;
/** So that code is loaded, and durations are known where that changes something. */
const WARM_UPS = 1;
const WARM_UPS_AUTO = 2;

/** `before`: the folder of another checkout of Baton, measured too. */
export async function withBench<T>(
  works: readonly Work[],
  before: string | undefined,
  measure: (bench: Bench) => Promise<T>,
): Promise<T> {
  const write = (modes: readonly Mode[]) => (sqlFolder: string) => {
    writeFilePipelines(sqlFolder, modes);
    for (const work of works)
      for (const mode of modes) if (fits(mode, work.seconds)) writeNaps(sqlFolder, mode, work);
  };
  return withStack(write(MODES), async (stack) => {
    await createSleep(stack);
    const memory = memoryOf(packageRoot);
    const modes = MODES.map((mode) => ({ mode, stack, memory }));
    if (before === undefined) return measure({ stack, modes });
    return withStack(
      write([BEFORE]),
      async (other) => {
        await createSleep(other);
        const earlier = { mode: BEFORE, stack: other, memory: memoryOf(before) };
        return measure({ stack, modes: [earlier, ...modes] });
      },
      before,
    );
  });
}

/** `log` receives a line for each way and round. */
export async function measureNaps(
  bench: Bench,
  round: Round,
  beside: string,
  log: (line: string) => void,
): Promise<Measured> {
  const peers = new Courses<Course>();
  const modes = new Courses<BatonCourse>();
  const told = <C extends { readonly gaps: readonly Gap[] }>(name: string, course: C): C => {
    const { mean } = spreadOf(course.gaps.map(({ ms }) => ms));
    log(`${round.latencies.name}, ${String(round.seconds)} s, ${name}: ${mean.toFixed(1)} ms`);
    return course;
  };
  const byPeer = async (peer: string, steps = round.steps): Promise<void> => {
    const work = { seconds: round.seconds, steps };
    const course = await courseOf(peer, bench.stack, work, round.latencies.connectionMs);
    peers.add(peer, told(peer, course));
  };
  const byMode = async (placed: Placed): Promise<void> => {
    modes.add(placed.mode.name, told(placed.mode.name, await runOfMode(placed, round)));
  };
  const fitting = bench.modes.filter(({ mode }) => fits(mode, round.seconds));
  const quick = PEERS.filter((peer) => peer !== AIRFLOW);
  await withLatencies(bench, round.latencies, async () => {
    for (const placed of fitting) await warmUp(placed, round);
    const airflow = byPeer(AIRFLOW, Math.min(round.steps, AIRFLOW_STEPS));
    for (let n = 0; n < round.rounds; n += 1) {
      if (round.seconds < LONG_SECONDS) {
        for (const peer of quick) await byPeer(peer);
        for (const placed of fitting) await byMode(placed);
      } else {
        const peersAtOnce = Promise.all(quick.map((peer) => byPeer(peer)));
        for (const placed of fitting) await byMode(placed);
        await peersAtOnce;
      }
    }
    await airflow;
  });
  return {
    seconds: round.seconds,
    steps: round.steps,
    latencies: round.latencies.name,
    at: new Date().toISOString(),
    beside,
    ways: {
      ...Object.fromEntries(peers.entries().map(([peer, courses]) => [peer, figuresOfPeer(courses)])),
      ...Object.fromEntries(
        fitting.map((placed) => [placed.mode.name, figuresOfMode(modes.of(placed.mode.name), placed)]),
      ),
    },
    alternatives: Object.fromEntries(
      ALTERNATIVES.map(({ name, way, usd }) => {
        const prices = peers.of(way).map((course) => usd(course, round));
        return [name, prices.includes(undefined) ? null : 1000 * meanOf(prices.map((price) => price ?? 0))];
      }),
    ),
  };
}

/** All courses of each way. */
class Courses<C> {
  readonly #all = new Map<string, C[]>();

  add(name: string, course: C): void {
    this.#all.set(name, [...this.of(name), course]);
  }

  of(name: string): readonly C[] {
    return this.#all.get(name) ?? [];
  }

  entries(): readonly (readonly [string, readonly C[]])[] {
    return [...this.#all];
  }
}

function runOfMode({ mode, stack }: Placed, round: Round): Promise<BatonCourse> {
  return runOfFile(stack, pipelineOf(mode, round), 60_000 + round.steps * (round.seconds + 5) * 1000);
}

async function warmUp(placed: Placed, round: Round): Promise<void> {
  const isAuto = placed.mode.settings['handoff'] === 'auto';
  const isLong = round.seconds >= LONG_SECONDS;
  const times = (isAuto ? WARM_UPS_AUTO : WARM_UPS) - (isLong ? 1 : 0);
  for (let n = 0; n < times; n += 1) await runOfMode(placed, round);
}

/** On every stack. */
function withLatencies<T>(
  { modes, stack }: Bench,
  { faults }: Latencies,
  measure: () => Promise<T>,
): Promise<T> {
  const stacks = new Set([stack, ...modes.map((placed) => placed.stack)]);
  let within = measure;
  for (const each of stacks) {
    const inner = within;
    within = () => withFaults(each, faults, inner);
  }
  return within();
}

function figuresOfPeer(courses: readonly Course[]): WayFigures {
  return {
    gap: spreadOf(courses.flatMap(({ gaps }) => gaps.map(({ ms }) => ms))),
    calls: meanOf(courses.map(({ calls }) => calls)),
    transitions: meanOf(courses.map(({ transitions }) => transitions)),
    seconds: meanOf(courses.map(({ ms }) => ms / 1000)),
  };
}

function figuresOfMode(courses: readonly BatonCourse[], { mode, memory }: Placed): WayFigures {
  const gaps = courses.flatMap((course) => course.gaps);
  return {
    gap: spreadOf(gaps.map(({ ms }) => ms)),
    ...(mode.inFours === true && defined({ gapInFours: inFours(gaps) })),
    ...meansOf(
      courses.map(({ counts }) => counts),
      memory,
    ),
  };
}

/** Undefined where the groups were not fused, or all steps were one group. */
function inFours(gaps: readonly Gap[]): number | undefined {
  const [outside, inside] = [false, true].map((isInside) =>
    gaps.filter((gap) => gap.isInside === isInside).map(({ ms }) => ms),
  );
  if (outside === undefined || inside === undefined || outside.length === 0 || inside.length === 0)
    return undefined;
  return (meanOf(outside) + 3 * meanOf(inside)) / 4;
}

function meansOf(all: readonly Counts[], memory: Placed['memory']): Omit<WayFigures, 'gap'> {
  const mean = (of: (counts: Counts) => number): number => meanOf(all.map(of));
  const prices = all.map((counts) => priceOf(counts, memory));
  const parts = Object.keys(prices[0] ?? {});
  return {
    calls: mean(({ calls }) => calls),
    invocations: mean(({ invocations }) => invocations),
    functionSeconds: mean(({ seconds }) => sumOf(seconds)),
    writeUnits: mean(({ writeUnits }) => writeUnits),
    reads: mean(({ reads }) => reads),
    submissions: mean(({ submissions }) => submissions),
    usd: 1000 * meanOf(prices.map(sumOf)),
    usdParts: Object.fromEntries(
      parts.map((part) => [part, 1000 * meanOf(prices.map((price) => price[part] ?? 0))]),
    ),
  };
}

function meanOf(values: readonly number[]): number {
  return spreadOf(values).mean;
}

/** Runs of five steps over a small file, after some that load code; the one in the middle: on a busy machine an event may outrun a record. */
export function measureFiles(bench: Bench, latencies: Latencies, runs: number): Promise<FileRuns> {
  return withLatencies(bench, latencies, async () => {
    const found: Record<string, FileRun> = {};
    for (const { mode, stack, memory } of bench.modes) {
      if (mode.inFours === true) continue;
      const counts: Counts[] = [];
      for (let n = 0; n < runs + WARM_UPS_AUTO; n += 1)
        counts.push((await runOfFile(stack, filePipelineOf(mode), FILE_LIMIT_MS)).counts);
      const sorted = counts
        .slice(WARM_UPS_AUTO)
        .sort((a, b) => a.calls - b.calls || a.writeUnits - b.writeUnits);
      const middle = sorted[Math.floor(sorted.length / 2)];
      if (middle === undefined) continue;
      const { calls, invocations, writeUnits, byOperation } = middle;
      const usdParts = perThousand(priceOf(middle, memory));
      found[mode.name] = { calls, invocations, writeUnits, byOperation, usdParts };
    }
    return found;
  });
}

const FILE_LIMIT_MS = 60_000;

function perThousand(usd: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(usd).map(([part, one]) => [part, 1000 * one]));
}
