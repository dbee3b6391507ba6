/** Runs every minute: drives every run that is due, and gives free slots to waiting runs. */
import { sweep } from '../shared/engine/sweep.ts';
import { handler as wrap } from '../shared/middleware/handler.ts';

export const handler = wrap(async (_event, { engine }) => ({
  driven: await sweep(engine),
}));
