/**
 * What kind of failure an error text is. The Data API has no SQLSTATE (field reports; no AWS page lists the texts), so this reads the words;
 * matched loosely and without case, since texts differ between provisioned and Serverless. What is not
 * recognised as an error of the engine is `unknown` where a statement may have committed.
 */
import type { FailureClass } from '../run/run.ts';

const PATTERNS: readonly (readonly [RegExp, FailureClass])[] = [
  [
    /\b1023\b[\s\S]*serializable isolation|serializable isolation violation|conflict with concurrent transaction|could not serialize access|deadlock detected/i,
    'conflict',
  ],
  [
    /Load into table '.*' failed|stl_load_errors|sys_load_error_detail|The specified S3 prefix '.*' does not exist|Problem reading manifest|Mandatory url is not present|invalid input syntax|value too long|out of range|division by zero|overflow|Invalid (?:digit|operation.*date|timestamp)|Missing newline|Delimiter not found|Extra column|not a valid|content length/i,
    'data',
  ],
  [
    /permission denied|must be owner|not authorized|access denied|S3ServiceException.*(?:403|AccessDenied)/i,
    'permission',
  ],
  [
    /connection (?:was )?(?:lost|closed|reset|refused|terminated|timed out)|terminating connection|server closed the connection|could not connect|broken pipe|session (?:was )?(?:killed|terminated)|Invalid process id/i,
    'unknown',
  ],
  [
    /resiz|paused|is not available right now|temporarily unavailable|try again|too many connections|out of memory|disk full|insufficient resources|could not open relation with OID/i,
    'transient',
  ],
  [
    /canceling statement due to statement timeout|Query \(\d+\) cancelled on user's request|canceling statement/i,
    'cancelled',
  ],
];

/** @param error the engine's text, as DescribeStatement gives it. */
export function failureClassOf(error: string): FailureClass {
  for (const [pattern, failureClass] of PATTERNS) if (pattern.test(error)) return failureClass;
  return 'sql';
}

/** The text as people should see it: without Serverless's `[ErrorId: …]` tail. */
export function cleanError(error: string): string {
  return error.replace(/\s*\[ErrorId: [^\]]*\]\s*$/, '').trim();
}
