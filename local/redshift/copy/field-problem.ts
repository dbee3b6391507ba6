/** Why a field or a row is not loaded: Redshift's load error codes ("Load error reference" of its guide). */
export class FieldProblem {
  readonly code: number;
  readonly message: string;

  constructor(code: number, message: string) {
    this.code = code;
    this.message = message;
  }
}

export const LOAD_ERROR = {
  delimiterNotFound: 1214,
  extraColumns: 1202,
  tooLong: 1204,
  date: 1205,
  timestamp: 1206,
  digit: 1207,
  float: 1208,
  decimal: 1209,
  boolean: 1210,
  missingNotNull: 1213,
  char: 1215,
  line: 1216,
  utf8: 1220,
  encoding: 1221,
} as const;
