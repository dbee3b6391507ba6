/**
 * What kind of failure an error text is. The Data API has no SQLSTATE (field reports; no AWS page lists the texts), so this reads
 * the words, without case, since texts differ between provisioned and Serverless. Only what is clearly the database's verdict on
 * the statement is one: a text that is not recognized is `unknown`, because the statement may have committed all the same.
 */
import type { FailureClass } from '../run/run.ts';

type Patterns = readonly (readonly [RegExp, FailureClass])[];

/** These leave open what became of the statement. */
const OPEN: Patterns = [
  [/canceling statement|\bcancell?ed\b|statement timeout|\baborted by\b/i, 'cancelled'],
  [
    /\bI\/O error|sending to the backend|\bconnection\b|could not connect|broken pipe|\bsocket\b|communications? link|reset by peer|unexpected EOF|server closed|\bterminat(?:ed|ing)\b|Invalid process id|administrator command|shutting down|starting up|\breboot|\brestart|recovery mode|\bcrash|\b(?:FATAL|PANIC):|unreachable|timed out|\btime-?out\b/i,
    'session-lost',
  ],
  [
    /resiz|paused|unavailable|not available right now|try again|\bretry\b|too many connections|out of memory|disk full|no space left|insufficient resources|could not open relation with OID|throttl|maintenance/i,
    'transient',
  ],
];

/** The database looked at the statement and refused it. */
const VERDICTS: Patterns = [
  [
    /\b1023\b[\s\S]*serializable isolation|serializable isolation violation|conflict with concurrent transaction|could not serialize access|deadlock detected/i,
    'conflict',
  ],
  [
    /Load into table .* failed|stl_load_errors|sys_load_error_detail|The specified S3 prefix .* does not exist|Problem reading manifest|Mandatory url is not present|invalid input syntax|value too long|out of range|division by zero|divide by zero|overflow|Invalid (?:digit|operation.*date|timestamp)|Missing newline|Delimiter not found|Extra column|not a valid|content length|null value in column|Cannot insert a NULL value|violates (?:not-null|check|unique|foreign key)/i,
    'data',
  ],
  [
    /permission denied|must be (?:owner|superuser)|not authorized|access denied|S3ServiceException.*(?:403|AccessDenied)/i,
    'permission',
  ],
  [
    new RegExp(
      [
        'syntax error|parse error at|unterminated|unrecognized',
        '(?:does not|already) exists?|is ambiguous|specified more than once|missing FROM-clause',
        'must appear in the GROUP BY|aggregate function|window function|subquery (?:must|has|in)|each UNION',
        'is of type .* but|types? .* cannot be (?:matched|cast)|could not (?:find|identify|determine|choose|convert)',
        'cannot (?:be|cast|insert|update|delete|drop|alter|truncate|create|change|refer|use|copy|rename|add|have|run|execute)\\b',
        '(?:not|un)[ -]?(?:yet )?(?:supported|implemented|allowed)|depends? on',
        'invalid (?:reference|name|use|argument|parameter|object|schema|column|type|length|operation|identifier|regular expression|byte sequence|escape|JSON)',
        'more (?:expressions|target columns) than|too (?:many|few) (?:columns|arguments)|more than one row|exceeds the (?:limit|maximum)',
      ].join('|'),
      'i',
    ),
    'sql',
  ],
];

/** @param error the engine's text, as DescribeStatement gives it. */
export function failureClassOf(error: string): FailureClass {
  // A table may be called "connection", and a text that leaves everything open may quote the SQL.
  const unquoted = error.replaceAll(/"[^"]*"|'[^']*'/g, '""');
  return [...OPEN, ...VERDICTS].find(([pattern]) => pattern.test(unquoted))?.[1] ?? 'unknown';
}

/** The text as people should see it: without Serverless's `[ErrorId: …]` tail. */
export function cleanError(error: string): string {
  return error.replace(/\s*\[ErrorId: [^\]]*\]\s*$/, '').trim();
}
