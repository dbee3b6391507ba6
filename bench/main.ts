/** `npm run bench -- [part…] [--json]`: measures, prints ratios within one run, ends with 1 if a bar is missed. */
import process from 'node:process';

import { messageOf } from '../shared/errors.ts';
import { bundle } from './bundle.ts';
import { growth } from './growth.ts';
import { handoff } from './handoff.ts';
import { load } from './load.ts';
import { formatReport, type PartReport } from './report.ts';
import { slots } from './slots.ts';
import { steady } from './steady.ts';

const PARTS: Readonly<Record<string, () => Promise<PartReport>>> = {
  bundle,
  slots,
  steady,
  handoff,
  load,
  growth,
};

// So that what runs on exit, runs: it ends the local AWS.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const words = process.argv.slice(2);
const json = words.includes('--json');
const named = words.filter((word) => word !== '--json');
const unknown = named.find((word) => !Object.hasOwn(PARTS, word));
if (unknown === undefined) {
  process.exitCode = await measureAll(named.length === 0 ? Object.keys(PARTS) : named).catch(brokenOff);
} else {
  process.stderr.write(
    `bench: unknown part ${unknown}; known are ${Object.keys(PARTS).join(', ')} and --json\n`,
  );
  process.exitCode = 2;
}

/** 0 if every bar holds. */
async function measureAll(parts: readonly string[]): Promise<number> {
  const reports: PartReport[] = [];
  for (const part of parts) {
    const begin = performance.now();
    const report = await PARTS[part]?.();
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
