import { expect, test } from 'vitest';

import { explainDataError } from '../../shared/engine/load-errors.ts';
import type { Engine } from '../../shared/engine/ports.ts';
import type { Plan } from '../../shared/pipeline/plan.ts';
import type { Failed } from '../../shared/run/decision.ts';
import type { Run } from '../../shared/run/run.ts';

const FILE = 's3://bucket/a.csv';

async function textOf(
  row: readonly (string | null)[],
  start?: { text: string; isWhole: boolean },
  other = {},
): Promise<string> {
  const warehouse = {
    describe: async () => ({ queryId: '7' }),
    runSmall: async () => ({ ok: true, value: { status: 'FINISHED', statementId: 's' } }),
    result: async () => ({ columns: [], rows: [row], total: 1 }),
    ...other,
  };
  const { message } = await explainDataError(
    { session: { state: 'open', id: 'session' } } as Run,
    { session: { keepAliveSeconds: 300 } } as Plan,
    { statementId: 'failed', error: { class: 'data', message: '' } } as Failed,
    { warehouse, files: { readStart: async () => start } } as unknown as Engine,
  );
  return message;
}

test.each([
  [[FILE, '3', 'id', 'int4', 'Invalid digit'], `${FILE} line 3, column id (int4): Invalid digit`],
  [[FILE, '3', 'id', '', 'Invalid digit'], `${FILE} line 3, column id: Invalid digit`],
  [[FILE, '3', '', '', 'Delimiter not found'], `${FILE} line 3: Delimiter not found`],
  [[FILE, '3', null, null, 'Delimiter not found'], `${FILE} line 3: Delimiter not found`],
  [[FILE, '0', '', '', 'The encoding is another'], `${FILE}: The encoding is another`],
])('the text of a load error leaves out missing values: %j', async (row, expected) => {
  expect(await textOf(row)).toBe(expected);
});

const BAD = [FILE, '3', 'id', 'int4', 'Invalid digit'];
const SHOWN = `${FILE} line 3, column id (int4): Invalid digit`;

test.each([
  ['as it is in the file', 'id,name\n1,a\nx,b\n2,c\n', true, `${SHOWN}, in: x,b`],
  ['with the line ends of Windows', 'id,name\r\n1,a\r\nx,b\r\n', true, `${SHOWN}, in: x,b`],
  ['at the end of the file', '1,a\n2,b\nx,c', true, `${SHOWN}, in: x,c`],
  ['not where it may go on behind what was read', '1,a\n2,b\nx,c', false, SHOWN],
  ['not if it comes later', '1,a\n', false, SHOWN],
  ['cut after 200 bytes', `\n\n${'é'.repeat(150)}\n`, true, `${SHOWN}, in: ${'é'.repeat(100)}…`],
])('a load error has the line %s', async (_where, text, isWhole, expected) => {
  expect(await textOf(BAD, { text, isWhole })).toBe(expected);
});

test('load errors are read in another session if that of the run ended with the error', async () => {
  const refusal = { reason: 'session-unavailable', class: 'session-lost', message: 'not available' };
  const lost = { runSmall: async () => ({ ok: false, refusal }) };
  expect(await textOf(BAD, undefined, { ...lost, ask: async () => ({ ok: true, value: [BAD] }) })).toBe(
    SHOWN,
  );
  expect(await textOf(BAD, undefined, { ...lost, ask: async () => ({ ok: false, refusal }) })).toBe('');
});
