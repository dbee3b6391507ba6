/** Every minute: drive every run that is due, start what waits for a free slot. */
import { sweep } from '../shared/engine/sweep.ts';
import { handler as wrap } from '../shared/middleware/handler.ts';

export const handler = wrap(async (_event, { engine }) => ({
  driven: await sweep(engine),
}));
