/** What an injected fault does to one statement of the warehouse: the endpoint decides, the warehouse does it. */

export const STATEMENT_FAULTS = [
  /** It fails before it does anything, with the fault's message. */
  'statement-fails',
  /** Its session is closed when it is submitted: the submission is rejected. */
  'session-ends-before',
  /** Its backend goes away before the commit; of a procedure that commits inside, after its first COMMIT. */
  'session-ends-during',
  /** It succeeds; then its session ends. */
  'session-ends-after',
  /** It takes effect, is reported as FAILED all the same, and its session ends. */
  'statement-reported-failed',
] as const;

export type StatementFaultKind = (typeof STATEMENT_FAULTS)[number];

export interface StatementFault {
  readonly kind: StatementFaultKind;
  /** Of `statement-fails`. */
  readonly message: string;
}

/** Of a request from the endpoint to the warehouse, as JSON. */
export const STATEMENT_FAULT_HEADER = 'x-baton-statement-fault';

export function isStatementFault(how: string): how is StatementFaultKind {
  return (STATEMENT_FAULTS as readonly string[]).includes(how);
}

/** From the endpoint only: what a client sends is removed there. */
export function statementFaultOf(header: string | string[] | undefined): StatementFault | undefined {
  return typeof header === 'string' ? (JSON.parse(header) as StatementFault) : undefined;
}
