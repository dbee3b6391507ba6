/** The event of a file whose key item does not simply take it: an upload that is not the newest, or that a backfill listed. */
import type { Plan } from '../../pipeline/plan.ts';
import type { FileTrigger } from '../../run/trigger.ts';
import type { KeyItem, KeyName, Upload } from '../../store/key-item.ts';
import { paddedSequencer } from '../../store/key-item.ts';
import type { Engine } from '../ports.ts';
import { judgeEvent } from './key-rules.ts';
import { hasVersion, listedTrigger } from './listed-trigger.ts';

/** Lost races for one key item: there are never so many writers. */
const RACES = 20;

/** `admitted`: the trigger of its run. `newest`: no newer upload of the key was admitted. */
export async function admitAgainst(
  item: KeyItem,
  name: KeyName,
  upload: Upload,
  trigger: FileTrigger,
  plan: Plan,
  { store }: Engine,
): Promise<{ admitted: FileTrigger; newest: boolean }> {
  const { file, replayName } = trigger;
  const event = {
    upload,
    sequencer: paddedSequencer(file.sequencer ?? ''),
    hasVersion: hasVersion(file.versionId),
    isRerun: plan.onReplay === 'rerun' && replayName !== undefined,
  };
  let read: KeyItem | undefined = item;
  for (let race = 0; race < RACES; race += 1) {
    const verdict = judgeEvent(read ?? {}, event);
    if (verdict.next === undefined || (await store.changeKey(name, verdict.next, read))) {
      if (verdict.kind !== 'listed') return { admitted: trigger, newest: verdict.kind === 'admit' };
      // With a version, the event's own run is the listed one.
      const admitted = event.hasVersion
        ? trigger
        : listedTrigger({ ...file, modified: verdict.listed.lastModified });
      return { admitted, newest: verdict.isNewest };
    }
    read = await store.loadKey(name);
  }
  throw new Error(
    `the item of ${name.bucket}/${name.key} was changed ${RACES} times; the event is delivered again`,
  );
}
