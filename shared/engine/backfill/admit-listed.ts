/** Admits one object of a listing: its key item, then its run. May be repeated, and interrupted between the two. */
import type { Plan } from '../../pipeline/plan.ts';
import type { FileTrigger } from '../../run/trigger.ts';
import type { Engine, ListedFile } from '../ports.ts';
import { createRun, runIdOf } from '../start-run.ts';
import type { ListRules } from './key-rules.ts';
import { judgeListing } from './key-rules.ts';
import { hasVersion, listedTrigger } from './listed-trigger.ts';

/** Counted in the answer. `unclear`: an upload of its key was admitted by a version that did not keep which, or may have been admitted and forgotten. */
export type Outcome = 'new' | 'loadedBefore' | 'superseded' | 'unclear';

const RACES = 20;

/** `listedAt`: when the listing was answered, to the second. */
export async function admitListed(
  plan: Plan,
  file: ListedFile,
  listedAt: string,
  { dryRun, ...rules }: Omit<ListRules, 'historyDays'> & { readonly dryRun: boolean },
  engine: Engine,
): Promise<Outcome> {
  const { store, settings } = engine;
  const { bucket, key, size, etag, modified } = file;
  const name = { pipeline: plan.pipeline, bucket, key };
  const trigger = listedTrigger(file);
  const run = runIdOf(plan, trigger, settings);
  const upload = {
    // In whole seconds the listing may seem earlier than an object in it.
    listed: { etag, lastModified: modified, at: modified > listedAt ? modified : listedAt, run },
    size,
    hasVersion: hasVersion(file.versionId),
  };
  // With a version, the run of its event has the same id.
  const isLoaded = async (id = run): Promise<boolean> => (await store.load(id)) !== undefined;
  for (let race = 0; race < RACES; race += 1) {
    const read = await store.loadKey(name);
    const verdict = judgeListing(read, upload, { ...rules, historyDays: settings.historyDays });
    switch (verdict.kind) {
      case 'known':
        return 'loadedBefore';
      case 'superseded':
        return 'superseded';
      case 'unclear':
        return upload.hasVersion && (await isLoaded()) ? 'loadedBefore' : 'unclear';
      case 'ensure':
        if (await isLoaded()) return 'loadedBefore';
        return dryRun ? 'new' : create(plan, trigger, verdict.isNewest, engine);
      case 'same':
        if (await isLoaded(verdict.run)) return 'loadedBefore';
        if (dryRun) return 'new';
        if (await store.changeKey(name, verdict.next, read)) return create(plan, trigger, true, engine);
        break;
      case 'admit':
        if (dryRun) return upload.hasVersion && (await isLoaded()) ? 'loadedBefore' : 'new';
        if (await store.changeKey(name, verdict.next, read)) return create(plan, trigger, true, engine);
        break;
      default:
        verdict satisfies never;
    }
  }
  throw new Error(`the item of ${bucket}/${key} was changed ${RACES} times while it was admitted`);
}

async function create(plan: Plan, trigger: FileTrigger, newest: boolean, engine: Engine): Promise<Outcome> {
  const { created } = await createRun(plan, trigger, {}, newest, engine);
  if (!created) return 'loadedBefore';
  return newest ? 'new' : 'superseded';
}
