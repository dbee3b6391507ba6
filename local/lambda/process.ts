/** The Lambda child process: hosts the functions, invoked over HTTP on a port of its own choice. */
import { join } from 'node:path';
import process from 'node:process';

import { listenLocally } from '../http.ts';
import { followParent, tellParent } from '../process-protocol.ts';
import { createLambdaServer } from './api.ts';
import { FunctionHost } from './host.ts';

const home = process.env['BATON_HOME'];
if (home === undefined) {
  process.stderr.write('lambda: BATON_HOME is not set; this program is started by `baton up`\n');
  process.exit(2);
}
// Ctrl-C reaches the whole process group; the supervisor decides when its children end.
process.on('SIGINT', () => undefined);

const clock = followParent(() => process.exit(0));
const host = new FunctionHost({
  logFolder: join(home, 'logs'),
  clockOffsetMs: clock.offsetMs,
});
clock.onChange((offsetMs) => {
  host.moveClock(offsetMs);
});
tellParent({ kind: 'ready', port: await listenLocally(createLambdaServer(host)) });
