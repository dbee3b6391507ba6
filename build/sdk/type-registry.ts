/** In place of the SDK's: the classes of a client's errors, by name. */
import type { Schema } from './json-codec.ts';

export interface RegisteredError {
  readonly schema: Schema;
  readonly Class: new (options: object) => Error;
}

export class TypeRegistry {
  readonly errors = new Map<string, RegisteredError>();

  /** `schema`: kind, namespace, name, … */
  registerError(schema: Schema, Class: RegisteredError['Class']): void {
    this.errors.set((schema as readonly string[])[2] ?? '', { schema, Class });
  }
}
