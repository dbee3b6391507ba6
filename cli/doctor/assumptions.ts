/** What Baton assumes of the warehouse where AWS documents nothing, and what follows from either answer. */
import type { Assumption, ProbePart } from '../../shared/events/requests.ts';

export interface AssumptionWords {
  readonly name: Assumption;
  readonly part: ProbePart;
  readonly text: string;
  readonly ifHolds: string;
  readonly ifDiffers: string;
  /** Baton's promises depend on it; without: Baton is right either way, only slower or less exact. */
  readonly isNeeded?: true;
}

const NOTHING = 'nothing to do';
const REPORT = 'do not use this stage for work: report it';

export const ASSUMPTIONS: readonly AssumptionWords[] = [
  {
    name: 'event',
    part: 'hand-over',
    text: 'a statement that ends sends a completion event',
    ifHolds: 'the next step starts by the event',
    ifDiffers: 'some steps wait for the sweep, up to two minutes each',
  },
  {
    name: 'batch-event',
    part: 'hand-over',
    text: 'a transaction that ends sends one too',
    ifHolds: 'durable steps hand over by the event',
    ifDiffers: 'its state is not the one of the statement: the history asks DescribeStatement',
  },
  {
    name: 'failure-event',
    part: 'hand-over',
    text: 'a statement that fails sends one too',
    ifHolds: 'a failure is known at once',
    ifDiffers: 'a failure is known when the sweep asks, within two minutes',
  },
  {
    name: 'event-principal',
    part: 'hand-over',
    text: "the event names the functions' role",
    ifHolds: 'the event is trusted without a call',
    ifDiffers: 'each step costs one DescribeStatement more',
  },
  {
    name: 'event-delay',
    part: 'hand-over',
    text: 'run-step receives it within 2 s',
    ifHolds: 'that is what a step takes longer than its statement',
    ifDiffers: 'each step takes longer than its statement by this',
  },
  {
    name: 'event-time',
    part: 'hand-over',
    text: "the event's time is the end of the statement, within 2 s",
    ifHolds: 'the history has the end of each step',
    ifDiffers: 'times of steps in the history are off by this',
  },
  {
    name: 'describe-at-event',
    part: 'hand-over',
    text: 'DescribeStatement is final when the event arrives',
    ifHolds: 'row counts and errors are read at once',
    ifDiffers: 'a failed step is asked again by the sweep; row counts of transactions may be missing',
  },
  {
    name: 'busy-after-end',
    part: 'hand-over',
    text: 'a session accepts a statement as soon as the one before has ended',
    ifHolds: NOTHING,
    ifDiffers: 'each step is sent again until then: 0.2 s later, then with doubled pauses',
  },
  {
    name: 'name-look-up',
    part: 'hand-over',
    text: 'ListStatements finds a statement by its name as soon as it is accepted',
    ifHolds: 'a lost reply is settled by one look-up',
    ifDiffers: 'a lost reply is settled by sending the same token again, which runs nothing twice',
  },
  {
    name: 'row-counts',
    part: 'hand-over',
    text: 'DescribeStatement counts the rows of each statement of a transaction',
    ifHolds: 'a rebuilt session is compared by row counts; a check that passes costs no read of its result',
    ifDiffers:
      'a rebuild after a commit needs a decision, since counts cannot be compared; each check costs one GetStatementResult',
  },
  {
    name: 'busy-words',
    part: 'busy',
    text: 'a busy session refuses with "Session is not available"',
    ifHolds: 'the step waits and is sent again',
    ifDiffers: 'the refusal is taken for an error of the SQL, and the run fails: report it',
    isNeeded: true,
  },
  {
    name: 'busy-state',
    part: 'busy',
    text: 'ListSessions says BUSY while a statement runs',
    ifHolds: 'a busy session is told from a lost one',
    ifDiffers:
      'a session could be replaced while its statement runs; the marker still prevents that a step takes effect twice',
    isNeeded: true,
  },
  {
    name: 'refused-token',
    part: 'busy',
    text: 'a refused submission keeps its token',
    ifHolds: 'the same submission is sent again',
    ifDiffers:
      'a step that met a busy session waits a minute and is then claimed with a new token; an opaque step without verify: or idempotent: needs a decision',
  },
  {
    name: 'repeated-token',
    part: 'busy',
    text: 'a token that was accepted returns its statement again and runs nothing',
    ifHolds: 'a submission whose reply was lost is sent again safely',
    ifDiffers: `a lost reply may run a statement twice: ${REPORT}`,
    isNeeded: true,
  },
  {
    name: 'open-transaction',
    part: 'busy',
    text: 'svv_transactions shows an open transaction to other sessions',
    ifHolds: 'an unknown outcome settles itself',
    ifDiffers:
      'an absent marker proves nothing after a lost session: grant the user SELECT on svv_transactions and access to syslog, or report it',
    isNeeded: true,
  },
  {
    name: 'error-words',
    part: 'failures',
    text: 'the texts of errors are recognized',
    ifHolds: 'each failure has its class',
    ifDiffers:
      'such a failure has another class: its outcome is looked up by the marker, or it is not repeated; report the text',
  },
  {
    name: 'error-ids',
    part: 'failures',
    text: 'error texts end without an id',
    ifHolds: NOTHING,
    ifDiffers: 'nothing to do: the id is kept out of messages',
  },
  {
    name: 'session-after-error',
    part: 'failures',
    text: 'a session stays open after a statement in it failed',
    ifHolds: 'a resume continues in the session',
    ifDiffers: 'each resume rebuilds the session, with its temporary tables',
  },
  {
    name: 'session-after-cancel',
    part: 'failures',
    text: 'a session stays open after a statement in it was cancelled',
    ifHolds: 'a resume after a cancellation or a timeout continues in the session',
    ifDiffers: 'each such resume rebuilds the session, with its temporary tables',
  },
  {
    name: 'failed-transaction',
    part: 'failures',
    text: 'a transaction with a statement that failed leaves nothing',
    ifHolds: 'a failed durable step can be repeated',
    ifDiffers: `a failed step may have taken effect in part: ${REPORT}`,
    isNeeded: true,
  },
  {
    name: 'true-reports',
    part: 'failures',
    text: 'what is reported as FAILED or ABORTED did not take effect',
    ifHolds: 'Baton does not rely on it: the marker decides',
    ifDiffers:
      'durable steps: the marker decides. Opaque steps need verify:, and look at their tables before you resume',
  },
  {
    name: 'unknown-session',
    part: 'sessions',
    text: 'a session that never existed is refused with words of its own',
    ifHolds: NOTHING,
    ifDiffers: 'it is taken for a lost session, or the run fails',
  },
  {
    name: 'unknown-statement',
    part: 'sessions',
    text: 'a statement that never existed is not found',
    ifHolds: NOTHING,
    ifDiffers: 'a run whose statement is forgotten after 24 h is not driven any further: report it',
    isNeeded: true,
  },
  {
    name: 'closing',
    part: 'sessions',
    text: 'a keep-alive of 1 s closes a session within 12 s',
    ifHolds: 'ended runs leave no session open',
    ifDiffers: 'ended runs leave sessions open for a while, of 500 that there may be',
  },
  {
    name: 'closed-words',
    part: 'sessions',
    text: 'a closed session is refused like a busy one',
    ifHolds: 'ListSessions tells them apart',
    ifDiffers: 'a lost session is known sooner, or its refusal is taken for an error: compare the words',
  },
  {
    name: 'keep-alive-zero',
    part: 'sessions',
    text: 'a keep-alive of 0 closes a session',
    ifHolds: 'nothing: Baton never sends 0',
    ifDiffers: 'nothing: Baton never sends 0',
  },
  {
    name: 'session-id',
    part: 'sessions',
    text: 'a submission without keep-alive names no session',
    ifHolds: 'nothing: Baton does not read it',
    ifDiffers: 'nothing: Baton does not read it',
  },
  {
    name: 'idle-session',
    part: 'sessions',
    text: 'an idle session stays open for its keep-alive',
    ifHolds:
      'nothing to do; set session: keepAlive no longer than the idle limit of the database (1 h on Serverless, 4 h on a cluster)',
    ifDiffers: 'sessions are lost between steps and rebuilt: raise SESSION TIMEOUT of the database user',
  },
];

/** What would take hours: nothing is tried, and nothing is reported as found. */
export const TAKES_HOURS: readonly { readonly text: string; readonly consequence: string }[] = [
  {
    text: 'a token is remembered for 8 hours, a statement for 24; a session ends after 24 hours',
    consequence: 'documented by AWS; Baton replaces tokens after 30 minutes',
  },
  {
    text: 'the idle limit of the database (1 h on Serverless, 4 h on a cluster) ends a session before its keep-alive',
    consequence: 'documented by AWS for the database; not how it meets the keep-alive',
  },
];
