/** Words that Redshift takes as names only in quotes ("Reserved words" in the Database Developer Guide). */
import type { Code } from '../code.ts';
import { RefusedError } from '../code.ts';

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** They stand in no query but as a name. */
const NAMES_ONLY = words(`
  AES128 AES256 ALLOWOVERWRITE AZ64 BACKUP BLANKSASNULL BYTEDICT BZIP2 CREDENTIALS DEFLATE DEFRAG DELTA DELTA32K DISABLE
  EMPTYASNULL ENABLE ENCRYPT ENCRYPTION EXPLICIT GLOBALDICT256 GLOBALDICT64K GZIP LUN LUNS LZO LZOP MOSTLY16 MOSTLY32
  MOSTLY8 OFFLINE OPEN PARALLEL PERMISSIONS RAW READRATIO RECOVER REJECTLOG RESORT RESTORE SNAPSHOT TAG TDES TEXT255
  TEXT32K TRUNCATECOLUMNS WALLET
`);

/**
 * Without START and CONNECT: the guide has them in its list and says below it that they are not reserved. Without ARRAY, which its
 * examples take as an alias.
 */
const RESERVED_WORDS: ReadonlySet<string> = new Set([
  ...NAMES_ONLY,
  ...words(`
  ALL ANALYSE ANALYZE AND ANY AS ASC AUTHORIZATION BETWEEN BINARY BOTH CASE CAST CHECK COLLATE COLUMN CONSTRAINT
  CREATE CROSS CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURRENT_USER_ID DEFAULT DEFERRABLE DESC DISTINCT
  DO ELSE ENCODE END EXCEPT FALSE FOR FOREIGN FREEZE FROM FULL GRANT GROUP HAVING IDENTITY IGNORE ILIKE IN INITIALLY
  INNER INTERSECT INTERVAL INTO IS ISNULL JOIN LANGUAGE LEADING LEFT LIKE LIMIT LOCALTIME LOCALTIMESTAMP MINUS NATURAL
  NEW NOT NOTNULL NULL NULLS OFF OFFSET OID OLD ON ONLY OR ORDER OUTER OVERLAPS PARTITION PERCENT PIVOT PLACING PRIMARY
  REFERENCES RESPECT RIGHT SELECT SESSION_USER SIMILAR SOME SYSDATE SYSTEM TABLE THEN TIMESTAMP TO TOP TRAILING TRUE
  UNION UNIQUE UNNEST UNPIVOT USER USING VERBOSE WHEN WHERE WITH WITHOUT
`),
]);

/** A reserved word where a name is expected. */
function reservedName(code: Code, i: number): RefusedError {
  const word = code.word(i);
  const near = code.tokens[i]?.text;
  return new RefusedError(
    `syntax error at or near "${near}": ${word} is a reserved word, and is a name only in double quotes`,
    code.offset(i),
    near,
  );
}

export function isReserved(code: Code, i: number): boolean {
  return RESERVED_WORDS.has(code.word(i));
}

/** @throws RefusedError */
export function refuseReserved(code: Code, i: number): void {
  if (isReserved(code, i)) throw reservedName(code, i);
}

/** A word of a query that can only be meant as a name. */
export function isReservedName(code: Code, i: number): boolean {
  const follows = code.tokens[i + 1];
  return (
    NAMES_ONLY.has(code.word(i)) &&
    !code.isMark(i - 1, '.') &&
    !code.is(i - 1, 'AS') &&
    follows?.text !== '(' &&
    follows?.kind !== 'string'
  );
}

export function reservedMessage(code: Code, i: number): string {
  return reservedName(code, i).message;
}

/** Columns that every table has. */
export const SYSTEM_COLUMNS = words('oid tableoid xmin cmin xmax cmax ctid');
