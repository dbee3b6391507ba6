/** Wake-ups that may be lost, for the functions that take work in (start-run, operate). */
import type { Ports } from '../engine/ports.ts';

/**
 * A run is stored before it is woken, and the sweep drives it within two minutes. So a wake-up that EventBridge rejects
 * must not fail its message or request: that would repeat completed work, and could end as a dead letter for a file that
 * was loaded.
 */
export function withLossyWakeUps<P extends Ports>(ports: P): P {
  return {
    ...ports,
    publisher: {
      publish: async (entries) => {
        try {
          await ports.publisher.publish(entries);
        } catch (error) {
          if (entries.some(({ type }) => type !== 'Run Woken')) throw error;
          ports.log('warn', 'the run was not woken, the sweep drives it', {
            runs: entries.map(({ detail }) => detail['runId']),
            error,
          });
        }
      },
    },
  };
}
