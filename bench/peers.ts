/**
 * Baton beside what people use instead, over the same statements on the same local AWS: how soon the next statement is submitted, what a
 * run calls, and what it costs. `--write` keeps the figures and writes them into the documents.
 */
import { AUTO, BEFORE, EVENT, FOURS, SINGLE, WAIT } from './peers/baton.ts';
import { sumOf } from './peers/counts.ts';
import type { Figures, FileRuns, Measured, WayFigures } from './peers/figures.ts';
import { asOnAws, IMMEDIATE } from './peers/latencies.ts';
import { measureFiles, measureNaps, type Round, withBench } from './peers/measure.ts';
import { keepFigures } from './peers/page.ts';
import { LIVE_POLL, LOOP, STEP_FUNCTIONS } from './peers/ways.ts';
import { type Bar, figure, type PartReport, times } from './report.ts';

export interface PeersOptions {
  /** Durations of the statements. */
  readonly seconds?: readonly number[];
  /** Folder of another checkout of Baton, measured beside this one. */
  readonly before?: string;
  /** What else the machine does meanwhile. */
  readonly beside?: string;
  /** The figures are kept, and written into the documents. */
  readonly write?: boolean;
}

const SECONDS = [0.2, 1, 5, 30];
const STEPS = 10;
const LONG_STEPS = 3;
const SEED = 13;
const FILE_RUNS = 5;

const AWS = asOnAws(SEED);

/** Long statements need few runs; latencies that are not there show best in short ones. */
function roundsOf(seconds: number): readonly Round[] {
  const steps = seconds > 10 ? LONG_STEPS : STEPS;
  const rounds = seconds < 1 ? 4 : seconds < 5 ? 2 : 1;
  const onAws = { seconds, steps, rounds, latencies: AWS };
  return seconds < 1 ? [onAws, { ...onAws, rounds: Math.ceil(rounds / 2), latencies: IMMEDIATE }] : [onAws];
}

export async function peers({
  seconds = SECONDS,
  before,
  beside = 'nothing else',
  write = false,
}: PeersOptions = {}): Promise<PartReport> {
  const rounds = seconds.flatMap(roundsOf);
  const { measured, files } = await withBench(rounds, before, async (bench) => {
    const all: Measured[] = [];
    for (const round of rounds) all.push(await measureNaps(bench, round, beside, log));
    return { measured: all, files: await measureFiles(bench, AWS, FILE_RUNS) };
  });
  const figures = { naps: Object.fromEntries(measured.map((each) => [keyOf(each), each])), files };
  if (write) keepFigures(figures);
  return reportOf(figures);
}

function log(line: string): void {
  process.stderr.write(`  ${line}\n`);
}

function keyOf({ latencies, seconds }: Measured): string {
  return `${latencies}, ${String(seconds)} s`;
}

function reportOf(figures: Figures): PartReport {
  const all = Object.values(figures.naps);
  return {
    part: 'peers',
    title: 'finish -> next submission, calls and list price, each way over the same statements',
    columns: [
      '',
      'mean / live poll',
      'mean ms',
      'p50 ms',
      'p99 ms',
      'calls',
      'invocations',
      'write units',
      'transitions',
      'USD per 1,000 runs',
    ],
    rows: [
      ...all.flatMap((measured) => [
        titleRow(`${keyOf(measured)}, ${String(measured.steps)} steps`),
        ...Object.entries(measured.ways).map(([name, way]) => rowOf(name, way, measured)),
        ...Object.entries(measured.alternatives).map(([name, usd]) =>
          titleRow(`  ${name}`, usd === null ? '-' : usd.toFixed(4)),
        ),
      ]),
      ...fileRows(figures.files),
    ],
    notes: [
      AWS.words,
      'start-run submits the first step and does not wait: run-step does, woken for it, where two statements follow',
    ],
    bars: [...all.flatMap(barsOf), ...fileBars(figures.files)],
    figures: { ...figures },
  };
}

/** Nothing but its name, and perhaps a price. */
function titleRow(title: string, usd = ''): string[] {
  return [title, '', '', '', '', '', '', '', '', usd];
}

function rowOf(name: string, way: WayFigures, { ways }: Measured): string[] {
  const { gap, calls, invocations, writeUnits, transitions = 0, usd } = way;
  const show = (value: number | undefined): string => (value === undefined ? '' : figure(value));
  return [
    `  ${name}`,
    times(gap.mean / (ways[LIVE_POLL]?.gap.mean ?? Number.NaN)),
    figure(gap.mean),
    figure(gap.p50),
    figure(gap.p99),
    figure(calls),
    show(invocations),
    show(writeUnits),
    transitions === 0 ? '' : figure(transitions),
    usd === undefined ? '' : usd.toFixed(4),
  ];
}

function fileRows(files: FileRuns): string[][] {
  return [
    titleRow('five steps over a file'),
    ...Object.entries(files).map(([name, { calls, invocations, writeUnits, usdParts }]) => [
      `  ${name}`,
      '',
      '',
      '',
      '',
      figure(calls),
      figure(invocations),
      figure(writeUnits),
      '',
      sumOf(usdParts).toFixed(4),
    ]),
  ];
}

function barsOf(measured: Measured): Bar[] {
  const where = keyOf(measured);
  const { ways, seconds, latencies } = measured;
  const bars: Bar[] = [];
  const atMost = (what: string, value: number | undefined, of: number | undefined, limit: number): void => {
    if (value === undefined || of === undefined) return;
    const ratio = value / of;
    bars.push({ what: `${where}: ${what}, at most ${times(limit)}`, seen: times(ratio), ok: ratio <= limit });
  };
  const gapOf = (name: string): number | undefined => ways[name]?.gap.mean;
  if (latencies === IMMEDIATE.name && seconds < 1)
    atMost("gap of events / the article's loop", gapOf(EVENT.name), gapOf(LOOP), 1 / 20);
  if (latencies === IMMEDIATE.name) return bars;
  if (seconds <= 1) {
    for (const { name } of [WAIT, SINGLE]) {
      atMost(`gap of ${name} / live long poll`, gapOf(name), gapOf(LIVE_POLL), 1.4);
      atMost(`gap of ${name} / Step Functions`, gapOf(name), gapOf(STEP_FUNCTIONS), 0.5);
    }
    atMost(
      'gap a step of a group of four / live long poll',
      ways[FOURS.name]?.gapInFours,
      gapOf(LIVE_POLL),
      0.7,
    );
  }
  for (const { name } of [EVENT, BEFORE])
    atMost(
      `price of ${AUTO.name} / ${name}`,
      ways[AUTO.name]?.usd,
      ways[name]?.usd,
      seconds <= 1 ? 0.6 : 1.1,
    );
  return bars;
}

/** Calls, invocations and write units of five steps over a file. */
const FILE_LIMITS: Readonly<Record<string, readonly [number, number, number]>> = {
  [EVENT.name]: [40, 7, 25],
  [WAIT.name]: [36, 3, 22],
  [AUTO.name]: [26, 3, 18],
};

function fileBars(files: FileRuns): Bar[] {
  return Object.entries(files).flatMap(([name, { calls, invocations, writeUnits }]) => {
    const limits = FILE_LIMITS[name];
    if (limits === undefined) return [];
    const seen = [calls, invocations, writeUnits];
    return [
      {
        what: `five steps over a file, ${name}: at most ${limits.join(', ')} calls, invocations, write units`,
        seen: seen.map(figure).join(', '),
        ok: seen.every((value, i) => value <= (limits[i] ?? 0)),
      },
    ];
  });
}
