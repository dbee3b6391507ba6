/** Every verb, in the order of the help. Each is loaded when it is named: to load all takes longer than most of them run. */
import type { Verb } from './verb.ts';

type Load = () => Promise<Verb>;

const verbs = new Map<string, Load>([
  ['up', async () => (await import('./verbs/up.ts')).up],
  ['demo', async () => (await import('./verbs/demo.ts')).demo],
  ['drop', async () => (await import('./verbs/drop.ts')).drop],
  ['start', async () => (await import('./verbs/start.ts')).start],
  ['runs', async () => (await import('./verbs/runs.ts')).runs],
  ['files', async () => (await import('./verbs/files.ts')).files],
  ['run', async () => (await import('./verbs/run.ts')).run],
  ['resume', async () => (await import('./verbs/resume.ts')).resume],
  ['cancel', async () => (await import('./verbs/cancel.ts')).cancel],
  ['resolve', async () => (await import('./verbs/resolve.ts')).resolve],
  ['pause', async () => (await import('./verbs/pause.ts')).pause],
  ['unpause', async () => (await import('./verbs/pause.ts')).unpause],
  ['backfill', async () => (await import('./verbs/backfill.ts')).backfill],
  ['replay', async () => (await import('./verbs/replay.ts')).replay],
  ['query', async () => (await import('./verbs/query.ts')).query],
  ['plan', async () => (await import('./verbs/plan.ts')).plan],
  ['validate', async () => (await import('./verbs/validate.ts')).validate],
  ['test', async () => (await import('./verbs/test.ts')).test],
  ['new', async () => (await import('./verbs/new.ts')).newPipeline],
  ['init', async () => (await import('./verbs/init.ts')).init],
  ['setup', async () => (await import('./verbs/setup.ts')).setup],
  ['doctor', async () => (await import('./verbs/doctor.ts')).doctor],
  ['package', async () => (await import('./verbs/package.ts')).packageVerb],
  ['deploy', async () => (await import('./verbs/deploy.ts')).deploy],
  ['remove', async () => (await import('./verbs/remove.ts')).remove],
  ['local status', async () => (await import('./verbs/local.ts')).status],
  ['local messages', async () => (await import('./verbs/local.ts')).messages],
  ['local advance', async () => (await import('./verbs/local.ts')).advance],
  ['local fault', async () => (await import('./verbs/local.ts')).fault],
  ['local reset', async () => (await import('./verbs/local.ts')).reset],
]);

export const verbNames: readonly string[] = [...verbs.keys()];

export function allVerbs(): Promise<Verb[]> {
  return Promise.all([...verbs.values()].map((load) => load()));
}

/** The verb of a name that exists. */
export function loadVerb(name: string): Promise<Verb> {
  const load = verbs.get(name);
  if (load === undefined) throw new Error(`there is no verb ${name}`);
  return load();
}
