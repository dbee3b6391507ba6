/**
 * COPY as data: what the executor reads. Made by `parseCopy`, which refuses every option that is not in here.
 * Meaning of the options: "COPY parameters" in the Amazon Redshift Database Developer Guide.
 */

/** A table as written: folded to lower case, quotes removed; `#t` keeps its hash. */
export interface TableName {
  readonly schema?: string;
  readonly name: string;
}

export type CopyAuthorization =
  /** `IAM_ROLE default` gives `default`; else the ARN (also of `CREDENTIALS 'aws_iam_role=…'`). */
  | { readonly kind: 'role'; readonly role: string }
  /** ACCESS_KEY_ID and SECRET_ACCESS_KEY, or the same in CREDENTIALS. The secret is not kept. */
  | { readonly kind: 'keys'; readonly accessKeyId: string };

export type CopyFormat =
  /** `delimiter` is one character, default `,`; `quote` one character, default `"`. */
  | { readonly kind: 'csv'; readonly delimiter: string; readonly quote: string }
  /** Delimited text, the default format; `delimiter` is one character, default `|`. */
  | {
      readonly kind: 'delimited';
      readonly delimiter: string;
      /** ESCAPE: a backslash takes the next character as it is. */
      readonly escape: boolean;
      /** REMOVEQUOTES. */
      readonly removeQuotes: boolean;
    };

export interface CopyCommand {
  readonly table: TableName;
  /** In the order written; absent: all columns of the table. */
  readonly columns?: readonly string[];
  /** The FROM value: an `s3://` address that is a key prefix, or with `manifest` one whole key. */
  readonly from: string;
  readonly authorization: CopyAuthorization;
  readonly format: CopyFormat;
  readonly manifest: boolean;
  readonly compression: 'none' | 'gzip';
  /** REGION, as written. */
  readonly region?: string;
  /** Rows at the start of each file that are not loaded. */
  readonly ignoreHeader: number;
  /** The NULL AS string, escapes already applied; default is `\N` (backslash, capital N). */
  readonly nullAs: string;
  /** False: NULL AS was not written, so the default of the format holds. */
  readonly nullAsGiven: boolean;
  readonly emptyAsNull: boolean;
  readonly blanksAsNull: boolean;
  readonly trimBlanks: boolean;
  readonly truncateColumns: boolean;
  readonly fillRecord: boolean;
  readonly ignoreBlankLines: boolean;
  readonly acceptAnyDate: boolean;
  /** ROUNDEC: round decimals to the column's scale; without it COPY truncates. */
  readonly roundDecimals: boolean;
  /** ACCEPTINVCHARS: the ASCII character for each byte of an invalid character, default `?`; absent: an error. */
  readonly acceptInvChars?: string;
  /** DATEFORMAT; absent: `YYYY-MM-DD`. */
  readonly dateFormat?: string;
  /** TIMEFORMAT; absent: `YYYY-MM-DD HH:MI:SS`. */
  readonly timeFormat?: string;
  readonly encoding: 'utf8' | 'utf16' | 'utf16le' | 'utf16be';
  readonly explicitIds: boolean;
  /** 0 to 100,000; at this many bad rows the load fails (0 and 1: at the first). */
  readonly maxError: number;
  /** IGNOREALLERRORS: no number of bad rows fails the load. */
  readonly ignoreAllErrors: boolean;
  /** NOLOAD: check the files, load nothing. */
  readonly noLoad: boolean;
}
