/** The shapes that settings have, as data: the check of a file and its JSON Schema are both made from them. */

export type Shape =
  | { readonly kind: 'text'; readonly pattern?: string; readonly words?: string }
  /** A string, number or boolean; taken as the text in the file. */
  | { readonly kind: 'scalar' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'duration'; readonly minSeconds: number; readonly maxSeconds: number }
  /** At least one byte, at most 1,000TB. */
  | { readonly kind: 'size' }
  | { readonly kind: 'whole'; readonly min: number; readonly max: number }
  | { readonly kind: 'flag' }
  /** `orOne`: a single value may stand without the list. */
  | { readonly kind: 'list'; readonly of: Shape; readonly orOne?: true }
  /** An object of any keys and values, as JSON has them. */
  | { readonly kind: 'json' }
  | { readonly kind: 'map'; readonly of: Shape; readonly keyPattern: string; readonly keyWords: string }
  | { readonly kind: 'object'; readonly keys: Readonly<Record<string, Key>> }
  /** An object with exactly one of the keys. */
  | { readonly kind: 'one-of'; readonly keys: Readonly<Record<string, Key>> }
  /** An object, or a string as shorthand for `{ [key]: string }`. */
  | { readonly kind: 'short'; readonly key: string; readonly of: Shape & { kind: 'object' } };

export interface Key {
  readonly shape: Shape;
  /** For people: the editor shows it. */
  readonly description: string;
  readonly required?: true;
  readonly default?: string | number | boolean;
}

/** The name of a pipeline: of its folder. */
export const PIPELINE_NAME = '^[a-z][a-z0-9_]{0,59}$';
