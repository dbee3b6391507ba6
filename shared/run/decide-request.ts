/** Decides on requests of people and programs. Separate from `decide`, since the functions that drive runs do not need it. */
import { onCancelRequest } from './cancel-request.ts';
import type { Context, Decision } from './decision.ts';
import type { RunRequest } from './request.ts';
import { onResolveRequest } from './resolve.ts';
import { onResumeRequest } from './resume.ts';
import type { Run } from './run.ts';
import { bounded } from './text.ts';

export function decideRequest(run: Run, asked: RunRequest, context: Context): Decision {
  const request = bounded(asked);
  switch (request.verb) {
    case 'resume':
      return onResumeRequest(run, context, request);
    case 'cancel':
      return onCancelRequest(run, context, request);
    case 'resolve':
      return onResolveRequest(run, context, request);
    default:
      return request satisfies never;
  }
}
