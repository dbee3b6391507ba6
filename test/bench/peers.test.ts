import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { crowd } from '../../bench/crowd.ts';
import { optionsOf } from '../../bench/options.ts';
import { ALTERNATIVES } from '../../bench/peers/alternatives.ts';
import { EVENT, MODES } from '../../bench/peers/baton.ts';
import { sumOf } from '../../bench/peers/counts.ts';
import { asOnAws } from '../../bench/peers/latencies.ts';
import { measureFiles, measureNaps, withBench } from '../../bench/peers/measure.ts';
import { keptFigures, PAGES_WITH_FIGURES, withFigures } from '../../bench/peers/page.ts';
import { AIRFLOW, LOOP, PEERS, STEP_FUNCTIONS } from '../../bench/peers/ways.ts';
import { isLong } from '../long.ts';

describe('the benchmark beside peers', () => {
  it.each(PAGES_WITH_FIGURES)('%s has the kept figures', (page) => {
    const text = readFileSync(page, 'utf8');
    expect(withFigures(page, text, keptFigures())).toBe(text);
  });

  it('draws the same latencies for the same seed', () => {
    expect(asOnAws(7)).toEqual(asOnAws(7));
    expect(asOnAws(7).faults).not.toEqual(asOnAws(8).faults);
    const delays = asOnAws(7).faults.find(({ service }) => service === 'dynamodb')?.['delayMs'] as number[];
    expect(new Set(delays)).toEqual(new Set([5, 6, 7, 8, 9, 10]));
  });

  it('gives no price to an execution or a function that would have to run too long', () => {
    const hour = { ms: 3_600_000, transitions: 240 };
    const work = { seconds: 360, steps: 10 };
    const priced = ALTERNATIVES.filter(({ usd }) => usd(hour, work) !== undefined).map(({ name }) => name);
    expect(priced.every((name) => /Standard|durable/.test(name))).toBe(true);
    expect(priced).toHaveLength(3);
  });

  it('names a wrong option', () => {
    expect(optionsOf(['everything'], ['peers'])).toMatch(/unknown part everything; known are peers/);
    expect(optionsOf(['--seconds', '0.2,x'], ['peers'])).toMatch(/--seconds must be numbers/);
    expect(optionsOf(['--files', '1'], ['storm'])).toMatch(/--files must be/);
    expect(optionsOf(['peers', '--seconds', '0.2,1'], ['peers'])).toMatchObject({ seconds: [0.2, 1] });
  });

  it.runIf(isLong)(
    'runs the same statements in each way, and counts what each run does',
    async () => {
      const work = { seconds: 0.05, steps: 3 };
      const latencies = asOnAws(1);
      const { naps, files } = await withBench([work], undefined, async (bench) => ({
        naps: await measureNaps(bench, { ...work, rounds: 1, latencies }, 'tests', () => undefined),
        files: await measureFiles(bench, latencies, 1),
      }));
      const { ways } = naps;
      expect(Object.keys(ways).sort()).toEqual([...PEERS, ...MODES.map(({ name }) => name)].sort());
      const wrong = Object.entries(ways).filter(
        ([, { gap }]) => gap.count !== work.steps - 1 || !(gap.mean >= 0),
      );
      expect(wrong).toEqual([]);
      // Each step: submit and choice; submit, wait, describe and choice.
      expect(ways[STEP_FUNCTIONS]).toMatchObject({ calls: 3, transitions: 6 });
      expect(ways[LOOP]).toMatchObject({ calls: 6, transitions: 12 });
      // It looks when the statement is submitted, and then every ten seconds.
      expect(ways[AIRFLOW]?.gap.mean).toBeGreaterThan(4_000);
      const event = ways[EVENT.name];
      expect(event?.submissions).toBe(work.steps);
      expect(event?.invocations).toBeGreaterThan(work.steps);
      expect(event?.usd).toBeCloseTo(sumOf(event?.usdParts ?? {}), 12);
      for (const usd of Object.values(event?.usdParts ?? {})) expect(usd).toBeGreaterThanOrEqual(0);
      expect(Object.values(naps.alternatives).every((usd) => usd !== null && usd > 0)).toBe(true);
      expect(MODES.filter((mode) => mode.inFours !== true && !(Number(files[mode.name]?.calls) > 0))).toEqual(
        [],
      );
    },
    600_000,
  );

  it.runIf(isLong)(
    'runs files that wait for slots, and others while more files arrive',
    async () => {
      const { figures } = await crowd({ files: 10, waiting: 10 });
      const { lone, total, calm, stormy } = figures;
      expect(total).toBeGreaterThan(lone as number);
      expect(calm).toHaveLength(8);
      expect(stormy).toHaveLength(8);
    },
    600_000,
  );
});
