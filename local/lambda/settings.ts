/** The settings of the functions, sent by the supervisor to the Lambda process. */

export interface FunctionSettings {
  readonly name: string;
  readonly arn: string;
  /** Folder of the bundle: it holds the handler's module. */
  readonly folder: string;
  /** `index.handler`: module without its extension, and export. */
  readonly handler: string;
  /** The whole environment of the function. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** Invocations at one time; more are throttled, as in AWS. Absent: no limit of its own, more wait for a free place. */
  readonly reservedConcurrency?: number;
}

/** Body of `POST /_local/functions`. */
export interface HostSettings {
  readonly functions: readonly FunctionSettings[];
}
