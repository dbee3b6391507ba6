/** GetStatementResult and GetStatementResultV2: one page of a stored result. */
import type { ResultStore } from '../execute/result-store.ts';
import { invalid } from '../protocol/errors.ts';
import type { ResultFormat } from '../protocol/requests.ts';
import type { Statement } from '../statements/statement.ts';
import type { Answer } from './answers.ts';
import { makeToken, readToken } from './pages.ts';

const JSON_PAGE_BYTES = 1024 * 1024;
const CSV_CHUNK_BYTES = 1024 * 1024;
const CSV_CHUNKS = 15;

/** Records as JSON text, since whole numbers must keep their digits. */
export interface ResultPage {
  readonly members: Answer;
  readonly recordsJson: string;
}

/** @param part from 1; of a single statement 1 */
export function resultPage(
  store: ResultStore,
  statement: Statement,
  part: number,
  format: ResultFormat,
  token: string | undefined,
): ResultPage {
  if (statement.resultFormat !== format) {
    const right = format === 'JSON' ? 'GetStatementResultV2' : 'GetStatementResult';
    throw invalid(`The statement's ResultFormat is ${statement.resultFormat}. Use ${right}.`);
  }
  const head = store.head(statement.id, part);
  if (head === undefined)
    throw invalid('Query does not have result. Please check query status with DescribeStatement.');
  const offset = token === undefined || token === '' ? 0 : offsetOf(token, statement.id, part);
  const pages = format === 'JSON' ? jsonPage : csvPage;
  const { recordsJson, next } = pages(store, statement.id, part, offset);
  return {
    members: {
      ColumnMetadata: head.columns,
      TotalNumRows: head.rows,
      ResultFormat: format === 'CSV' ? 'CSV' : undefined,
      NextToken:
        next === undefined ? undefined : makeToken(`${statement.id} ${String(part)} ${String(next)}`),
    },
    recordsJson,
  };
}

interface Records {
  readonly recordsJson: string;
  readonly next: number | undefined;
}

function jsonPage(store: ResultStore, id: string, part: number, offset: number): Records {
  const { lines, next } = store.read(id, part, offset, JSON_PAGE_BYTES);
  return { recordsJson: `[${lines.join(',')}]`, next };
}

function csvPage(store: ResultStore, id: string, part: number, offset: number): Records {
  const chunks: string[] = [];
  let next: number | undefined = offset;
  while (next !== undefined && chunks.length < CSV_CHUNKS) {
    const read = store.read(id, part, next, CSV_CHUNK_BYTES);
    const csv = read.lines.map((line) => `${JSON.parse(line) as string}\r\n`).join('');
    if (csv !== '') chunks.push(JSON.stringify({ CSVRecords: csv }));
    next = read.next;
  }
  return { recordsJson: `[${chunks.join(',')}]`, next };
}

function offsetOf(token: string, id: string, part: number): number {
  const [tokenId, tokenPart, offset] = readToken(token).split(' ');
  if (tokenId !== id || tokenPart !== String(part) || !/^\d+$/.test(offset ?? ''))
    throw invalid('Invalid NextToken');
  return Number(offset);
}
