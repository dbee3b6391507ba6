import { defined } from '../../shared/run/defined.ts';
import { didYouMean } from '../arguments.ts';
import { EXIT, usageError } from '../exit.ts';
import { printable } from '../output.ts';
import { pipelineNames } from '../pipelines.ts';
import { sqlFolder } from '../project.ts';
import { fileJson, type FileLine } from '../runs/file-line.ts';
import { readFileRows, type LoadedFile } from '../runs/file-rows.ts';
import { FILES_LOOKED_THROUGH, findFiles } from '../runs/find-files.ts';
import { count } from '../runs/units.ts';
import { formatTable, type Column } from '../table.ts';
import type { Verb } from '../verb.ts';
import { accessOf, RUN_STATES, signInOptions, sqlOption } from './shared-options.ts';

const DEFAULT_LIMIT = 50;

const NOT_KNOWN = 'not known';

const COLUMNS: readonly (Column & { readonly of: (line: FileLine, rows: number | undefined) => string })[] = [
  { title: 'KEY', of: ({ entry }) => entry.file.key },
  {
    title: 'SIZE',
    right: true,
    of: ({ entry }) => (entry.file.size === undefined ? NOT_KNOWN : count(entry.file.size)),
  },
  { title: 'ARRIVED', of: ({ entry }) => entry.arrivedAt.replace(/\.\d+Z$/, 'Z') },
  { title: 'STATE', of: ({ state }) => state ?? NOT_KNOWN },
  { title: 'ROWS', right: true, of: (_, rows) => (rows === undefined ? NOT_KNOWN : count(rows)) },
  { title: 'RUN', of: ({ entry }) => entry.runId },
  { title: 'BATCH', of: ({ batch }) => batch ?? '' },
  { title: 'VERSION', of: ({ entry }) => entry.file.versionId ?? entry.file.etag ?? '' },
];

export const files: Verb = {
  name: 'files',
  summary: 'list files that arrived, and what became of each',
  description: `
Lists the files that started runs, by key: size, arrival, state, run, and version
(of a bucket without versioning the ETag). A file in a batch has the state of its
batch run. The last key is first, of one key the newest upload. It reads an index
by key, so narrow a long list with --key. With --state it looks through at most
${count(FILES_LOOKED_THROUGH)} files of each pipeline. With --rows it also shows the rows of each file: of
a batch from the warehouse's SYS_LOAD_DETAIL, which keeps 7 days.`,
  positionals: [],
  options: {
    pipeline: { value: 'NAME', help: 'only files of this pipeline (even if its folder was removed)' },
    key: { value: 'PREFIX', help: 'only files whose key begins with this text' },
    state: { value: 'STATE', help: `only files in this state: ${RUN_STATES.join(', ')}` },
    rows: { help: 'also the rows of each file: from the history of its run, or from the warehouse' },
    limit: { value: 'N', help: `at most N files (default: ${DEFAULT_LIMIT})` },
    ...sqlOption,
    ...signInOptions,
  },
  examples: [
    'baton files --key stores/2026-01-',
    'baton files --pipeline stores --state failed',
    'baton files --key stores/today.csv --rows --json',
  ],
  run: async ({ args, out, json, connect, signal }) => {
    const limit = args.integer('limit', { min: 1, max: 100_000 }) ?? DEFAULT_LIMIT;
    const state = args.choice('state', RUN_STATES);
    const prefix = args.text('key') ?? '';
    if (/^s3:\/\//i.test(prefix))
      throw usageError('--key takes a key, without s3:// and the bucket', 'for example: --key stores/');
    const known = pipelineNames(sqlFolder(args.text('sql')));
    const pipeline = args.text('pipeline');
    const pipelines = pipeline === undefined ? known : [pipeline];
    const access = accessOf(args);
    const connection = await connect();
    const reader = await connection.runs();
    const { lines, more, cut } = await findFiles(reader, pipelines, { prefix, state, limit, signal });
    if (pipeline !== undefined && lines.length === 0 && !known.includes(pipeline)) {
      throw usageError(
        `pipeline ${pipeline} not found`,
        didYouMean(pipeline, known) ?? `known pipelines: ${known.join(', ')}`,
      );
    }
    const loaded = new Map<LoadedFile, FileLine>(
      lines.map((line) => {
        const { entry, batch } = line;
        return [{ file: entry.file, runId: batch ?? entry.runId, isShared: batch !== undefined }, line];
      }),
    );
    const withRows = args.flag('rows');
    const sql = (warehouse?: string) => connection.sql({ ...access, ...defined({ warehouse }) });
    const { rows, problems } = withRows
      ? await readFileRows([...loaded.keys()], { reader, sql, signal })
      : { rows: new Map<LoadedFile, number>(), problems: [] };
    const shown = [...loaded].map(([file, line]) => [line, rows.get(file)] as const);
    if (json) out.json(shown.map(([line, number]) => fileJson(line, number)));
    else if (lines.length > 0) {
      const columns = COLUMNS.filter(
        ({ title, of }) =>
          (title !== 'BATCH' || lines.some((line) => of(line, undefined) !== '')) &&
          (title !== 'ROWS' || withRows),
      );
      out.data(
        formatTable(
          columns,
          shown.map(([line, number]) => columns.map(({ of }) => of(line, number))),
        ),
      );
    }
    for (const problem of problems) out.say(`warning: ${printable(problem)}`);
    if (lines.length === 0) {
      const which = `${state === undefined ? '' : ` ${state}`} file${prefix === '' ? '' : ` whose key begins with ${printable(prefix)}`}`;
      out.say(`no${which} of ${pipelines.join(', ')}`);
      out.say('runs that were stored before this stage had the index of files are only in: baton runs');
    }
    if (more) out.say(`more files match: narrow them with --key, or raise --limit (${count(limit)})`);
    if (cut.length > 0)
      out.say(
        `looked through ${count(FILES_LOOKED_THROUGH)} files of ${cut.join(', ')}: narrow them with --key`,
      );
    return EXIT.done;
  },
};
