/** The Redshift child process: PostgreSQL and the Data API before it. */
import { join } from 'node:path';
import process from 'node:process';

import { messageOf } from '../../shared/errors.ts';
import { listenLocally } from '../http.ts';
import { followParent, tellParent } from '../process-protocol.ts';
import { startPostgres } from './postgres/start-postgres.ts';
import { switchesFrom } from './protocol/switches.ts';
import { openRedshift } from './server.ts';

const home = process.env['BATON_HOME'];
if (home === undefined || home === '') {
  process.stderr.write('redshift: BATON_HOME is not set; this program is started by `baton up`\n');
  process.exit(2);
}
// Ctrl-C reaches the whole process group; the supervisor decides when its children end.
process.on('SIGINT', () => undefined);

let stop = async (): Promise<void> => {};
let stopping = false;
const stopAndExit = (): void => {
  if (stopping) return;
  stopping = true;
  void stop().finally(() => {
    process.exit(0);
  });
};
const clock = followParent(stopAndExit);
process.on('SIGTERM', stopAndExit);

try {
  const switches = switchesFrom(process.env);
  const postgres = await startPostgres({ home });
  stop = () => postgres.stop();
  void postgres.ended.then(() => {
    if (stopping) return;
    process.stderr.write('redshift: PostgreSQL ended; its log is logs/postgres.log\n');
    process.exit(1);
  });
  const redshift = await openRedshift({
    clock,
    connect: postgres.connect,
    stateFolder: join(home, 'state', 'redshift'),
    s3Root: process.env['BATON_S3_ROOT'] ?? join(home, 's3'),
    switches,
    onEvent: (event) => {
      if (!process.connected) return false;
      tellParent({ kind: 'event', event });
      return true;
    },
  });
  stop = async () => {
    await redshift.close();
    await postgres.stop();
  };
  tellParent({ kind: 'ready', port: await listenLocally(redshift.server) });
  redshift.settleLeftovers();
} catch (error) {
  process.stderr.write(`redshift: ${messageOf(error)}\n`);
  await stop().catch(() => undefined);
  process.exit(1);
}
