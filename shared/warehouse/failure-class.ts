/**
 * Classifies a failure by its error text. The Data API has no SQLSTATE (field reports; no AWS page lists the texts), so this matches
 * words, ignoring case, since texts differ between provisioned and Serverless. Only a text that is clearly the database's error for
 * the statement is classified as one: any other text is `unknown`, because the statement may have committed nevertheless.
 */
import type { FailureClass } from '../run/run.ts';

type Patterns = readonly (readonly [RegExp, FailureClass])[];

/** After these the outcome of the statement is unknown. */
const OPEN: Patterns = [
  [
    /canceling statement|\bcancell?ed\b|statement timeout|\baborted by\b|execution time|\bWLM\b|monitoring rule/i,
    'cancelled',
  ],
  [
    /\bI\/O error|sending to the backend|\bconnection\b|could not connect|broken pipe|\bsocket\b|communications? link|reset by peer|unexpected EOF|server closed|\bterminat(?:ed|ing)\b|Invalid process id|administrator command|shutting down|starting up|\breboot|\brestart|recovery mode|\bcrash|\b(?:FATAL|PANIC):|unreachable|timed out|\btime-?out\b/i,
    'session-lost',
  ],
  [
    /resiz|paused|unavailable|not available right now|try again|\bretry\b|too many connections|out of memory|disk full|no space left|insufficient resources|could not open relation with OID|throttl|maintenance|SlowDown/i,
    'transient',
  ],
  // Errors of the service or the connection, not of the statement.
  [
    /(?<!due to an )internal error|\bassert|system error|fail-?over|quorum|protocol|\breply\b|outcome|\bleader\b(?! node only)|\bcommit (?:fail|record|status)|\bspill/i,
    'unknown',
  ],
  [
    /\b(?:session|(?<!prepared )statement|endpoint|host|server|process|node|cluster|workgroup|backend|proxy|replica|segment|transaction)\b.{0,40}\b(?:does not|already) exist/i,
    'unknown',
  ],
];

/** The database processed the statement and rejected it. */
const VERDICTS: Patterns = [
  [
    /\b1023\b[\s\S]*serializable isolation|serializable isolation violation|conflict with concurrent transaction|could not serialize access|deadlock detected|concurrently updated|could not obtain lock/i,
    'conflict',
  ],
  [
    new RegExp(
      [
        'Load into table .* failed|stl_load_errors|sys_load_error_detail|Problem reading manifest|Manifest file is not|Mandatory url is not present',
        'specified (?:S3 prefix|key|bucket) .*does not exist|NoSuchKey|NoSuchBucket|incompatible \\w+ schema',
        'invalid input (?:syntax|value)|invalid value|value too long|exceeds DDL length|out of range|division by zero|divide by zero|(?<!stack |buffer |packet )overflow|of a negative number|logarithm of zero',
        'Invalid (?:digit|hexadecimal|numeric|date|operation.*date|timestamp)|JSON parsing error|has no equivalent in encoding',
        'Missing newline|Delimiter not found|Extra column|extra data after|missing data for|not a valid|content length',
        'null value in column|Cannot insert a NULL value|violates (?:not-null|check|unique|foreign key)',
      ].join('|'),
      'i',
    ),
    'data',
  ],
  [
    /permission denied|must be (?:owner|superuser)|only superusers|not authorized|access denied|insufficient privilege|not associated to cluster|default IAM role is not set|S3ServiceException.*(?:403|AccessDenied)/i,
    'permission',
  ],
  [
    new RegExp(
      [
        'syntax error|parse error at|unterminated|(?:un|not (?:a )?)recognized',
        '(?:does not|already) exists?|(?:is|are) (?:ambiguous|not unique)|specified more than once|missing FROM-clause|is (?:not )?an? (?:\\w+ )?(?:table|view)',
        'must (?:appear in|match|be (?:type|of type|an? ))|all be the same|aggregate function|window function|subquery (?:must|has|in|uses)|each UNION',
        'is of type .* but|types? .* cannot be (?:matched|cast)|could not (?:identify|determine|choose a best|convert|find (?:function|array type))|conversion function',
        'cannot (?:be (?!reached|contacted|determined|parsed|completed|confirmed)|cast|insert|update|delete|drop|alter|truncate|create|change|refer|use|copy|rename|add|assign|affect|have|run|execute)\\b',
        '(?:not|un)[ -]?(?:yet )?(?:supported|implemented|allowed)|depends? on',
        'invalid (?:reference|name|use|argument|parameter|object|schema|column|type|length|operation|identifier|regular expression|preceding|credentials|byte sequence|escape|JSON)',
        'more (?:expressions|(?:target )?columns) than|too (?:many|few) (?:columns|column names|arguments)|more than one row|exceeds the (?:limit|maximum)|can have at most|too large',
        'multiple matches to update|equijoin|conflicting or redundant|there is no (?:unique|parameter)|is not empty|must not be negative|improper \\w+ name|named in key|commands ignored until|jsonpath',
      ].join('|'),
      'i',
    ),
    'sql',
  ],
];

/** The prefix of every statement error of the database; errors of proxies, drivers or HTML pages lack it. */
const OF_THE_DATABASE =
  /^\s*(?:Query #\d+ failed with )?(?:\[[^\]]{0,40}\](?:\(\d+\) ?)?)?(?:ERROR:|Invalid operation:)/i;

/** Names without quotation marks. */
const NAMES =
  /\b(relation|table|column|view) (?!(?:with|does|is|has|have|must|already|cannot|because|name|named|reference)\b)[\w.$]+/gi;

/** Number of characters that are matched. Some patterns take quadratic time, and an error text may have megabytes. */
const VERDICT_WITHIN = 2_000;

/** @param error the engine's text, as DescribeStatement gives it. */
export function failureClassOf(error: string): FailureClass {
  // A table may be called "connection", and an inconclusive text may quote the SQL.
  const unquoted = error.replaceAll(/"[^"]*"|'[^']*'/g, '""').replaceAll(NAMES, '$1 ""');
  const open = OPEN.find(([pattern]) => pattern.test(unquoted));
  if (open !== undefined) return open[1];
  if (!OF_THE_DATABASE.test(error)) return 'unknown';
  const start = unquoted.slice(0, VERDICT_WITHIN);
  return VERDICTS.find(([pattern]) => pattern.test(start))?.[1] ?? 'unknown';
}

/** The text to display: without Serverless's `[ErrorId: …]` suffix. */
export function cleanError(error: string): string {
  const text = error.trim();
  const tail = text.lastIndexOf('[ErrorId: ');
  return tail !== -1 && text.indexOf(']', tail) === text.length - 1 ? text.slice(0, tail).trimEnd() : text;
}
