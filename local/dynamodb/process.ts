/** The DynamoDB child process: LevelDB under `BATON_HOME/state/dynamodb`, HTTP on a port of its own choice. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { listenLocally } from '../http.ts';
import { followParent, tellParent } from '../process-protocol.ts';
import { openDynamoDb } from './server.ts';

const home = process.env['BATON_HOME'];
if (home === undefined) {
  process.stderr.write('dynamodb: BATON_HOME is not set; this program is started by `baton up`\n');
  process.exit(2);
}
// Ctrl-C reaches the whole process group; the supervisor decides when its children end.
process.on('SIGINT', () => undefined);

const folder = join(home, 'state', 'dynamodb');
mkdirSync(folder, { recursive: true });
const database = await openDynamoDb(folder);
followParent(() => {
  void database.close().then(() => process.exit(0));
});
tellParent({ kind: 'ready', port: await listenLocally(database.server) });
