/** Reads what happens in a test. */
import { startedBy, startingKeys } from './started-by.ts';
import type { Action } from './test-case.ts';
import type { WrittenAction } from './test-shape.ts';
import type { TestSource } from './test-source.ts';

export function readWhen(source: TestSource, written: readonly WrittenAction[]): Action[] {
  const { place, plans } = source;
  if (written.length === 0) source.say(['when'], 'when must name at least one file: - drop: ...');
  const actions = written.flatMap(({ drop }, i): Action[] => {
    const path = ['when', i, 'drop'];
    if (startedBy(drop.key, plans) === undefined)
      source.say([...path, 'key'], `no pipeline starts for ${drop.key}; ${startingKeys(plans)}`);
    if (!source.hasOne(drop, ['content', 'file'], path)) return [];
    const bytes = drop.file === undefined ? Buffer.from(drop.content ?? '') : source.bytesOf(drop.file, path);
    return bytes === undefined ? [] : [{ kind: 'drop', key: drop.key, bytes }];
  });
  const isStarted = written.some(({ drop }) => startedBy(drop.key, plans)?.includes(place.pipeline));
  if (!isStarted && source.problems.length === 0)
    source.say(
      ['when'],
      `none of the files starts ${place.pipeline}; ${startingKeys(plans, place.pipeline)}`,
    );
  return actions;
}
