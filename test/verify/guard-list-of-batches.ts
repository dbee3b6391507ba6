/** The guards of the batch protocol, each as the change that removes it. */
import type { Edit, Guard } from './guard-list.ts';

const GATHER = 'shared/engine/batch/gather.ts';
const FILES_OF_BATCH = 'shared/run/files-of-batch.ts';

const olderUploads: Edit = {
  file: GATHER,
  find: 'return runs.filter((run, i) => !isOld(run, i));',
  replace: 'return runs;',
};
const olderUploadsEnd: Edit = {
  file: GATHER,
  find: 'allInLanes(runs.filter(isOld), LANES',
  replace: 'allInLanes(runs.slice(0, 0), LANES',
};
const keyOnce: Edit = {
  file: GATHER,
  find: '    if (keys.has(name)) continue;\n',
  replace: '',
};
const fileWork = `  return batch.leaving.length > 0 ? { kind: 'TellLeaving' } : undefined;`;

export const batchGuards: readonly Guard[] = [
  {
    name: 'a batch that was resumed has its files, though it is queued',
    edits: [
      {
        file: 'shared/engine/batch/form.ts',
        find: '(isQueued(batch) || isActive(batch)) && !hasFiles',
        replace: 'isQueued(batch) || (isActive(batch) && !hasFiles)',
      },
    ],
  },
  {
    name: 'batch: the list is stored before its files are taken',
    edits: [
      {
        file: GATHER,
        find: '  const files = taken.map((run) => listedFileOf(run.trigger.file, run));\n',
        replace: `  const files = taken.map((run) => listedFileOf(run.trigger.file, run));
  await allInLanes(taken, LANES, (run) =>
    store.absorb(
      { run: run.id, version: run.version, incarnation: run.incarnationId },
      id,
      run.createdAt,
      engine.driver.id,
    ),
  );
`,
      },
    ],
  },
  {
    name: 'batch: the key of a list holds the hash of its content',
    edits: [
      {
        file: 'shared/engine/batch/list.ts',
        find: 'return `manifests/${runId}/list-${hash}.json`;',
        replace: 'return `manifests/${runId}/list.json`;',
      },
      {
        file: 'shared/engine/values.ts',
        find: 'return `manifests/${runId}/${list}.json`;',
        replace: 'return `manifests/${runId}/manifest.json`;',
      },
    ],
  },
  {
    name: 'batch: nothing is submitted while a file has not answered',
    edits: [
      {
        file: FILES_OF_BATCH,
        find: `store({ ...run, batch: { phase: 'MARK', ...listed } }, { kind: 'MarkFiles', fresh: true })`,
        replace: `store({ ...run, batch: { phase: 'SEALED', ...listed } }, { kind: 'Wake' })`,
      },
    ],
  },
  {
    name: 'batch: a file that refused is not in the list',
    edits: [
      {
        file: 'shared/engine/batch/absorb.ts',
        find: `files.filter((_, i) => answers[i] === 'absorbed')`,
        replace: 'files',
      },
    ],
  },
  {
    name: 'batch: a file is taken only at the version that the list names',
    edits: [
      {
        file: 'test/fakes/memory-run-store.ts',
        find: `life.state !== 'QUEUED' || there.version !== member.version`,
        replace: `life.state !== 'QUEUED'`,
      },
    ],
  },
  {
    name: 'batch: a file that was taken before is known at its version',
    edits: [
      {
        file: 'test/fakes/memory-run-store.ts',
        find: `life.state === 'ABSORBED' && life.into === into && there.version === version`,
        replace: `life.state === 'ABSORBED' && life.into === into && there.version === -version`,
      },
    ],
  },
  {
    name: 'batch: the list first, the files that leave it second',
    edits: [
      {
        file: 'shared/engine/batch/leave.ts',
        find: `  const files = await readList(id, from, engine.files);
  const gone = new Set(`,
        replace: `  const files = await readList(id, from, engine.files);
  for (const each of leaving)
    await driveFrom(
      each.runId,
      { kind: 'left its batch', decide: (member, context) => leaveBatch(member, context, id, each) },
      engine,
    );
  const gone = new Set(`,
      },
    ],
  },
  {
    name: 'batch: who leaves is stored with the list',
    edits: [
      {
        file: 'shared/run/batch.ts',
        find: '...leaving.map((each) => ({',
        replace: '...leaving.slice(0, 0).map((each) => ({',
      },
    ],
  },
  {
    name: 'batch: the next driver tells the files that left',
    edits: [{ file: 'shared/run/claim.ts', find: fileWork, replace: '  return undefined;' }],
  },
  {
    name: 'batch: the files that left are told at an end, too',
    edits: [
      {
        file: 'shared/run/stop.ts',
        find: `return leaving.length > 0 ? ['members', ...actions] : actions;`,
        replace: 'return leaving.length > 0 ? actions : actions;',
      },
    ],
  },
  {
    name: 'batch: a cancel in MARK takes the rest of the list',
    edits: [
      {
        file: 'shared/run/stop.ts',
        find: `run.batch?.phase === 'MARK' ? (['members', ...ALL] as const)`,
        replace: `run.batch?.phase === 'MARK' ? ALL`,
      },
    ],
  },
  {
    name: 'batch: a file of it is not cancelled alone',
    edits: [
      {
        file: 'shared/run/cancel-request.ts',
        find: `  if (state === 'ABSORBED')`,
        replace: `  if (state === 'ABSORBED' && run.version < 0)`,
      },
    ],
  },
  {
    name: 'batch: a run that is told that it left belongs to the batch still',
    edits: [
      {
        file: 'shared/run/member.ts',
        find: 'if (into !== batchId) return',
        replace: `if (into === undefined && run.life.state !== 'QUEUED') return`,
      },
    ],
  },
  {
    name: 'batch: an older upload of a key is not listed',
    edits: [olderUploads],
  },
  {
    name: 'batch: an older upload of a key ends as SUPERSEDED',
    edits: [olderUploadsEnd, olderUploads],
  },
  {
    name: 'batch: a list names a key once',
    edits: [keyOnce],
  },
  {
    name: 'pair: older uploads in the list of a batch, and a key twice',
    edits: [olderUploads, olderUploadsEnd, keyOnce],
  },
  {
    name: 'batch: the objects are compared after the load',
    edits: [
      {
        file: FILES_OF_BATCH,
        find: 'if (first === undefined) return afterLoad(run, context, about);',
        replace: 'return afterLoad(run, context, about);',
      },
    ],
  },
  {
    name: 'batch: the objects are the same after the load as before it',
    edits: [
      {
        file: 'shared/engine/batch/check-files.ts',
        find: 'const change = changeOf(file, seen[i], before?.[i]);',
        replace: 'const change = changeOf(file, seen[i], undefined);',
      },
    ],
  },
  {
    name: 'batch: the file that it was made for, if it is not in it, gets a free slot as soon as all files have answered',
    edits: [
      {
        file: 'shared/engine/batch/absorb.ts',
        find: 'await fillPool(run.pipeline, engine, { answered: run.id });',
        replace: 'await fillPool(run.pipeline, engine);',
      },
    ],
  },
  {
    name: 'batch: the slot of a file that went into a batch is freed',
    edits: [
      {
        file: 'shared/engine/slots.ts',
        find: 'else if (holder?.slot?.held !== true) {',
        replace: `else if (holder?.slot?.held !== true && holder?.life.state !== 'ABSORBED') {`,
      },
    ],
  },
  {
    name: 'batch: no file leaves after a step took lasting effect',
    edits: [
      {
        file: 'shared/run/batch.ts',
        find: `kind === 'durable' || kind === 'opaque')?.name;`,
        replace: `kind === 'durable' && kind !== 'durable')?.name;`,
      },
    ],
  },
  {
    name: 'batch: an answer about an earlier list is not used',
    edits: [
      {
        file: FILES_OF_BATCH,
        find: `  if (batch?.phase !== 'SEALED' || batch.list !== from) return nothing(run, 'the list of files has changed');
  if (about === undefined`,
        replace: `  if (batch?.phase !== 'SEALED') return nothing(run, 'the list of files has changed');
  if (about === undefined`,
      },
    ],
  },
  {
    name: 'batch: rows of a table with files that left are made anew',
    edits: [
      {
        file: FILES_OF_BATCH,
        find: 'run.rebuild === undefined && isInStep && isRolledBack &&',
        replace: 'run.rebuild === undefined &&',
      },
    ],
  },
];
