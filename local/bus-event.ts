/** Events as EventBridge delivers them. */
import { LOCAL_ACCOUNT, LOCAL_REGION } from './account.ts';

/** An event as EventBridge delivers it. `time` is ISO 8601 UTC with seconds. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
  /** Only on events of a replay. */
  readonly 'replay-name'?: string;
}

/** ISO 8601 UTC with seconds, as in every event. */
export function eventTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** All members but the detail, which comes last. `at`: ms since the epoch. */
export function eventHead(
  id: string,
  source: string,
  detailType: string,
  at: number,
  resources: readonly string[],
): Omit<BusEvent, 'detail'> {
  return {
    version: '0',
    id,
    'detail-type': detailType,
    source,
    account: LOCAL_ACCOUNT,
    time: eventTime(at),
    region: LOCAL_REGION,
    resources,
  };
}
