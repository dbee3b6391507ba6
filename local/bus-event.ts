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
