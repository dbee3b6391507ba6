/** The files of a run that loads many of them, for a person to read. */
import type { Batch, Run } from '../../shared/run/run.ts';
import { printable } from '../output.ts';
import { formatTable } from '../table.ts';
import type { LeftFile } from './batch-files.ts';
import type { About } from './describe-run.ts';
import { count, countOf } from './units.ts';

/** How many files are shown where not all are asked for. */
const SHOWN = 10;

/** How many, and whether they are fixed yet. */
export function filesText(batch: Batch): string {
  if (batch.phase === 'GATHER') return 'being collected';
  const { files, bytes, isolated, phase } = batch;
  return [
    `${countOf(files, 'file')}, ${count(bytes)} bytes`,
    ...(phase === 'MARK' ? ['being collected'] : []),
    ...(isolated === 0 ? [] : [`${count(isolated)} set aside`]),
  ].join('; ');
}

export function batchLines(
  run: Run,
  { files, allFiles = false, rows }: Pick<About, 'files' | 'allFiles' | 'rows'>,
): string[] {
  if (files === undefined) return [];
  if (typeof files === 'string') return ['', `  the files cannot be shown: ${printable(files)}`];
  const shown = allFiles ? files.files : files.files.slice(0, SHOWN);
  const columns = [
    { title: '  FILE' },
    { title: 'SIZE', right: true },
    ...(rows === undefined ? [] : [{ title: 'ROWS', right: true }]),
    { title: 'RUN' },
  ];
  const lines = formatTable(
    columns,
    shown.map((file) => {
      const known = rows?.get(file);
      return [
        `  ${file.key}`,
        count(file.size),
        ...(rows === undefined ? [] : [known === undefined ? 'not known' : count(known)]),
        file.run ?? '',
      ];
    }),
  ).split('\n');
  const more = files.files.length - shown.length;
  if (more > 0) lines.push(`  and ${countOf(more, 'more file')}: npx baton run ${run.id} --files`);
  if (files.left.length > 0) lines.push('', '  no longer in it:', ...files.left.map(leftLine));
  return ['', ...lines];
}

function leftLine({ file, state, batch, error }: LeftFile): string {
  const where = batch === undefined ? '' : ` in ${batch}`;
  const why = error === undefined ? '' : `: ${error.split('\n')[0] ?? ''}`;
  const run = file.run === undefined ? '' : `  ${file.run}  ${state ?? 'no longer stored'}${where}`;
  return printable(`  ${file.key}${run}${why}`);
}
