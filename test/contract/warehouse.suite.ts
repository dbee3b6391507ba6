/** What every Warehouse must do; run over the fake, over the adapter on the local Data API, and over a stage in AWS. */
import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Refusal } from '../../shared/run/run-event.ts';
import { markerInsert, markerQuery, openTransactionsQuery } from '../../shared/warehouse/marker.ts';
import type { Result, StatementStatus, Submission, Warehouse } from '../../shared/warehouse/warehouse.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How a statement ends where the test decides it: in the fake. */
interface End {
  readonly status?: 'FINISHED' | 'FAILED';
  readonly error?: string;
  readonly rows?: number[];
}

export interface UnderTest {
  readonly warehouse: Warehouse;
  /** A query that runs from `hold` to `end`. */
  readonly held: string;
  hold(): Promise<void>;
  /** The statement comes to its end: what it does in a database; in the fake, what `end` says. */
  end(statementId: string, end?: End): Promise<void>;
  /** What a query gives, where no database knows it. */
  answers(sql: string, columns: string[], rows: (string | null)[][]): void;
  /** The reply of the next call is lost after it took effect. */
  loseReply(): void;
  /** The warehouse's clock goes on by so much. */
  advance(ms: number): void;
  close(): Promise<void>;
}

/** `clock`: the warehouse's clock can be moved. */
export function warehouseSuite(
  name: string,
  open: () => Promise<UnderTest>,
  { clock }: { clock: boolean },
): void {
  describe(`the warehouse: ${name}`, () => {
    let given: UnderTest;
    let warehouse: Warehouse;
    const runId = `contract-${randomUUID()}`;
    let made = 0;

    beforeAll(async () => {
      given = await open();
      ({ warehouse } = given);
    });
    afterAll(async () => {
      await given.close();
    });

    const inTime = clock ? it : it.skip;

    async function session(): Promise<{ sessionId: string; pid: number }> {
      const { sessionId, pid } = value(await warehouse.open({ set: {}, name: `${runId}:open` }));
      expect(pid).toBeGreaterThan(0);
      await idle(sessionId);
      return { sessionId, pid: pid ?? 0 };
    }

    /** A session says BUSY for a moment after its statement ended. */
    async function idle(sessionId: string): Promise<void> {
      await expect.poll(() => warehouse.session(sessionId), { timeout: 20_000 }).toBe('AVAILABLE');
    }

    function submissionTo(sessionId: string, more: Partial<Submission> = {}): Submission {
      made += 1;
      return {
        sessionId,
        name: `${runId}:${made};`,
        token: randomUUID(),
        sqls: ['SELECT 1'],
        transaction: false,
        keepAliveSeconds: 600,
        ...more,
      };
    }

    /** A transaction that leaves a marker, as every durable step does. */
    function durableTo(
      sessionId: string,
      sqls: readonly string[] = ['SELECT 1'],
    ): Submission & { step: string } {
      const step = `${made}.sql`;
      const marker = { runId, birth: 'contract', step, generation: 1, attempt: 1, statementHash: 'h' };
      return {
        ...submissionTo(sessionId, { sqls: [...sqls, markerInsert(marker)], transaction: true }),
        step,
      };
    }

    async function applied(step: string): Promise<string | null | undefined> {
      return value(await warehouse.ask(markerQuery({ runId, birth: 'contract', step })))[0]?.[0];
    }

    async function openTransactions(pid: number): Promise<number> {
      return Number(value(await warehouse.ask(openTransactionsQuery(pid)))[0]?.[0]);
    }

    async function submitted(submission: Submission): Promise<string> {
      return value(await warehouse.submit(submission)).statementId;
    }

    /** Submits it and sees its end. */
    async function ended(submission: Submission, end?: End): Promise<StatementStatus> {
      const statementId = await submitted(submission);
      await given.end(statementId, end);
      await idle(submission.sessionId);
      return described(statementId);
    }

    async function described(statementId: string): Promise<StatementStatus> {
      const seen = await warehouse.describe(statementId);
      if (seen === 'NOT_FOUND') throw new Error(`statement ${statementId} is not known`);
      return seen;
    }

    async function refused(call: Promise<Result<unknown>>): Promise<Refusal> {
      const result = await call;
      if (result.ok) throw new Error('the call was not refused');
      return result.refusal;
    }

    describe('a session', () => {
      it('is a new one each time it is opened, even with the same name', async () => {
        const first = await session();
        const second = await session();
        expect(second.sessionId).not.toBe(first.sessionId);
        expect(second.pid).not.toBe(first.pid);
      });

      it('runs one statement at a time, and does not queue others', async () => {
        const { sessionId } = await session();
        await given.hold();
        const running = await submitted(submissionTo(sessionId, { sqls: [given.held] }));
        expect(await warehouse.session(sessionId)).toBe('BUSY');
        const early = durableTo(sessionId);
        expect(await refused(warehouse.submit(early))).toMatchObject({
          reason: 'session-unavailable',
          class: 'session-lost',
        });
        expect((await refused(warehouse.runSmall(sessionId, 'SELECT 1', 60))).reason).toBe(
          'session-unavailable',
        );
        await given.end(running);
        await idle(sessionId);
        expect(await warehouse.findByName(early.name)).toBeUndefined();
        expect(await applied(early.step)).toBe('0');
      });

      it('that never existed is refused with an error of its own, and its state is unknown', async () => {
        const never = randomUUID();
        expect((await refused(warehouse.submit(submissionTo(never)))).reason).toBe('session-unknown');
        expect((await refused(warehouse.runSmall(never, 'SELECT 1', 60))).reason).toBe('session-unknown');
        expect(await warehouse.session(never)).toBe('UNKNOWN');
      });

      it('accepts a statement after one that failed', async () => {
        const { sessionId } = await session();
        await ended(submissionTo(sessionId, { sqls: ['SELECT 1 / 0'] }), {
          status: 'FAILED',
          error: 'ERROR: division by zero',
        });
        expect(await ended(submissionTo(sessionId))).toMatchObject({ status: 'FINISHED' });
      });

      it('accepts a rollback with no transaction open', async () => {
        const { sessionId } = await session();
        expect(value(await warehouse.runSmall(sessionId, 'ROLLBACK', 60))).toMatchObject({
          status: 'FINISHED',
        });
        await idle(sessionId);
      });

      inTime('ends 300 s after its opener', async () => {
        const { sessionId } = await session();
        given.advance(298 * SECOND);
        expect(await warehouse.session(sessionId)).toBe('AVAILABLE');
        given.advance(3 * SECOND);
        expect(await warehouse.session(sessionId)).toBe('CLOSED');
      });

      inTime(
        'ends when nothing ran in it for the keep-alive of its last statement, counted from its end',
        async () => {
          const { sessionId } = await session();
          await given.hold();
          const running = await submitted(
            submissionTo(sessionId, { sqls: [given.held], keepAliveSeconds: 600 }),
          );
          given.advance(50 * MINUTE);
          expect(await warehouse.session(sessionId)).toBe('BUSY');
          await given.end(running);
          await idle(sessionId);
          given.advance(598 * SECOND);
          expect(await warehouse.session(sessionId)).toBe('AVAILABLE');
          value(await warehouse.runSmall(sessionId, 'SELECT 1', 60));
          await idle(sessionId);
          given.advance(58 * SECOND);
          expect(await warehouse.session(sessionId)).toBe('AVAILABLE');
          given.advance(3 * SECOND);
          expect(await warehouse.session(sessionId)).toBe('CLOSED');
        },
      );

      inTime('that is closed is refused in the words of a busy one', async () => {
        const busy = await session();
        await given.hold();
        const running = await submitted(submissionTo(busy.sessionId, { sqls: [given.held] }));
        const whileBusy = await refused(warehouse.submit(submissionTo(busy.sessionId)));
        const small = await refused(warehouse.runSmall(busy.sessionId, 'SELECT 1', 60));
        await given.end(running);
        await idle(busy.sessionId);
        value(await warehouse.runSmall(busy.sessionId, 'SELECT 1', 1));
        given.advance(2 * SECOND);
        expect(await warehouse.session(busy.sessionId)).toBe('CLOSED');
        expect(await refused(warehouse.submit(submissionTo(busy.sessionId)))).toEqual(whileBusy);
        expect(await refused(warehouse.runSmall(busy.sessionId, 'SELECT 1', 60))).toEqual(small);
      });

      inTime('ends after 24 hours with what runs in it, and is then not known any more', async () => {
        const { sessionId } = await session();
        for (let i = 0; i < 25; i += 1) {
          value(await warehouse.runSmall(sessionId, 'SELECT 1', 3600));
          await idle(sessionId);
          given.advance(55 * MINUTE);
        }
        await given.hold();
        const durable = durableTo(sessionId, [given.held]);
        const statementId = await submitted(durable);
        given.advance(15 * MINUTE);
        expect(await warehouse.session(sessionId)).toBe('BUSY');
        given.advance(HOUR);
        await expect.poll(async () => (await described(statementId)).status).toBe('FAILED');
        expect(await warehouse.session(sessionId)).toBe('UNKNOWN');
        expect((await described(statementId)).error).toMatch(/connection/i);
        expect(await applied(durable.step)).toBe('0');
      });
    });

    describe('a token', () => {
      it('never runs its statement a second time, neither while it runs nor after its end', async () => {
        const { sessionId } = await session();
        await given.hold();
        const submission = durableTo(sessionId, [given.held]);
        const first = value(await warehouse.submit(submission));
        expect(first.sessionId).toBe(sessionId);
        expect(value(await warehouse.submit(submission))).toEqual(first);
        await given.end(first.statementId);
        await idle(sessionId);
        expect(value(await warehouse.submit(submission))).toEqual(first);
        expect(await warehouse.session(sessionId)).toBe('AVAILABLE');
        expect(await applied(submission.step)).toBe('1');
      });

      it('sent again after a failure returns the failed statement', async () => {
        const { sessionId } = await session();
        const submission = submissionTo(sessionId, { sqls: ['SELECT 1 / 0'] });
        const { statementId } = await ended(submission, {
          status: 'FAILED',
          error: 'ERROR: division by zero',
        });
        expect(await submitted(submission)).toBe(statementId);
        expect(await described(statementId)).toMatchObject({ status: 'FAILED' });
      });

      it('whose reply was lost has taken effect, and its statement is found by name and by sending it again', async () => {
        const { sessionId } = await session();
        const submission = durableTo(sessionId);
        given.loseReply();
        expect(await refused(warehouse.submit(submission))).toMatchObject({
          reason: 'outcome-unknown',
          class: 'unknown',
        });
        const statementId = await warehouse.findByName(submission.name);
        expect(statementId).toBeDefined();
        expect(await submitted(submission)).toBe(statementId);
        await given.end(statementId ?? '');
        await idle(sessionId);
        expect(await applied(submission.step)).toBe('1');
      });

      inTime('is remembered when its session is closed, for 8 hours, and no longer', async () => {
        const first = await session();
        const submission = durableTo(first.sessionId);
        const { statementId } = await ended(submission);
        given.advance(8 * HOUR - MINUTE);
        expect(await warehouse.session(first.sessionId)).toBe('CLOSED');
        expect(await submitted(submission)).toBe(statementId);
        const second = await session();
        const elsewhere = { ...submission, sessionId: second.sessionId };
        expect(await submitted(elsewhere)).toBe(statementId);
        expect(await applied(submission.step)).toBe('1');
        given.advance(2 * MINUTE);
        const again = await ended(elsewhere);
        expect(again.statementId).not.toBe(statementId);
        expect(await applied(submission.step)).toBe('2');
      });
    });

    describe('a statement', () => {
      it('has no row counts before its end, and then one for each statement in order', async () => {
        const { sessionId } = await session();
        value(await warehouse.runSmall(sessionId, 'CREATE TEMP TABLE contract_rows (n INT)', 600));
        await idle(sessionId);
        await given.hold();
        const statementId = await submitted(
          submissionTo(sessionId, {
            sqls: [
              given.held,
              'INSERT INTO contract_rows VALUES (1), (2), (3)',
              'UPDATE contract_rows SET n = n + 10 WHERE n > 1',
              'DELETE FROM contract_rows WHERE n = 1',
            ],
            transaction: true,
          }),
        );
        const running = await described(statementId);
        expect(running).toMatchObject({ statementId, status: 'RUNNING' });
        expect(running.rows).toEqual([undefined, undefined, undefined, undefined]);
        expect(running.error).toBeUndefined();
        await given.end(statementId, { rows: [1, 3, 2, 1] });
        const seen = await described(statementId);
        expect(seen).toMatchObject({ statementId, status: 'FINISHED', rows: [1, 3, 2, 1] });
        expect(seen.updatedAt).toBeInstanceOf(Date);
        await idle(sessionId);
        expect(
          await ended(submissionTo(sessionId, { sqls: ['INSERT INTO contract_rows VALUES (4), (5)'] }), {
            rows: [2],
          }),
        ).toMatchObject({ rows: [2] });
      });

      it('that is waited for is described when it ends, or as running when the wait is over', async () => {
        const { sessionId } = await session();
        await given.hold();
        const statementId = await submitted(submissionTo(sessionId, { sqls: [given.held] }));
        expect(await warehouse.describe(statementId, 1)).toMatchObject({ statementId, status: 'RUNNING' });
        const waiting = warehouse.describe(statementId, 20);
        await given.end(statementId, { rows: [1] });
        expect(await waiting).toMatchObject({ statementId, status: 'FINISHED', rows: [1] });
        expect(await warehouse.describe(statementId, 20)).toEqual(await described(statementId));
        expect(await warehouse.describe(randomUUID(), 1)).toBe('NOT_FOUND');
      });

      it('has the process id of its session', async () => {
        const { sessionId, pid } = await session();
        expect((await ended(submissionTo(sessionId))).pid).toBe(pid);
      });

      it('that fails in a transaction has the error of the failed part, and no part of it is applied', async () => {
        const { sessionId } = await session();
        const durable = durableTo(sessionId);
        const failing = { ...durable, sqls: [...durable.sqls, 'SELECT 1 / 0', 'SELECT 2'] };
        const seen = await ended(failing, { status: 'FAILED', error: 'ERROR: division by zero' });
        expect(seen.status).toBe('FAILED');
        expect(seen.error).toMatch(/zero/i);
        expect(await applied(durable.step)).toBe('0');
      });

      it('that is cancelled is ABORTED, has no effect and leaves its session usable', async () => {
        const { sessionId } = await session();
        await given.hold();
        const durable = durableTo(sessionId, [given.held]);
        const statementId = await submitted(durable);
        await expect
          .poll(
            async () => {
              await warehouse.cancel(statementId);
              return (await described(statementId)).status;
            },
            { timeout: 20_000, interval: 100 },
          )
          .toBe('ABORTED');
        await idle(sessionId);
        expect(await applied(durable.step)).toBe('0');
        // What it waited for is let go.
        await ended(submissionTo(sessionId));
      });

      it('that has ended, or never existed, is not changed by a cancellation', async () => {
        const { sessionId } = await session();
        const { statementId } = await ended(submissionTo(sessionId));
        await warehouse.cancel(statementId);
        expect(await described(statementId)).toMatchObject({ status: 'FINISHED' });
        await warehouse.cancel(randomUUID());
      });

      it('that never existed is NOT_FOUND', async () => {
        expect(await warehouse.describe(randomUUID())).toBe('NOT_FOUND');
        expect(await warehouse.result(randomUUID(), 10)).toBe('NOT_FOUND');
      });

      it('has an open transaction in its process until its end', async () => {
        const { sessionId, pid } = await session();
        expect(await openTransactions(pid)).toBe(0);
        await given.hold();
        const durable = durableTo(sessionId, [given.held]);
        const statementId = await submitted(durable);
        await expect.poll(() => openTransactions(pid), { timeout: 20_000 }).toBeGreaterThan(0);
        expect(await applied(durable.step)).toBe('0');
        await given.end(statementId);
        expect(await applied(durable.step)).toBe('1');
        expect(await openTransactions(pid)).toBe(0);
      });

      inTime('is known for 24 hours, with its name and its result', async () => {
        const { sessionId } = await session();
        const submission = submissionTo(sessionId);
        given.answers('SELECT 1', ['one'], [['1']]);
        const { statementId } = await ended(submission);
        given.advance(24 * HOUR - MINUTE);
        expect(await described(statementId)).toMatchObject({ status: 'FINISHED' });
        expect(await warehouse.findByName(submission.name)).toBe(statementId);
        expect(await warehouse.result(statementId, 10)).toMatchObject({ rows: [['1']] });
        given.advance(2 * MINUTE);
        expect(await warehouse.describe(statementId)).toBe('NOT_FOUND');
        expect(await warehouse.findByName(submission.name)).toBeUndefined();
        expect(await warehouse.result(statementId, 10)).toBe('NOT_FOUND');
        await warehouse.cancel(statementId);
      });
    });

    describe('a name', () => {
      it('finds its statement in every state, and none whose name only begins with it', async () => {
        const { sessionId } = await session();
        const short = submissionTo(sessionId);
        const long = submissionTo(sessionId, { name: `${short.name}1;` });
        await ended(long);
        expect(await warehouse.findByName(short.name)).toBeUndefined();
        await given.hold();
        const running = await submitted({ ...short, sqls: [given.held] });
        expect(await warehouse.findByName(short.name)).toBe(running);
        await given.end(running);
        await idle(sessionId);
        expect(await warehouse.findByName(short.name)).toBe(running);
        const failing = submissionTo(sessionId, { sqls: ['SELECT 1 / 0'] });
        const { statementId } = await ended(failing, { status: 'FAILED', error: 'ERROR: division by zero' });
        expect(await warehouse.findByName(failing.name)).toBe(statementId);
      });

      // In AWS a hundred statements take minutes.
      inTime('is looked for on every page: a hundred younger names begin with it', async () => {
        const { sessionId } = await session();
        const looked = submissionTo(sessionId);
        const { statementId } = await ended(looked);
        for (let i = 0; i < 101; i += 1) {
          const younger = await submitted(submissionTo(sessionId, { name: `${looked.name}${i}` }));
          await given.end(younger);
        }
        expect(await warehouse.findByName(looked.name)).toBe(statementId);
      });
    });

    describe('a result', () => {
      it('is returned as text and nulls, up to the limit, with the total count', async () => {
        const { sessionId } = await session();
        const sql = `SELECT 1 AS a, CAST(NULL AS VARCHAR) AS b UNION ALL SELECT 2, 'x' UNION ALL SELECT 3, 'true' ORDER BY 1`;
        const rows = [
          ['1', null],
          ['2', 'x'],
          ['3', 'true'],
        ];
        given.answers(sql, ['a', 'b'], rows);
        const { statementId } = await ended(submissionTo(sessionId, { sqls: [sql] }));
        expect(await warehouse.result(statementId, 2)).toEqual({
          columns: ['a', 'b'],
          types: [expect.stringMatching(/^[a-z]/), expect.stringMatching(/^[a-z]/)],
          rows: rows.slice(0, 2),
          total: 3,
        });
        expect(await warehouse.result(statementId, 10)).toMatchObject({ rows, total: 3 });
      });

      it('of several pages is read to the limit', async () => {
        const { sessionId } = await session();
        const numbers = Array.from({ length: 40 }, (_, i) => String(i + 10));
        const sql = `SELECT n, REPEAT('x', 60000) AS t FROM (${numbers.map((n) => `SELECT ${n} AS n`).join(' UNION ALL ')}) AS numbers ORDER BY n`;
        given.answers(
          sql,
          ['n', 't'],
          numbers.map((n) => [n, 'x'.repeat(60_000)]),
        );
        const { statementId } = await ended(submissionTo(sessionId, { sqls: [sql] }));
        for (const limit of [30, 40]) {
          const result = await warehouse.result(statementId, limit);
          if (result === 'NOT_FOUND') throw new Error('the result is not known');
          expect(result.total).toBe(40);
          expect(result.rows.map(([n]) => n)).toEqual(numbers.slice(0, limit));
        }
        // As JSON each row has a few more than 60,000 bytes.
        const short = await warehouse.result(statementId, 40, 130_000);
        if (short === 'NOT_FOUND') throw new Error('the result is not known');
        expect([short.total, ...short.rows.map(([n]) => n)]).toEqual([40, '10', '11']);
      });

      it('of a statement without a result is not an empty result', async () => {
        const { sessionId } = await session();
        const { statementId } = await ended(submissionTo(sessionId, { sqls: ['SELECT 1 / 0'] }), {
          status: 'FAILED',
          error: 'ERROR: division by zero',
        });
        await expect(warehouse.result(statementId, 10)).rejects.toThrow('does not have result');
      });
    });
  });
}

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.refusal.reason}: ${result.refusal.message}`);
  return result.value;
}
