/** `npm run bench -- [part…] [--json] [--files N]`: measures, prints ratios within one run, ends with 1 if a bar is missed. */
import process from 'node:process';
import { parseArgs } from 'node:util';

import { messageOf } from '../shared/errors.ts';
import { defined } from '../shared/run/defined.ts';
import { bundle } from './bundle.ts';
import { growth } from './growth.ts';
import { handoff } from './handoff.ts';
import { lists } from './lists.ts';
import { load } from './load.ts';
import { formatReport, type PartReport } from './report.ts';
import { slots } from './slots.ts';
import { steady } from './steady.ts';
import { storm } from './storm.ts';

interface Options {
  /** Files in the storm. */
  readonly files?: number;
}

const PARTS: Readonly<Record<string, (options: Options) => Promise<PartReport>>> = {
  bundle,
  slots,
  steady,
  handoff,
  load,
  growth,
  lists,
  storm,
};

// So that what runs on exit, runs: it ends the local AWS.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const { values, positionals: named } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, files: { type: 'string' } },
});
const { json } = values;
const files = values.files === undefined ? undefined : Number(values.files);
const unknown = named.find((word) => !Object.hasOwn(PARTS, word));
if (unknown !== undefined) {
  process.stderr.write(`bench: unknown part ${unknown}; known are ${Object.keys(PARTS).join(', ')}\n`);
  process.exitCode = 2;
} else if (files !== undefined && !(Number.isInteger(files) && files >= 2)) {
  process.stderr.write(`bench: --files must be a whole number from 2, not ${String(values.files)}\n`);
  process.exitCode = 2;
} else {
  const parts = named.length === 0 ? Object.keys(PARTS) : named;
  process.exitCode = await measureAll(parts, defined({ files })).catch(brokenOff);
}

/** 0 if every bar holds. */
async function measureAll(parts: readonly string[], options: Options): Promise<number> {
  const reports: PartReport[] = [];
  for (const part of parts) {
    const begin = performance.now();
    const report = await PARTS[part]?.(options);
    if (report === undefined) continue;
    reports.push(report);
    const seconds = Math.round((performance.now() - begin) / 1000);
    // With --json stdout is the document's alone.
    const out = json ? process.stderr : process.stdout;
    out.write(`${formatReport(report)}\n  (${String(seconds)} s)\n\n`);
  }
  const hold = reports.every(({ bars }) => bars.every(({ ok }) => ok));
  if (json) {
    const found = reports.map(({ part, figures, bars }) => ({ part, figures, bars }));
    process.stdout.write(`${JSON.stringify({ ok: hold, parts: found }, undefined, 2)}\n`);
  }
  return hold ? 0 : 1;
}

/** What went wrong is one line: a part that cannot be measured has missed its bar. */
function brokenOff(error: unknown): number {
  process.stderr.write(`bench: ${messageOf(error)}\n`);
  return 1;
}
