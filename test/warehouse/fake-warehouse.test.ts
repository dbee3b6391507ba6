import { FakeWarehouse } from '../fakes/fake-warehouse.ts';
import { warehouseSuite } from '../contract/warehouse.suite.ts';

warehouseSuite(
  'the fake',
  async () => {
    let now = Date.parse('2026-11-24T08:00:00Z');
    const warehouse = new FakeWarehouse(() => now);
    return {
      warehouse,
      held: 'SELECT COUNT(*) FROM gate',
      hold: async () => undefined,
      end: async (statementId, { status = 'FINISHED', ...detail } = {}) => {
        warehouse.end(statementId, status, detail);
      },
      answers: (match, columns, rows) => {
        warehouse.results.unshift({ match, columns, rows });
      },
      loseReply: () => {
        warehouse.after = () => {
          warehouse.after = () => undefined;
          throw Object.assign(new Error('the reply was lost'), { name: 'TimeoutError' });
        };
      },
      advance: (ms) => {
        now += ms;
      },
      close: async () => undefined,
    };
  },
  { clock: true },
);
