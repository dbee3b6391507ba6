/**
 * What may be in a statement that is about to run: what Redshift has and PostgreSQL has with the same meaning, and what the
 * translator writes. Data: whatever is on none of these lists is refused.
 */

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Nodes of PostgreSQL's tree. */
export const NODES = words(`
  A_Const A_Expr A_Indirection A_Star Alias BoolExpr Boolean BooleanTest CaseExpr CaseWhen CoalesceExpr ColumnRef
  CommonTableExpr Float FuncCall GroupingFunc GroupingSet Integer IntoClause JoinExpr List MinMaxExpr NullTest ParamRef
  RangeSubselect RangeVar ResTarget SQLValueFunction SelectStmt SetToDefault SortBy String SubLink TypeCast TypeName
  WindowDef WithClause
  DeleteStmt InsertStmt MergeStmt MergeWhenClause TruncateStmt UpdateStmt
  AlterObjectSchemaStmt AlterTableCmd AlterTableStmt ColumnDef CommentStmt Constraint CreateFunctionStmt CreateSchemaStmt
  CreateStmt CreateTableAsStmt DefElem DropStmt FunctionParameter ObjectWithArgs RefreshMatViewStmt RenameStmt
  TableLikeClause ViewStmt
  CallStmt ClosePortalStmt DeclareCursorStmt ExplainStmt FetchStmt LockStmt TransactionStmt VacuumRelation VacuumStmt
  VariableSetStmt VariableShowStmt
`);

/** Nodes that stand in a field of their own, without their name. */
export const UNNAMED: Readonly<Record<string, string>> = {
  typeName: 'TypeName',
  argType: 'TypeName',
  returnType: 'TypeName',
  relation: 'RangeVar',
  over: 'WindowDef',
  withClause: 'WithClause',
  search_clause: 'CTESearchClause',
  cycle_clause: 'CTECycleClause',
  returningClause: 'ReturningClause',
  onConflictClause: 'OnConflictClause',
  join_using_alias: 'JoinUsingAlias',
  partspec: 'PartitionSpec',
  partbound: 'PartitionBoundSpec',
};

/** Refused nodes, as the user wrote them. */
export const NODE_WORDS: Readonly<Record<string, string>> = {
  A_ArrayExpr: 'ARRAY[…]',
  A_Indices: 'a subscript ([…])',
  BitString: 'a literal of bits',
  CollateClause: 'COLLATE',
  CTECycleClause: 'WITH … CYCLE',
  CTESearchClause: 'WITH … SEARCH',
  CurrentOfExpr: 'WHERE CURRENT OF',
  JoinUsingAlias: 'JOIN … USING (…) AS',
  JsonArrayAgg: 'JSON_ARRAYAGG',
  JsonArrayConstructor: 'JSON_ARRAY',
  JsonArrayQueryConstructor: 'JSON_ARRAY',
  JsonFuncExpr: 'JSON_VALUE, JSON_QUERY and JSON_EXISTS',
  JsonIsPredicate: 'IS JSON',
  JsonObjectAgg: 'JSON_OBJECTAGG',
  JsonObjectConstructor: 'JSON_OBJECT',
  JsonParseExpr: 'JSON(…)',
  JsonScalarExpr: 'JSON_SCALAR',
  JsonSerializeExpr: 'JSON_SERIALIZE with RETURNING',
  JsonTable: 'JSON_TABLE',
  LockingClause: 'FOR UPDATE or SHARE',
  MergeSupportFunc: 'MERGE_ACTION()',
  MultiAssignRef: 'UPDATE … SET (…) = …',
  NamedArgExpr: 'an argument by name (=>)',
  OnConflictClause: 'INSERT … ON CONFLICT',
  PartitionBoundSpec: 'PARTITION OF',
  PartitionSpec: 'PARTITION BY of a table',
  RangeFunction: 'a function in FROM',
  RangeTableFunc: 'XMLTABLE',
  RangeTableSample: 'TABLESAMPLE',
  ReturningClause: 'RETURNING',
  RowExpr: 'a row of values ((a, b) or ROW(…))',
  XmlExpr: 'XML',
  XmlSerialize: 'XMLSERIALIZE',
};

/** Operators between two values, by what PostgreSQL's tree calls them. `~~` is a synonym of LIKE. */
export const OPERATORS = words('= <> < > <= >= + - * / % ^ || ~ !~ ~~ !~~ & | # << >>');

/** Operators that no page lists, and what to write in their place. */
export const INSTEAD_OF_OPERATORS: Readonly<Record<string, string>> = {
  '~*': 'the guide does not list it; use REGEXP_COUNT with the parameter i',
  '!~*': 'the guide does not list it; use REGEXP_COUNT with the parameter i',
  '~~*': 'the guide does not list it; use ILIKE',
  '!~~*': 'the guide does not list it; use NOT ILIKE',
};

export const PREFIX_OPERATORS = words('+ - @ |/ ||/ ~');

/** Kinds of expressions with an operator; those that are missing are in `EXPRESSION_WORDS`. */
export const EXPRESSION_WORDS: Readonly<Record<string, string>> = {
  AEXPR_OP_ANY: 'ANY or SOME of an array',
  AEXPR_OP_ALL: 'ALL of an array',
  AEXPR_DISTINCT: 'IS DISTINCT FROM',
  AEXPR_BETWEEN_SYM: 'BETWEEN SYMMETRIC',
  AEXPR_NOT_BETWEEN_SYM: 'BETWEEN SYMMETRIC',
};

/**
 * Functions that mean the same in Redshift and in PostgreSQL, with the least and the greatest number of arguments they
 * have in Redshift. Every other function of Redshift's has a rule in the translator, or is not supported.
 */
export const FUNCTIONS: ReadonlyMap<string, readonly [least: number, most: number]> = new Map(
  Object.entries({
    '0': `
      current_database current_schema cume_dist dense_rank now percent_rank pg_backend_pid pg_timezone_abbrevs
      pg_timezone_names pi random rank row_number`,
    '0-1': 'count',
    '1': `
      abs acos any_value ascii asin atan avg bit_and bit_or bool_and bool_or cbrt ceil ceiling char_length character_length
      chr cos cot current_schemas degrees first_value floor isfinite last_value length max md5 min ntile octet_length
      percentile_cont percentile_disc pg_cancel_backend pg_terminate_backend quote_ident quote_literal radians reverse sign
      sin stddev stddev_pop stddev_samp tan to_hex var_pop var_samp variance
      bool date float4 float8 int2 int4 int8 text timestamptz timetz`,
    '1-2': 'age btrim current_setting lag lead ltrim obj_description pg_get_viewdef rtrim similar_to_escape',
    '2': `
      atan2 left like_escape mod nth_value position repeat right strpos timezone to_char to_date to_number
      col_description date_cmp date_cmp_timestamp date_cmp_timestamptz interval_cmp timestamp_cmp timestamp_cmp_date
      timestamp_cmp_timestamptz timestamptz_cmp timestamptz_cmp_date timestamptz_cmp_timestamp`,
    '2-3':
      'has_database_privilege has_schema_privilege has_table_privilege lpad rpad substr substring to_timestamp',
    '3': 'replace translate',
  }).flatMap(([counts, names]) => {
    const [least = 0, most = least] = counts.split('-').map(Number);
    return Array.from(words(names), (name) => [name, [least, most] as const] as const);
  }),
);

/** Calls that PostgreSQL's grammar makes of words: what the user wrote. Empty: it may stay. */
export const SYNTAX_FUNCTIONS: Readonly<Record<string, string>> = {
  btrim: '',
  ltrim: '',
  position: '',
  rtrim: '',
  substring: '',
  timezone: '',
  is_normalized: 'IS NORMALIZED',
  normalize: 'NORMALIZE',
  overlaps: 'OVERLAPS',
  overlay: 'the function OVERLAY',
  pg_collation_for: 'COLLATION FOR',
  xmlexists: 'XMLEXISTS',
};

/** Words such as CURRENT_DATE that Redshift does not have. */
export const VALUE_WORDS: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_CATALOG: 'CURRENT_CATALOG',
  SVFOP_CURRENT_ROLE: 'CURRENT_ROLE',
  SVFOP_CURRENT_TIME_N: 'CURRENT_TIME(…)',
  SVFOP_CURRENT_TIMESTAMP_N: 'CURRENT_TIMESTAMP(…)',
  SVFOP_LOCALTIME_N: 'LOCALTIME(…)',
  SVFOP_LOCALTIMESTAMP_N: 'LOCALTIMESTAMP(…)',
};

/** Types, by PostgreSQL's name. */
export const TYPES = words(`
  bool bpchar date float4 float8 int2 int4 int8 interval numeric oid record refcursor regclass regnamespace regprocedure text time timestamp
  timestamptz timetz varchar void
`);

/** Types of Redshift's that are not here: for them it is not said that Redshift lacks them. */
export const MISSING_TYPES = words('geography geometry hllsketch super varbyte varbinary binary');

/** Columns that PostgreSQL gives every table. */
export const SYSTEM_COLUMNS = words('cmax cmin ctid tableoid xmax xmin');

/** Relations of PostgreSQL's catalog that Redshift has with other columns, and what there is here in their place. */
export const OTHER_CATALOG: Readonly<Record<string, string>> = {
  pg_locks: 'the nearest here is svv_transactions',
  pg_stat_activity: 'the nearest here is svv_transactions',
};

/** Relations of PostgreSQL's catalog that Redshift has too. */
export const CATALOG = words(`
  pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_cast pg_class pg_constraint pg_conversion pg_database
  pg_default_acl pg_depend pg_description pg_group pg_index pg_indexes pg_inherits pg_language pg_namespace pg_opclass
  pg_operator pg_proc pg_rewrite pg_rules pg_settings pg_shadow pg_statistic pg_stats pg_table_def pg_tables pg_tablespace
  pg_trigger pg_type pg_user pg_views
`);
