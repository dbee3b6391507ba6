/** From PostgreSQL's text values to the Data API's fields and column metadata. */
import type { FieldDef } from 'pg';

import type { Type } from '../types/type.ts';

/** PostgreSQL's type numbers (pg_type.oid), which never change. */
const OID = {
  bool: 16,
  bytea: 17,
  name: 19,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  float4: 700,
  float8: 701,
  unknown: 705,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  timetz: 1266,
  numeric: 1700,
} as const;

const WHOLE = new Set<number>([OID.int2, OID.int4, OID.int8, OID.oid]);
const FLOATING = new Set<number>([OID.float4, OID.float8]);
const TEXTS = new Set<number>([OID.text, OID.unknown, OID.varchar, OID.name]);

/** Redshift's name of a type; what PostgreSQL alone has keeps its own. */
const NAMES: Readonly<Record<number, string>> = {
  [OID.bool]: 'bool',
  [OID.bytea]: 'varbyte',
  [OID.name]: 'name',
  [OID.int8]: 'int8',
  [OID.int2]: 'int2',
  [OID.int4]: 'int4',
  [OID.text]: 'varchar',
  [OID.oid]: 'oid',
  [OID.json]: 'super',
  [OID.float4]: 'float4',
  [OID.float8]: 'float8',
  [OID.unknown]: 'varchar',
  [OID.bpchar]: 'bpchar',
  [OID.varchar]: 'varchar',
  [OID.date]: 'date',
  [OID.time]: 'time',
  [OID.timestamp]: 'timestamp',
  [OID.timestamptz]: 'timestamptz',
  [OID.timetz]: 'timetz',
  [OID.numeric]: 'numeric',
};

/** Decimal digits of the whole and floating types, as JDBC reports them. */
const PRECISION: Readonly<Record<number, number>> = {
  [OID.bool]: 1,
  [OID.int2]: 5,
  [OID.int4]: 10,
  [OID.int8]: 19,
  [OID.oid]: 10,
  [OID.float4]: 8,
  [OID.float8]: 17,
  [OID.date]: 13,
  [OID.time]: 15,
  [OID.timestamp]: 29,
  [OID.timestamptz]: 35,
  [OID.timetz]: 21,
};

/** A column of a result, as ColumnMetadata. */
export interface ResultColumn {
  readonly label: string;
  readonly name: string;
  readonly typeName: string;
  readonly length: number;
  readonly precision: number;
  readonly scale: number;
  /** 0: no NULL, 1: NULL allowed, 2: unknown. */
  readonly nullable: number;
  readonly isCaseSensitive: boolean;
  readonly isCurrency: boolean;
  readonly isSigned: boolean;
  readonly schemaName: string;
  readonly tableName: string;
}

/** Catalog data of a result's column. */
export interface ColumnOrigin {
  readonly schemaName: string;
  readonly tableName: string;
  readonly nullable: boolean;
}

/** Redshift's name of a type; undefined: it does not have it. */
export function typeName(oid: number): string | undefined {
  return NAMES[oid];
}

/** @param inferred Redshift's type; what it does not know is PostgreSQL's */
export function resultColumn(field: FieldDef, origin?: ColumnOrigin, inferred?: Type): ResultColumn {
  const oid = oidOf(field, inferred);
  const { precision, scale, length } = measures({ ...field, dataTypeID: oid }, inferred);
  return {
    label: field.name,
    name: field.name,
    typeName: typeName(oid) ?? 'varchar',
    length,
    precision,
    scale,
    nullable: origin === undefined ? 2 : Number(origin.nullable),
    isCaseSensitive: TEXTS.has(oid) || oid === OID.bpchar,
    isCurrency: false,
    isSigned: WHOLE.has(oid) || FLOATING.has(oid) || oid === OID.numeric,
    schemaName: origin?.schemaName ?? '',
    tableName: origin?.tableName ?? '',
  };
}

const INTEGER_OIDS: Readonly<Partial<Record<Type['kind'], number>>> = {
  smallint: OID.int2,
  integer: OID.int4,
  bigint: OID.int8,
};

/** Of whole numbers only the name differs: the values are sent alike. */
function oidOf({ dataTypeID }: FieldDef, inferred: Type | undefined): number {
  return (WHOLE.has(dataTypeID) && inferred && INTEGER_OIDS[inferred.kind]) || dataTypeID;
}

function measures(
  field: FieldDef,
  inferred: Type | undefined,
): { precision: number; scale: number; length: number } {
  if (field.dataTypeID === OID.numeric && inferred?.size !== undefined)
    return { ...inferred.size, length: 0 };
  const modifier = field.dataTypeModifier - 4;
  const given = field.dataTypeModifier >= 4;
  if (field.dataTypeID === OID.numeric && given) {
    return { precision: modifier >>> 16, scale: modifier & 0xffff, length: 0 };
  }
  if (field.dataTypeID === OID.varchar || field.dataTypeID === OID.bpchar || field.dataTypeID === OID.text) {
    const length = given ? modifier : Math.max(inferred?.length ?? 65_535, 1);
    return { precision: length, scale: 0, length };
  }
  return { precision: PRECISION[field.dataTypeID] ?? 0, scale: 0, length: 0 };
}

/** One value as JSON text of a Field. Whole numbers keep all their digits. */
export function fieldJson(value: string | null, oid: number): string {
  if (value === null) return '{"isNull":true}';
  if (WHOLE.has(oid)) return `{"longValue":${value}}`;
  if (oid === OID.bool) return `{"booleanValue":${String(value === 't')}}`;
  if (FLOATING.has(oid)) {
    const finite = Number.isFinite(Number(value));
    return `{"doubleValue":${finite ? String(Number(value)) : JSON.stringify(value)}}`;
  }
  return `{"stringValue":${JSON.stringify(text(value, oid))}}`;
}

/** One value as a CSV field; NULL is empty. */
export function csvField(value: string | null, oid: number): string {
  if (value === null) return '';
  if (oid === OID.bool) return String(value === 't');
  const shown = text(value, oid);
  return /[",\r\n]/.test(shown) || shown === '' ? `"${shown.replaceAll('"', '""')}"` : shown;
}

/** VARBYTE shows as hexadecimal digits, SUPER as JSON without blanks. */
function text(value: string, oid: number): string {
  if (oid === OID.bytea) return value.startsWith(String.raw`\x`) ? value.slice(2) : value;
  return oid === OID.json ? compactJson(value) : value;
}

function compactJson(json: string): string {
  return json.replaceAll(/"(?:[^"\\]|\\.)*"|\s+/g, (token) => (token.startsWith('"') ? token : ''));
}
