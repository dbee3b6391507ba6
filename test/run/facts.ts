/** All facts of the core. */
import { batchFacts } from './batch.facts.ts';
import { cancelFacts } from './cancel.facts.ts';
import { claimFacts } from './claim.facts.ts';
import { doubtFacts } from './doubt.facts.ts';
import type { Fact } from './fact.ts';
import { groupFacts } from './group.facts.ts';
import { handoffFacts } from './handoff.facts.ts';
import { inputFacts } from './input.facts.ts';
import { markerFacts } from './marker.facts.ts';
import { messageFacts } from './messages.facts.ts';
import { newsFacts } from './news.facts.ts';
import { rareFacts } from './rare.facts.ts';
import { rebuildFacts } from './rebuild.facts.ts';
import { resolveFacts } from './resolve.facts.ts';
import { resumeFacts } from './resume.facts.ts';
import { stepEndFacts } from './step-end.facts.ts';
import { stopFacts } from './stop.facts.ts';
import { submissionFacts } from './submission.facts.ts';
import { textFacts } from './text.facts.ts';
import { troubleFacts } from './trouble.facts.ts';
import { untilFacts } from './until.facts.ts';
import { waitingFacts } from './waiting.facts.ts';

export const facts: readonly Fact[] = [
  ...newsFacts,
  ...claimFacts,
  ...submissionFacts,
  ...stepEndFacts,
  ...groupFacts,
  ...handoffFacts,
  ...inputFacts,
  ...doubtFacts,
  ...markerFacts,
  ...rareFacts,
  ...rebuildFacts,
  ...stopFacts,
  ...resumeFacts,
  ...resolveFacts,
  ...cancelFacts,
  ...messageFacts,
  ...textFacts,
  ...troubleFacts,
  ...waitingFacts,
  ...batchFacts,
  ...untilFacts,
];
