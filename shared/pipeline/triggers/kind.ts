/** What one kind of trigger is to the compiler, and to the commands that show and check plans. */
import type { Key } from '../shape.ts';

/** About a key of pipeline.yml; in a kind of trigger: below the trigger's own key. */
export interface SettingProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly severity?: 'warning';
}

/** Placeholders that only runs of this kind have a value for. */
interface Supplied<T> {
  readonly names: readonly string[];
  /** Why one has no value in a run that the other trigger starts; absent: it is NULL there, which SQL can ask for. */
  missingWith?(name: string, starter: string): string;
  /** Why it has none where no trigger is of this kind. */
  readonly missing?: string;
  /** Why one has no value in a run that this trigger of the kind starts. */
  missingIn?(name: string, trigger: T): string | undefined;
}

/** Something that a rule of a stage delivers, and that can start runs. */
export interface Delivered<T> {
  readonly text: string;
  /** @param landing the bucket of triggers that name none; undefined: unknown, so that any bucket will do */
  covers(trigger: T, landing: string | undefined): boolean;
}

/** `T`: a trigger of the plan. Its setting has passed the shape of `key`. */
export interface TriggerKind<T> {
  /** Its key in `on:`. */
  readonly key: Key;
  triggerOf(setting: unknown): T;
  problems(trigger: T, setting: unknown, pipeline: string): readonly SettingProblem[];
  /** Who starts the run: `a schedule`. Absent: a file, which the run then has; the others have none. */
  starter?(trigger: T): string;
  readonly supplies?: Supplied<T>;
  /** The other pipeline whose success starts this one. */
  upstream?(trigger: T): string;
  /** The trigger in words where a file of an UNLOAD to this place would start a run. */
  startedByFilesOf?(trigger: T, bucket: string, path: string): string | undefined;
  /** For `plan`. @param now ms since the epoch */
  words(trigger: T, now: number): string;
  /** What a rule with this event pattern delivers. Absent: no rule brings it. */
  deliveredBy?(pattern: unknown): readonly Delivered<T>[];
  /** What a rule must deliver, for `doctor`. */
  needed?(trigger: T, pipeline: string, landing: string | undefined): string;
}

/** Reading event patterns as the deployment writes them. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

export function texts(value: unknown): readonly string[] {
  return list(value).filter((each) => typeof each === 'string');
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
