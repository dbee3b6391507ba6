/** What a person or program asks of a run. Apart from `decide`, since the functions that drive runs never meet it. */
import { onCancelRequested } from './cancel-request.ts';
import type { Context, Decision } from './decision.ts';
import { tidy } from './decision.ts';
import { onResolveRequested } from './resolve.ts';
import { onResumeRequested } from './resume.ts';
import type { PersonRequest } from './run-event.ts';
import type { Run } from './run.ts';
import { bounded } from './text.ts';

export function decideRequest(run: Run, asked: PersonRequest, context: Context): Decision {
  return tidy(decideOn(run, bounded(asked), context));
}

function decideOn(run: Run, request: PersonRequest, context: Context): Decision {
  switch (request.kind) {
    case 'ResumeRequested':
      return onResumeRequested(run, context, request);
    case 'CancelRequested':
      return onCancelRequested(run, context, request);
    case 'ResolveRequested':
      return onResolveRequested(run, context, request);
    default:
      return request satisfies never;
  }
}
