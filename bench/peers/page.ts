/**
 * The figures in the documents: `bench/peers/figures.json` keeps what was measured last, and the blocks between `<!-- bench: NAME -->`
 * and `<!-- end -->` are made of it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from '../../build/project.ts';
import { costOf, PRICES, PRICES_AS_OF } from '../prices.ts';
import { figure } from '../report.ts';
import { ALTERNATIVES } from './alternatives.ts';
import { AUTO, BEFORE, EVENT, FOURS, SINGLE, WAIT } from './baton.ts';
import { sumOf } from './counts.ts';
import type { Figures, FileRun, Measured, WayFigures } from './figures.ts';
import { AIRFLOW, DIRECT, LIVE_POLL, LOOP, STEP_FUNCTIONS } from './ways.ts';

const FIGURES = join(packageRoot, 'bench', 'peers', 'figures.json');

/** In the order of tables. */
const WAYS = [
  DIRECT,
  LIVE_POLL,
  FOURS.name,
  AUTO.name,
  SINGLE.name,
  WAIT.name,
  EVENT.name,
  BEFORE.name,
  STEP_FUNCTIONS,
  LOOP,
  AIRFLOW,
];

export function keptFigures(): Figures {
  return JSON.parse(readFileSync(FIGURES, 'utf8')) as Figures;
}

/** What was not measured this time stays. */
export function keepFigures(fresh: Figures): void {
  const kept = keptFigures();
  const all = { naps: { ...kept.naps, ...fresh.naps }, files: fresh.files };
  writeFileSync(FIGURES, `${JSON.stringify(all, undefined, 2)}\n`);
  for (const page of Object.keys(PAGES)) {
    const path = join(packageRoot, page);
    writeFileSync(path, withFigures(page, readFileSync(path, 'utf8'), all));
  }
}

/** Page -> block -> its text. */
const PAGES: Readonly<Record<string, Readonly<Record<string, (figures: Figures) => string>>>> = {
  'docs/performance.md': { gaps, calls, files },
  'docs/cost.md': { prices, runs, counts, month },
};

export const PAGES_WITH_FIGURES: readonly string[] = Object.keys(PAGES);

/** The text of a page with its blocks made anew. @throws Error where the page lacks one */
export function withFigures(page: string, text: string, kept: Figures): string {
  return Object.entries(PAGES[page] ?? {}).reduce((before, [name, block]) => {
    const place = new RegExp(`(<!-- bench: ${name} -->\n)[^]*?(?=<!-- end -->)`);
    if (!place.test(before)) throw new Error(`${page} has no block <!-- bench: ${name} -->`);
    return before.replace(place, (_, mark: string) => `${mark}\n${block(kept)}\n\n`);
  }, text);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A line of a table: its name, and a cell for each column. */
function line<C>(name: string, columns: readonly C[], cell: (column: C) => string): string[] {
  return [name].concat(columns.map(cell));
}

function sorted({ naps }: Figures): readonly Measured[] {
  return Object.values(naps).toSorted((a, b) => a.seconds - b.seconds);
}

function headOf({ seconds, steps }: Measured): string {
  return `${String(seconds)} s${steps === 10 ? '' : ` (${String(steps)} steps)`}`;
}

/** A ratio: two digits below ten. */
function ratio(value: number): string {
  if (value < 0.005) return 'under 0.01';
  return value < 9.95 ? value.toFixed(value < 0.995 ? 2 : 1) : String(Math.round(value));
}

function gaps(all: Figures): string {
  const measured = sorted(all);
  const moments = measured.map(
    (each) => `${each.latencies} ${headOf(each)}: ${each.at.slice(0, 16).replace('T', ' ')}, ${each.beside}`,
  );
  return [
    ...[...new Set(measured.map(({ latencies }) => latencies))].map((latencies) =>
      gapTable(
        latencies,
        measured.filter((each) => each.latencies === latencies),
      ),
    ),
    ...measured.filter(isAsOnAws).map(faster),
    `Measured (UTC; what else the machine did): ${moments.join('; ')}.`,
  ].join('\n\n');
}

function gapTable(latencies: string, columns: readonly Measured[]): string {
  const unitOf = ({ ways }: Measured): number => ways[LIVE_POLL]?.gap.mean ?? Number.NaN;
  const rows = WAYS.filter((way) => columns.some(({ ways }) => ways[way] !== undefined)).map((way) =>
    line(way, columns, (column) => {
      const found = column.ways[way];
      if (found === undefined) return '';
      const [mean, p50, p99] = [found.gap.mean, found.gap.p50, found.gap.p99].map((ms) =>
        ratio(ms / unitOf(column)),
      );
      const inFours =
        found.gapInFours === undefined
          ? ''
          : `; a step of a group of four **${ratio(found.gapInFours / unitOf(column))}**`;
      return `**${mean ?? ''}** (${p50 ?? ''}, ${p99 ?? ''})${inFours}`;
    }),
  );
  const unit = line(
    'the unit: mean of the live long poll',
    columns,
    (column) => `${unitOf(column).toFixed(0)} ms`,
  );
  return `Latencies ${latencies}, statements of\n\n${table(line('', columns, headOf), [...rows, unit])}`;
}

function isAsOnAws({ latencies }: Measured): boolean {
  return latencies === 'as on AWS';
}

/** Baton as it comes: the default of this version. */
function defaultOf(measured: Measured): string {
  return measured.ways[AUTO.name] === undefined ? EVENT.name : AUTO.name;
}

function faster(measured: Measured): string {
  const baton = measured.ways[defaultOf(measured)]?.gap.mean ?? Number.NaN;
  const others = WAYS.filter((way) => !way.startsWith('Baton'));
  const better = others.filter((way) => (measured.ways[way]?.gap.mean ?? Number.NaN) < baton);
  return `Sooner than ${defaultOf(measured)} with statements of ${headOf(measured)}: ${better.length === 0 ? 'none of them' : better.join(', ')}.`;
}

function calls(all: Figures): string {
  const columns = sorted(all).filter(isAsOnAws);
  const rows = WAYS.filter((way) => way !== DIRECT && way !== AIRFLOW)
    .filter((way) => columns.some(({ ways }) => ways[way] !== undefined))
    .map((way) => line(way, columns, ({ ways }) => callsOf(ways[way])));
  return table(line('', columns, headOf), rows);
}

function callsOf(way: WayFigures | undefined): string {
  if (way === undefined) return '';
  const { calls: made, invocations, writeUnits, transitions = 0 } = way;
  if (invocations !== undefined && writeUnits !== undefined)
    return [made, invocations, writeUnits].map(figure).join(' / ');
  return transitions === 0 ? figure(made) : `${figure(made)}, ${figure(transitions)} transitions`;
}

function files(all: Figures): string {
  const rows = modesOf(all).map((mode) => {
    const { calls: made, invocations, writeUnits, usdParts } = all.files[mode] ?? NO_RUN;
    return [mode, figure(made), figure(invocations), figure(writeUnits), sumOf(usdParts).toFixed(3)];
  });
  return table(['', 'calls', 'invocations', 'write units', 'USD per 1,000 runs'], rows);
}

const NO_RUN: FileRun = { calls: 0, invocations: 0, writeUnits: 0, byOperation: {}, usdParts: {} };

function runs(all: Figures): string {
  const columns = sorted(all).filter(isAsOnAws);
  const cell = (usd: number | null | undefined, measured: Measured): string => {
    if (usd === undefined) return '';
    if (usd === null) return 'not so long';
    return `${usd.toFixed(3)} (${ratio(usd / (measured.ways[defaultOf(measured)]?.usd ?? Number.NaN))})`;
  };
  const modes = WAYS.filter((way) => columns.some(({ ways }) => ways[way]?.usd !== undefined));
  const rows = [
    ...modes.map((way) => line(way, columns, (column) => cell(column.ways[way]?.usd, column))),
    ...ALTERNATIVES.map(({ name }) =>
      line(name, columns, (column) => cell(column.alternatives[name], column)),
    ),
  ];
  const cheaper = columns.map((each) => {
    const baton = each.ways[defaultOf(each)]?.usd ?? Number.NaN;
    const better = ALTERNATIVES.filter(({ name }) => (each.alternatives[name] ?? Number.NaN) < baton);
    return `with statements of ${headOf(each)} ${better.length === 0 ? 'none' : better.map(({ name }) => name).join(' and ')}`;
  });
  return [
    table(line('', columns, headOf), rows),
    `Cheaper than ${columns[0] === undefined ? 'Baton' : defaultOf(columns[0])}: ${cheaper.join('; ')}.`,
  ].join('\n\n');
}

function prices(): string {
  const rows = Object.values(PRICES).map(({ usd, per, unit, page }) => [
    `${per.toLocaleString('en-US')} ${unit}`,
    String(usd),
    `<${page}>`,
  ]);
  return [`List prices, us-east-1, ${PRICES_AS_OF}:`, table(['', 'USD', 'page'], rows)].join('\n\n');
}

/** Modes with a run over a file, in the order of tables. */
function modesOf({ files: all }: Figures): readonly string[] {
  return WAYS.filter((way) => all[way] !== undefined);
}

function counts(all: Figures): string {
  const modes = modesOf(all);
  const runOf = (mode: string): FileRun => all.files[mode] ?? NO_RUN;
  const operations = new Set(modes.flatMap((mode) => Object.keys(runOf(mode).byOperation)));
  const rows = [
    line('Lambda invocations', modes, (mode) => figure(runOf(mode).invocations)),
    line('DynamoDB write units', modes, (mode) => figure(runOf(mode).writeUnits)),
    ...[...operations]
      .sort()
      .map((operation) =>
        line(operation.replace('.', ': '), modes, (mode) => figure(runOf(mode).byOperation[operation] ?? 0)),
      ),
  ];
  return table(
    line('', modes, (mode) => mode),
    rows,
  );
}

/** Of a stage that does nothing, in a month: the sweep of every minute, and the pollers of the file queue. */
const SWEEPS = 43_800;
const IDLE: Readonly<Record<string, number>> = {
  'Lambda requests': costOf('lambdaRequest', SWEEPS),
  // 0.1 s of 256 MB each, assumed.
  'Lambda GB-seconds': costOf('lambdaGbSecond', SWEEPS * 0.025),
  'DynamoDB reads': costOf('readUnit', SWEEPS),
  SQS: costOf('sqsRequest', 657_000),
  logs: costOf('logsGb', (SWEEPS * 1.3) / 1e6),
};
const FILES_A_DAY = [0, 100, 10_000];
const DAYS = 30.4;
/** A run of five steps, its step rows, and the record of its file's key, in KB, for as many days as they are kept. */
const STORED_GB = (0.7 * 400 + 5 * 0.7 * 800 + 0.5 * 800) / 1e6;

function month(all: Figures): string {
  const mode = modesOf(all).find((way) => way === AUTO.name) ?? EVENT.name;
  const { usdParts } = all.files[mode] ?? NO_RUN;
  const usd = (part: string, files: number): number =>
    (IDLE[part] ?? 0) + ((usdParts[part] ?? 0) / 1000) * files * DAYS;
  const storage = (files: number): number => STORED_GB * files * costOf('storedGbMonth', 1);
  const total = (files: number): number =>
    Object.keys(usdParts).reduce((sum, part) => sum + usd(part, files), storage(files));
  const rows = [
    ...Object.keys(usdParts).map((part) => line(part, FILES_A_DAY, (files) => usd(part, files).toFixed(2))),
    line('DynamoDB storage, after 800 days', FILES_A_DAY, (files) => storage(files).toFixed(2)),
    line('**orchestration, total**', FILES_A_DAY, (files) => `**${total(files).toFixed(2)}**`),
  ];
  const head = line('USD per month', FILES_A_DAY, (files) =>
    files === 0 ? 'idle' : `${files.toLocaleString('en-US')} files per day`,
  );
  return [`${mode}:`, table(head, rows)].join('\n\n');
}
