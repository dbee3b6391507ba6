/** Everything that a run may ask of the world. The engine performs it; the answer comes back as a RunEvent. */
import type { Duty, Failure, FinishedStep } from './run.ts';
import type { LookUpReason, RunEvent, StatementEnd } from './run-event.ts';

export type Effect =
  /** Answer: SlotTaken or SlotBusy. */
  | { readonly kind: 'TakeSlot' }
  /** The effect-free opener; publishes `Run Started` beside it. Answer: SessionOpened or CallRefused. */
  | { readonly kind: 'OpenSession'; readonly tries: number }
  /** ROLLBACK in the run's session: proves it usable. Answer: SessionProved or CallRefused. */
  | { readonly kind: 'ProveSession'; readonly tries: number }
  /** Asks ListSessions. Answer: SessionSeen. */
  | { readonly kind: 'LookUpSession'; readonly why: LookUpReason }
  /** HeadObject of the run's file. Answer: InputChecked. */
  | { readonly kind: 'CheckInput'; readonly end?: StatementEnd }
  /** Submits the current step under the stored token; writes the row of `last` beside it. Answer: Submitted or CallRefused. */
  | { readonly kind: 'Submit'; readonly tries: number }
  /** Asks ListStatements for the claim's exact name. Answer: NameLookedUp. */
  | { readonly kind: 'LookUpName'; readonly why: LookUpReason }
  /** Answer: StatementSeen. */
  | { readonly kind: 'Describe'; readonly statementId: string }
  /** Reads a check's result. Answer: VerdictRead. */
  | { readonly kind: 'ReadVerdict'; readonly end: StatementEnd }
  /** Reads SYS_LOAD_ERROR_DETAIL in the same session. Answer: LoadErrorsRead. */
  | { readonly kind: 'ReadLoadErrors'; readonly end: StatementEnd }
  /** Answer: HistoryWritten, which carries `afterwards` on. */
  | { readonly kind: 'WriteHistory'; readonly row: FinishedStep; readonly afterwards: RunEvent }
  /** Asks lineage and history what must run again in a new session. Answer: RebuildPlanned. */
  | { readonly kind: 'PlanRebuild'; readonly target: number; readonly failure: Failure }
  /** Reads the current step's marker from a fresh session. Answer: MarkerProbed. */
  | { readonly kind: 'ProbeMarker'; readonly failure: Failure; readonly end?: StatementEnd }
  /** Asks the step's own `verify:` query. Answer: VerifyAsked. */
  | { readonly kind: 'AskVerify'; readonly failure: Failure }
  /** Answer: CancelSent. */
  | { readonly kind: 'CancelStatement'; readonly statementId: string }
  /** Answer: DutyDone. */
  | { readonly kind: 'PerformDuty'; readonly duty: Duty }
  /** Waits inside the invocation if there is time, then goes on with `afterwards`; else the sweep does. */
  | { readonly kind: 'Pause'; readonly ms: number; readonly afterwards: Effect | { readonly kind: 'Wake' } };
