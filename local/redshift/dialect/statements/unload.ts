/** UNLOAD as an `UnloadCommand`. Only FORMAT CSV; what else the guide has is refused by name. */
import { parseUnload } from '../../../../shared/pipeline/statements/unload.ts';
import { ownEntry } from '../../../own-entry.ts';
import { Cursor } from '../cursor.ts';
import { SqlError, UnsupportedSqlError } from '../errors.ts';
import type { Source } from '../source.ts';
import type { Translated } from '../translated.ts';

/** UNLOAD as data. Meaning of the options: "UNLOAD" in the Amazon Redshift Database Developer Guide. */
export interface UnloadCommand {
  /** For PostgreSQL; returns rows. */
  readonly query: string;
  /** The TO value, an `s3://` address that names of files are appended to. */
  readonly to: string;
  /** One character, default `,`. */
  readonly delimiter: string;
  readonly header: boolean;
  /** The NULL AS string; a zero-length string by default. */
  readonly nullAs: string;
  /** True: on AWS one file or more for each slice; here one. */
  readonly parallel: boolean;
  readonly allowOverwrite: boolean;
  readonly manifest: boolean;
}

type Draft = { -readonly [K in keyof UnloadCommand]: UnloadCommand[K] };

/** @param value what stands behind the option */
type Taken = (draft: Draft, value: Cursor) => void;

const OPTIONS: Readonly<Record<string, Taken>> = {
  csv: () => undefined,
  iam_role: () => undefined,
  header: (draft) => {
    draft.header = true;
  },
  allowoverwrite: (draft) => {
    draft.allowOverwrite = true;
  },
  manifest: (draft, value) => {
    if (value.sees('verbose')) throw new UnsupportedSqlError('UNLOAD … MANIFEST VERBOSE');
    draft.manifest = true;
  },
  parallel: (draft, value) => {
    draft.parallel = value.takeOneOf('off', 'false') === undefined;
  },
  null: (draft, value) => {
    draft.nullAs = value.expectString();
  },
  delimiter: (draft, value) => {
    draft.delimiter = delimiterOf(value.expectString());
  },
};

/** @param translate of the query between the quotes */
export function readUnload(source: Source, translate: (sql: string) => Translated): UnloadCommand {
  const { query, to, options } = source.read(parseUnload);
  const [text] = source.nodes({ from: query, to: query + 1 });
  const draft: Draft = {
    query: rowsOf(text?.kind === 'group' ? '' : (text?.value ?? ''), translate),
    to: new Cursor(source.nodes({ from: to, to: to + 1 })).expectString(),
    delimiter: ',',
    header: false,
    nullAs: '',
    parallel: true,
    allowOverwrite: false,
    manifest: false,
  };
  for (const { name, values } of options) {
    const format = name === 'parquet' || name === 'json' ? 'FORMAT ' : '';
    const take = ownEntry(OPTIONS, name);
    if (take === undefined) throw new UnsupportedSqlError(`UNLOAD … ${format}${name.toUpperCase()}`);
    take(draft, new Cursor(source.nodes(values)));
  }
  for (const [option, written] of [
    ['iam_role', 'IAM_ROLE'],
    ['csv', 'FORMAT CSV'],
  ] as const)
    if (!options.some(({ name }) => name === option))
      throw new UnsupportedSqlError('UNLOAD', `only with ${written}`);
  return draft;
}

function rowsOf(query: string, translate: (sql: string) => Translated): string {
  const translated = translate(query);
  const [sql] = translated.kind === 'sql' && translated.returnsRows ? translated.statements : [];
  if (sql === undefined) throw new SqlError('UNLOAD: the query must be a SELECT');
  return sql;
}

function delimiterOf(value: string): string {
  if (value.length !== 1 || (value.codePointAt(0) ?? 0) > 127)
    throw new SqlError('UNLOAD: DELIMITER takes a single ASCII character', '22023');
  return value;
}
