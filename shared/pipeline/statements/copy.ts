/** COPY as a value, and what Redshift refuses of it. */
import type { Code } from '../code.ts';
import type { StatementProblem } from '../statement-facts.ts';
import type { Option, OptionTable, Value } from './options.ts';
import { isText, named, optionsAt, unknownOptions } from './options.ts';
import type { Name, TableName } from './parts.ts';
import { nameList, tableAt } from './parts.ts';

export interface Copy {
  readonly kind: 'copy';
  readonly target: TableName;
  readonly columns?: readonly Name[];
  /** Index of the address, a string or a placeholder. */
  readonly from: number;
  readonly options: readonly Option[];
}

const FORMATS: ReadonlyMap<string, Value> = new Map([
  ...named('nothing', 'csv parquet orc rcfile sequencefile textfile'),
  ...named('text', 'avro json fixedwidth delimiter'),
  ['shapefile', 'rest'],
]);

/** "COPY parameters" in the Amazon Redshift Database Developer Guide. */
const OPTIONS: ReadonlyMap<string, Value> = new Map([
  ...FORMATS,
  ...named(
    'nothing',
    `manifest emptyasnull blanksasnull trimblanks truncatecolumns fillrecord ignoreblanklines acceptanydate roundec
     explicit_ids ignoreallerrors noload escape removequotes gzip bzip2 lzop zstd ssh serializetojson noshred`,
  ),
  ...named(
    'text',
    'quote region null dateformat timeformat credentials access_key_id secret_access_key session_token master_symmetric_key',
  ),
  ...named('number', 'ignoreheader maxerror comprows readratio'),
  ['acceptinvchars', 'text?'],
  ['iam_role', 'role'],
  ['encoding', 'word'],
  ...named('word?', 'compupdate statupdate encrypted'),
  ['job', 'rest'],
]);

const TABLE: OptionTable = { options: OPTIONS, formats: FORMATS };

/** @throws NotUnderstoodError */
export function parseCopy(code: Code): Copy {
  const target = tableAt(code, 1);
  const list = code.isMark(target.to, '(') ? nameList(code, target.to) : undefined;
  const from = list?.next ?? target.to;
  if (!code.is(from, 'FROM')) throw code.unrecognized(from);
  if (!isText(code, from + 1)) throw code.unrecognized(from + 1);
  const options = optionsAt(code, from + 2, TABLE);
  return { kind: 'copy', target, ...(list && { columns: list.names }), from: from + 1, options };
}

export function copyRefusals(code: Code, { options }: Copy): StatementProblem[] {
  return unknownOptions(code, 'COPY', options, TABLE);
}
