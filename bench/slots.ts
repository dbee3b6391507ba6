/**
 * Are all slots of a pipeline in use while files wait? Worked out in simulated time, with calls and events as slow as on AWS: the same
 * figures on every machine.
 */
import { stormOf } from '../test/fakes/storm.ts';
import { figure, type PartReport, times } from './report.ts';

const FILES = 200;
const CONCURRENCY = 8;
/** What EventBridge takes to deliver a completion event; the slower one is its worst minute. */
const EVENTS_MS = [100, 700];
const BAR = 0.95;
/** Six rounds of the slots: the start of the first and the end of the last ones count more. */
const FEW_FILES = 48;
const FEW_BAR = 1.3;

export async function slots(): Promise<PartReport> {
  const storms = await Promise.all(
    EVENTS_MS.map(async (eventMs) => {
      const { busy, ms, wakes } = await stormOf({ files: FILES, concurrency: CONCURRENCY, eventMs });
      const lone = await stormOf({ files: 1, concurrency: 1, eventMs });
      const few = await stormOf({ files: FEW_FILES, concurrency: CONCURRENCY, eventMs });
      const beside = (whole: number, files: number): number => whole / ((lone.ms * files) / CONCURRENCY);
      return { eventMs, busy, wakes, ratio: beside(ms, FILES), few: beside(few.ms, FEW_FILES) };
    }),
  );
  return {
    part: 'slots',
    title: `${String(FILES)} files at once into a pipeline with ${String(CONCURRENCY)} slots, runs of three steps of 3 s (simulated time)`,
    columns: [
      'events take',
      'slots in use while files wait',
      'time / ideal',
      `the same, ${String(FEW_FILES)} files`,
      'wake-ups a file',
    ],
    rows: storms.map(({ eventMs, busy, wakes, ratio, few }) => [
      `${String(eventMs)} ms`,
      figure(busy),
      times(ratio),
      times(few),
      figure(wakes / FILES),
    ]),
    bars: storms.flatMap(({ eventMs, busy, few }) => [
      {
        what: `at least ${String(BAR * 100)} % of the slots in use, events take ${String(eventMs)} ms`,
        seen: `${String(Math.round((100 * busy) / CONCURRENCY))} %`,
        ok: busy / CONCURRENCY >= BAR,
      },
      {
        what: `${String(FEW_FILES)} files take at most ${times(FEW_BAR)} the ideal time, events take ${String(eventMs)} ms`,
        seen: times(few),
        ok: few <= FEW_BAR,
      },
    ]),
    notes: [
      'ideal: the time of a lone run for every eight files; it includes the start of the first and the end of the last ones',
    ],
    figures: { storms },
  };
}
