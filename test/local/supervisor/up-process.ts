/** A local AWS in a process of its own, to be killed by the test: `up-process.ts HOME PORT TEMPLATE FUNCTIONS`. */
import process from 'node:process';

import { startLocal } from '../../../local/supervisor/start-local.ts';

const [home = '', port = '0', template = '', functionsFolder = ''] = process.argv.slice(2);
try {
  const stack = await startLocal({
    home,
    port: Number(port),
    stage: 'local',
    template,
    functionsFolder,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  process.on('SIGINT', () => {
    void stack.stop();
  });
  process.stdout.write(`ready ${stack.ready.endpoint}\n`);
  await stack.stopped;
  process.exit(0);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
