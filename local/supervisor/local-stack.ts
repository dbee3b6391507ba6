/** The interface of the local AWS: options to start it, the report when it is ready, how to stop it. */
import { type JsonObject } from '../json-object.ts';

export interface LocalOptions {
  /** BATON_HOME: everything the local AWS keeps. Made when absent. */
  readonly home: string;
  /** Of the one endpoint at 127.0.0.1; 0 takes any free one. */
  readonly port: number;
  readonly stage: string;
  /** The compiled CloudFormation template, or the path of its JSON file. */
  readonly template: string | JsonObject;
  /** Folder of the function bundles: `<name>/index.mjs`. */
  readonly functionsFolder: string;
  /** True: a function that pauses (a busy session, a retry) goes on at once. For tests. */
  readonly quickPauses?: boolean;
  /** Lines for people: what was started again, retried, lost. */
  readonly log: (line: string) => void;
}

export interface ReadyInfo {
  /** `http://127.0.0.1:4566` */
  readonly endpoint: string;
  readonly region: string;
  /** The first table of the template. */
  readonly table: string;
  readonly buckets: readonly { readonly name: string; readonly folder: string }[];
  readonly home: string;
  readonly pid: number;
}

export interface LocalStack {
  readonly ready: ReadyInfo;
  /** Takes up new function code and the template, the last one where none is given: functions, rules, schedules, new tables. */
  reload(template?: string | JsonObject): Promise<void>;
  /** Ends everything; what is stored stays. May be called again. */
  stop(): Promise<void>;
  /** Resolves when the stack has ended, for whatever reason. */
  readonly stopped: Promise<void>;
}
