/** Commands of the SDK as the functions use them: the schema of an operation, and its input. */

/** `[9, namespace, name, traits, input, output]`, as the SDK's `schemas_0.js` has them. */
export type OperationSchema = readonly [9, string, string, unknown, unknown, unknown];

export interface AnyCommand {
  readonly schema: OperationSchema;
  readonly input: unknown;
  /** Middleware of its own. */
  readonly added?: readonly unknown[];
}

/** In place of `command` in a client's `commandBuilder.js`; the first two parameters are rules of endpoints, and middleware. */
export function command(_rules: unknown, _middleware: unknown, _name: string, schema: OperationSchema) {
  return class {
    readonly schema = schema;
    readonly input: unknown;

    constructor(input: unknown) {
      this.input = input ?? {};
    }
  };
}
