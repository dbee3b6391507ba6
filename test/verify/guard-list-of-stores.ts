/** The rules of a run's trigger in an item of its own, each as the change that removes it. */
import type { Guard } from './guard-list.ts';

const file = 'shared/store/dynamodb-run-store.ts';

function removed(name: string, find: string, replace: string): Guard {
  return { name, edits: [{ file, find, replace }] };
}

export const storeGuards: readonly Guard[] = [
  removed(
    'a trigger of its own is put before its run',
    `if (run.triggerApart === true) await this.#putTrigger(run, item['expiresAt']);`,
    `if (run.id === '') await this.#putTrigger(run, item['expiresAt']);`,
  ),
  removed(
    'a trigger that is left of a deleted run is replaced',
    `if ((await this.#get(runKey(run.id))) === undefined) await this.#put(item);`,
    `if ((await this.#get(runKey(run.id))) === undefined && run.id === '') await this.#put(item);`,
  ),
  removed(
    'a late creation does not change the trigger of a run that exists',
    `if ((await this.#get(runKey(run.id))) === undefined) await this.#put(item);`,
    `await this.#put(item);`,
  ),
  removed(
    'a trigger of its own expires with its run',
    `if (run.triggerApart === true && item['expiresAt'] !== undefined)`,
    `if (run.id === '' && item['expiresAt'] !== undefined)`,
  ),
];
