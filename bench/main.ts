/** `npm run bench -- [part…] [options]`: measures, prints ratios within one run, ends with 1 if a bar is missed. */
import process from 'node:process';

import { messageOf } from '../shared/errors.ts';
import { bundle } from './bundle.ts';
import { crowd } from './crowd.ts';
import { growth } from './growth.ts';
import { lists } from './lists.ts';
import { load } from './load.ts';
import { type Options, optionsOf } from './options.ts';
import { peers } from './peers.ts';
import { formatReport, type PartReport } from './report.ts';
import { slots } from './slots.ts';
import { steady } from './steady.ts';
import { storm } from './storm.ts';

const PARTS: Readonly<Record<string, (options: Options) => Promise<PartReport>>> = {
  bundle,
  slots,
  steady,
  peers,
  crowd,
  load,
  growth,
  lists,
  storm,
};

// So that what runs on exit, runs: it ends the local AWS.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const options = optionsOf(process.argv.slice(2), Object.keys(PARTS));
if (typeof options === 'string') {
  process.stderr.write(`bench: ${options}\n`);
  process.exitCode = 2;
} else {
  process.exitCode = await measureAll(options).catch(brokenOff);
}

/** 0 if every bar holds. */
async function measureAll(given: Options): Promise<number> {
  const reports: PartReport[] = [];
  for (const part of given.parts) {
    const begin = performance.now();
    const report = await PARTS[part]?.(given);
    if (report === undefined) continue;
    reports.push(report);
    const seconds = Math.round((performance.now() - begin) / 1000);
    // With --json stdout is the document's alone.
    const out = given.json ? process.stderr : process.stdout;
    out.write(`${formatReport(report)}\n  (${String(seconds)} s)\n\n`);
  }
  const hold = reports.every(({ bars }) => bars.every(({ ok }) => ok));
  if (given.json) {
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
